"""The files by which phones know the apps of a domain of links."""

import json
from itertools import count
from typing import Any

import pytest

from linkwright.links.redirect.well_known import FIELDS
from tests import nameserver
from tests.client import HOST, Answer, Client
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.integration.every_route import same_but_request_id
from tests.shortlinks import ask

APPLE, ANDROID = (f"/.well-known/{file}" for file in FIELDS)
WANTED: dict[str, Any] = {
    "apple_app_site_association": {"applinks": {"details": [{"appIDs": ["A1.com.example.é"]}]}},
    "assetlinks": [{"relation": ["delegate_permission/common.handle_all_urls"]}],
}

_NUMBERS = count(1)


@pytest.fixture
def domain(workspace: Workspace, name: str) -> str:
    """Proven, with both files."""
    return workspace.proven(name, **WANTED)


def _is_no_route(answer: Answer, path: str) -> bool:
    return answer.status == 404 and same_but_request_id(answer, Client().get(f"{path}/nothing"))


@pytest.mark.parametrize(("path", "field"), [(APPLE, [*WANTED][0]), (ANDROID, [*WANTED][1])])
def test_200_as_the_domain_has_it(domain: str, name: str, path: str, field: str) -> None:
    answer = ask(path, domain=name)
    assert (answer.status, json.loads(answer.raw)) == (200, WANTED[field])
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert ask(path, domain=name.upper()).raw == answer.raw
    head = ask(path, "HEAD", domain=name)
    assert (head.status, head.raw) == (200, "")
    assert head.headers["Cache-Control"] == answer.headers["Cache-Control"]


def test_404_what_no_domain_has(workspace: Workspace, domain: str, name: str) -> None:
    for file in ("security.txt", "assetlinks", "apple_app_site_association", "view"):
        assert _is_no_route(ask(f"/.well-known/{file}", domain=name), "/.well-known")
    for host in (HOST, "localhost", "", "nobody.example.com"):
        assert _is_no_route(ask(APPLE, domain=host), "/.well-known")
    shown = workspace.client.get(f"/api/domains/{domain}").json
    taken = workspace.client.request(
        "PATCH",
        f"/api/domains/{domain}",
        json={"assetlinks": None},
        headers={"If-Match": str(shown["version"])},
    )
    assert taken.status == 200
    assert _is_no_route(ask(ANDROID, domain=name), "/.well-known")
    assert ask(APPLE, domain=name).status == 200


def test_404_at_a_domain_that_is_not_proven(workspace: Workspace, name: str) -> None:
    workspace.domain(name, **WANTED)
    assert _is_no_route(ask(APPLE, domain=name), "/.well-known")


def test_404_at_a_domain_that_is_not_proven_any_more(
    workspace: Workspace, name: str, domain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    nameserver.forget(f"_linkwright.{name}")
    for days, status in ((1, 200), (4, 404)):
        hand.move(days * 86_400)
        workspace.client.post(f"/api/domains/{domain}/verify")
        assert ask(APPLE, domain=name).status == status


def test_a_name_that_was_sold_says_what_its_new_owner_does(
    workspace: Workspace, name: str, domain: str
) -> None:
    nameserver.forget(f"_linkwright.{name}")
    make_workspace().proven(name, assetlinks=[{"relation": ["theirs"]}])
    assert ask(APPLE, domain=name).status == 404
    assert json.loads(ask(ANDROID, domain=name).raw) == [{"relation": ["theirs"]}]


def test_behind_a_distribution_at_the_name_that_it_says(
    domain: str, name: str, trusted: dict[str, str]
) -> None:
    said = {"X-Lw-Host": name}
    assert ask(APPLE, domain=HOST, headers=trusted | said).status == 200
    assert ask(APPLE, domain=HOST, headers=said).status == 404
    assert ask(APPLE, domain=HOST, headers={"Host": name}).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_404_by_any_other_method(domain: str, name: str, method: str) -> None:
    """As of an alias: what is there for some names alone, has no methods."""
    assert _is_no_route(ask(APPLE, method, domain=name), "/.well-known")
