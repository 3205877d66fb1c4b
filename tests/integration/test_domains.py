"""Domains of links: adding one, proving it, and what it takes for links to be on it."""

from typing import Any

import pytest

from linkwright import dns
from linkwright.links import items
from linkwright.links.domains import checking
from linkwright.links.redirect import blocked
from linkwright.table import Table, get
from tests import nameserver, shortlinks
from tests.client import HOST, Answer
from tests.clocks import Hand
from tests.factories import TARGET, Workspace, make_workspace
from tests.integration.every_route import assert_error
from tests.stack import DOMAIN_TARGET, Stack

_DAY_S = 86_400


def _prove(workspace: Workspace, domain_id: str) -> None:
    proof = _get(workspace, domain_id)["records"][0]
    nameserver.say(proof["name"], proof["type"], proof["value"])


def _get(workspace: Workspace, domain_id: str) -> dict[str, Any]:
    return dict(workspace.client.get(f"/api/domains/{domain_id}").json)


def _verify(workspace: Workspace, domain_id: str) -> Answer:
    return workspace.client.post(f"/api/domains/{domain_id}/verify")


def _checked(workspace: Workspace, domain_id: str) -> tuple[str, str | None]:
    shown = _verify(workspace, domain_id).json
    return shown["status"], shown["last_error"] and shown["last_error"]["code"]


def _change(workspace: Workspace, shown: dict[str, Any], **fields: Any) -> Answer:
    headers = {"If-Match": str(shown["version"])}
    domain = shown["id"]
    return workspace.client.request("PATCH", f"/api/domains/{domain}", json=fields, headers=headers)


def _told(workspace: Workspace, kind: str) -> list[str]:
    events = workspace.client.get(f"/v1/events?type={kind}").json["data"]
    notes = workspace.client.get("/api/notifications").json["data"]
    of_it = [note["data"]["domain_id"] for note in notes if note["type"] == kind]
    assert [event["data"]["object"]["id"] for event in events] == of_it
    return of_it


def test_201_a_domain_is_pending_and_says_what_to_set(workspace: Workspace) -> None:
    answer = workspace.client.post("/api/domains", json={"domain": "Go.Bücher.example.com."})
    shown = answer.json
    assert (answer.status, shown["status"], shown["checked_at"]) == (201, "pending", None)
    name = "go.xn--bcher-kva.example.com"
    assert (shown["domain"], shown["domain_unicode"]) == (name, "go.bücher.example.com")
    proof, address = shown["records"]
    assert (proof["type"], proof["name"]) == ("TXT", f"_linkwright.{name}")
    assert (address["type"], address["name"]) == ("CNAME", name)
    assert address["value"] == DOMAIN_TARGET
    assert _get(workspace, shown["id"]) == shown
    assert shown in workspace.client.get("/api/domains").json["data"]


@pytest.mark.parametrize(
    "name",
    [
        *("localhost", "com", "co.uk", "github.io", "192.0.2.1", "[::1]", "10.0.0.1", "0x7f.1"),
        *(
            "a..example.com",
            "-a.example.com",
            "go_x.example.com",
            "https://go.example.com",
            "a b.c",
        ),
        *("go.internal", "*.example.com", "xn--a.example.com", "straße.example.com", HOST),
        *("x.execute-api.us-east-1.amazonaws.com", ".", "é" * 70 + ".example.com"),
        ".".join(["a" * 60] * 4) + ".com",
    ],
)
def test_400_what_is_no_name_for_links(workspace: Workspace, name: str) -> None:
    answer = workspace.client.post("/api/domains", json={"domain": name})
    assert_error(answer, 400, "validation_failed", "domain")


def test_409_a_name_is_among_a_workspaces_domains_once(workspace: Workspace, name: str) -> None:
    domain = workspace.domain(name)
    again = workspace.client.post("/api/domains", json={"domain": name.upper()})
    assert (again.status, again.error["reason"]) == (409, "domain_exists")
    assert workspace.client.request("DELETE", f"/api/domains/{domain}").status == 204
    assert workspace.domain(name) != domain


def test_402_a_plan_has_so_many_domains() -> None:
    free = make_workspace("free")
    first = free.domain()
    refused = free.client.post("/api/domains", json={"domain": "second.example.com"})
    assert refused.status == 402
    assert refused.json == {
        "error": "plan_limit_exceeded",
        "dimension": "domains",
        "upgrade_to": "pro",
    }
    assert free.client.request("DELETE", f"/api/domains/{first}").status == 204
    free.domain("second.example.com")


def test_a_name_is_proven_and_then_leads_here(workspace: Workspace, name: str, hand: Hand) -> None:
    domain = workspace.domain(name)
    assert _checked(workspace, domain) == ("pending", "record_not_found")
    hand.move(11)
    nameserver.say(f"_linkwright.{name}", "TXT", "linkwright-verification=another")
    assert _checked(workspace, domain) == ("pending", "record_mismatch")
    assert get(Table.CORE, items.domain_name_key(name)) is None
    hand.move(11)
    _prove(workspace, domain)
    assert _checked(workspace, domain) == ("verified", "leads_elsewhere")
    assert _told(workspace, "domain.verified") == [domain]
    hand.move(11)
    nameserver.say(name, "CNAME", DOMAIN_TARGET)
    assert _checked(workspace, domain) == ("active", None)
    assert _told(workspace, "domain.verified") == [domain]
    shown = _get(workspace, domain)
    assert (shown["version"], shown["last_error"]) == (3, None)
    assert shown["verified_at"] < shown["checked_at"]


def test_a_name_leads_here_by_the_addresses_of_the_target(
    workspace: Workspace, name: str, hand: Hand
) -> None:
    domain = workspace.domain(name)
    _prove(workspace, domain)
    nameserver.say(name, "A", "198.51.100.7")
    nameserver.say(DOMAIN_TARGET, "A", "198.51.100.8")
    assert _checked(workspace, domain) == ("verified", "leads_elsewhere")
    hand.move(11)
    nameserver.say(DOMAIN_TARGET, "A", "198.51.100.7")
    assert _checked(workspace, domain) == ("active", None)
    nameserver.forget(DOMAIN_TARGET)


@pytest.mark.parametrize("fault", ["SERVFAIL", "SILENCE"])
def test_that_nobody_answers_changes_nothing(
    workspace: Workspace, name: str, hand: Hand, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns, "QUESTION_S", 0.2)
    dns.forget()
    domain = workspace.domain(name)
    _prove(workspace, domain)
    nameserver.say(name, "CNAME", DOMAIN_TARGET)
    assert _checked(workspace, domain) == ("active", None)
    hand.move(11)
    nameserver.say(name, fault)
    assert _checked(workspace, domain) == ("active", "dns_unavailable")
    hand.move(11)
    nameserver.say(f"_linkwright.{name}", fault)
    assert _checked(workspace, domain) == ("active", "dns_unavailable")
    dns.forget()


def test_200_a_domain_is_not_looked_at_all_the_time(
    workspace: Workspace, name: str, hand: Hand
) -> None:
    domain = workspace.domain(name)
    first = _verify(workspace, domain).json
    _prove(workspace, domain)
    hand.move(checking.PAUSE_S - 1)
    assert _verify(workspace, domain).json == first
    hand.move(1)
    assert _checked(workspace, domain)[0] == "verified"


def test_a_proof_may_be_gone_for_three_days(workspace: Workspace, name: str, hand: Hand) -> None:
    domain = workspace.domain(name)
    _prove(workspace, domain)
    assert _checked(workspace, domain)[0] == "verified"
    nameserver.forget(f"_linkwright.{name}")
    hand.move(_DAY_S)
    assert _checked(workspace, domain) == ("verified", "record_not_found")
    hand.move(3 * _DAY_S - 1)
    assert _checked(workspace, domain) == ("verified", "record_not_found")
    hand.move(11)
    assert _checked(workspace, domain) == ("failed", "record_not_found")
    assert _told(workspace, "domain.failed") == [domain]
    link = {"url": TARGET, "domain": domain}
    refused = workspace.client.post("/api/links", json=link)
    assert (refused.status, refused.error["reason"]) == (409, "domain_not_verified")
    hand.move(11)
    _prove(workspace, domain)
    assert _checked(workspace, domain)[0] == "verified"
    assert workspace.client.post("/api/links", json=link).status == 201


def test_a_proof_that_comes_back_begins_the_three_days_anew(
    workspace: Workspace, name: str, hand: Hand
) -> None:
    domain = workspace.domain(name)
    _prove(workspace, domain)
    _verify(workspace, domain)
    for _ in range(2):
        nameserver.forget(f"_linkwright.{name}")
        hand.move(2 * _DAY_S)
        assert _checked(workspace, domain) == ("verified", "record_not_found")
        _prove(workspace, domain)
        hand.move(2 * _DAY_S)
        assert _checked(workspace, domain)[0] == "verified"


def test_who_does_not_own_a_name_holds_up_nobody(
    workspace: Workspace, name: str, hand: Hand
) -> None:
    other = make_workspace()
    squatter, owner = other.domain(name), workspace.domain(name)
    _prove(workspace, owner)
    assert _checked(workspace, owner)[0] == "verified"
    assert _checked(other, squatter) == ("pending", "record_mismatch")
    # Both prove it: who did first has it.
    hand.move(11)
    _prove(other, squatter)
    assert _checked(other, squatter) == ("pending", "name_taken")
    assert _checked(workspace, owner)[0] == "verified"


def test_a_name_that_was_sold_is_its_new_owners(
    stack: Stack, workspace: Workspace, name: str, hand: Hand
) -> None:
    seller = make_workspace()
    sold = seller.proven(name)
    links = [seller.link(domain=sold, alias=alias) for alias in ("spring", "summer")]
    assert shortlinks.ask("/spring", domain=name).status == 302
    nameserver.forget(f"_linkwright.{name}")
    bought = workspace.proven(name)
    # At once, and without what the seller had there.
    assert shortlinks.ask("/spring", domain=name).status == 404
    link = workspace.link(domain=bought, alias="spring", url="https://example.com/new")
    answer = shortlinks.ask("/spring", domain=name)
    assert shortlinks.location(answer) == "https://example.com/new"
    refused = seller.client.post("/api/links", json={"url": TARGET, "domain": sold})
    assert (refused.status, refused.error["reason"]) == (409, "domain_not_verified")
    hand.move(11)
    assert _checked(seller, sold) == ("failed", "record_mismatch")
    # What the seller does with links and domain takes nothing away from the buyer.
    for one in links:
        path = f"/api/links/{one['id']}"
        headers = {"If-Match": "1"}
        changed = seller.client.request("PATCH", path, json={"title": "Old"}, headers=headers)
        assert changed.status == 200
        assert seller.client.request("DELETE", path).status == 204
    assert seller.client.request("DELETE", f"/api/domains/{sold}").status == 204
    assert shortlinks.location(shortlinks.ask("/spring", domain=name)) == link["url"]
    owner = get(Table.CORE, items.domain_name_key(name)) or {}
    assert owner["domain"] == bought


def test_409_a_domain_that_links_are_on_is_not_deleted(workspace: Workspace, name: str) -> None:
    domain = workspace.proven(name)
    link = workspace.link(domain=domain)
    refused = workspace.client.request("DELETE", f"/api/domains/{domain}")
    assert (refused.status, refused.error["reason"]) == (409, "domain_in_use")
    assert workspace.client.request("DELETE", f"/api/links/{link['id']}").status == 204
    assert workspace.client.request("DELETE", f"/api/domains/{domain}").status == 204
    assert get(Table.CORE, items.domain_name_key(name)) is None
    assert_error(workspace.client.get(f"/api/domains/{domain}"), 404, "resource_not_found")


def test_200_many_links_at_once_on_a_domain(workspace: Workspace, name: str) -> None:
    domain, pending = workspace.proven(name), workspace.domain()
    wanted = [
        {"url": TARGET, "domain": domain, "alias": "bulk"},
        {"url": TARGET, "domain": pending},
        {"url": f"https://{name}/bulk"},
    ]
    answer = workspace.client.post("/api/links/bulk", json={"links": wanted})
    assert [one["status"] for one in answer.json["results"]] == [201, 409, 400]
    assert shortlinks.ask("/bulk", domain=name).status == 302


def test_302_what_is_not_there_leads_to_where_the_domain_says(
    workspace: Workspace, name: str
) -> None:
    domain = workspace.proven(name)
    assert shortlinks.ask("/nothing", domain=name).status == 404
    shown = _get(workspace, domain)
    changed = _change(workspace, shown, not_found_url="https://example.com/gone")
    assert (changed.status, changed.json["version"]) == (200, shown["version"] + 1)
    answer = shortlinks.ask("/nothing", domain=name)
    assert (answer.status, shortlinks.location(answer)) == (302, "https://example.com/gone")
    assert shortlinks.ask("/nothing", domain="n0.shop.example.com").status == 404


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_302_the_name_alone_leads_there_too(workspace: Workspace, name: str, method: str) -> None:
    instead = "https://example.com/gone"
    domain = workspace.proven(name)
    assert shortlinks.ask("/", method, domain=name).status == 404
    _change(workspace, _get(workspace, domain), not_found_url=instead)
    answer = shortlinks.ask("/", method, domain=name)
    assert (answer.status, shortlinks.location(answer)) == (302, instead)
    # At the API's own names, and by other methods, it is what it was.
    for status, asked in (
        (404, shortlinks.ask("/", method)),
        (404, shortlinks.ask("/", "POST", domain=name)),
        (404, shortlinks.ask("/", method, domain="n0.shop.example.com")),
    ):
        assert (asked.status, asked.headers.get("Allow")) == (status, None)


def test_410_a_domain_leads_nobody_to_what_the_operator_blocked(
    workspace: Workspace, name: str
) -> None:
    harm = f"harm.{name}".replace("shop", "evil")
    workspace.proven(name, not_found_url=f"https://{harm}/x")
    assert shortlinks.ask("/nothing", domain=name).status == 302
    shortlinks.block(harm)
    blocked.forget()
    for path in ("/", "/nothing"):
        for method in ("GET", "HEAD"):
            answer = shortlinks.ask(path, method, domain=name)
            assert (answer.status, "Location" in answer.headers) == (410, False)
            assert bool(answer.raw) is (method == "GET")
    blocked.forget()


def test_two_domains_send_nobody_to_and_fro(workspace: Workspace, name: str, hand: Hand) -> None:
    other_name = f"other.{name}"
    first = workspace.domain(name, not_found_url=f"https://{other_name}/nothing")
    second = workspace.domain(other_name, not_found_url=f"https://{name}/nothing")
    for domain in (first, second):
        _prove(workspace, domain)
    assert _checked(workspace, first)[0] == "verified"
    assert _checked(workspace, second) == ("pending", "leads_back")
    assert shortlinks.ask("/nothing", domain=name).status == 302
    assert shortlinks.ask("/nothing", domain=other_name).status == 404
    changed = _change(workspace, _get(workspace, second), not_found_url="https://example.com/")
    assert changed.status == 200
    hand.move(11)
    assert _checked(workspace, second)[0] == "verified"
    nameserver.forget(f"_linkwright.{other_name}")
    back = _change(workspace, _get(workspace, second), not_found_url=f"https://{name}/nothing")
    assert_error(back, 400, "validation_failed", "not_found_url")


def test_400_a_domain_does_not_lead_to_itself(workspace: Workspace, name: str) -> None:
    domain = workspace.proven(name)
    own, others = f"https://{name}/x", workspace.proven()
    back = f"https://{_get(workspace, others)['domain']}/x"
    for url in (own, back, f"https://{HOST}/x", "http://localhost/"):
        refused = _change(workspace, _get(workspace, domain), not_found_url=url)
        assert_error(refused, 400, "validation_failed", "not_found_url")


def test_409_a_change_of_another_version(workspace: Workspace) -> None:
    shown = _get(workspace, workspace.domain())
    files = {"assetlinks": [{"relation": ["delegate_permission/common.handle_all_urls"]}]}
    changed = _change(workspace, shown, **files)
    assert (changed.status, changed.json["assetlinks"]) == (200, files["assetlinks"])
    refused = _change(workspace, shown, assetlinks=None)
    assert (refused.status, refused.error["reason"]) == (409, "version_mismatch")
    taken = _change(workspace, changed.json, assetlinks=None)
    assert (taken.status, taken.json["assetlinks"]) == (200, None)
    assert _change(workspace, taken.json, assetlinks=None).json["version"] == 3


def test_400_a_file_that_is_too_large(workspace: Workspace) -> None:
    shown = _get(workspace, workspace.domain())
    for field, value in (
        ("apple_app_site_association", {"applinks": "x" * 4096}),
        ("assetlinks", [{"relation": "é" * 2048}]),
        ("apple_app_site_association", {}),
        ("assetlinks", []),
    ):
        refused = _change(workspace, shown, **{field: value})
        assert_error(refused, 400, "validation_failed", field)
