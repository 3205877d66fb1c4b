"""A link with a password: the page, the form, and how often one may guess."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.aws_calls import Meter
from linkwright import clock, table, transaction
from linkwright.links.redirect import clicks
from tests import planted
from tests.agents import BOTS, BROWSERS, PREVIEWS
from tests.client import Answer
from tests.factories import Workspace
from tests.integration.test_redirects import assert_page
from tests.shortlinks import TARGET, ask, clicks_of, location, passed, stored
from tests.stack import Stack

PASSWORD = "correct horse battery staple"  # noqa: S105 -- of a link
TYPED = "password=correct+horse+battery+staple"
MOMENT = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _watched() -> None:
    """In no item, log or answer."""
    planted.plant(f'{{"password": "{PASSWORD}"}}')


@pytest.fixture
def locked(workspace: Workspace) -> tuple[str, str]:
    return stored(workspace, password=PASSWORD)


def _unlock(alias: str, body: str = TYPED, **who: Any) -> Answer:
    return ask(f"/{alias}", "POST", body=body, **who)


def _wrong(alias: str, **who: Any) -> int:
    return _unlock(alias, "password=wrong", **who).status


def test_200_the_page_asks_for_it_and_says_nothing_else(
    locked: tuple[str, str], stack: Stack
) -> None:
    alias, link = locked
    for who in ({}, {"agent": BOTS[0]}, {"agent": PREVIEWS[0]}):
        answer = ask(f"/{alias}", **who)
        assert answer.status == 200
        assert_page(answer)
        assert '<form method="post">' in answer.raw
        assert TARGET not in answer.raw
    # Browsers hold what a form is sent on to against it as well.
    assert "form-action 'self' https: http:" in answer.headers["Content-Security-Policy"]
    assert ask(f"/{alias}", "HEAD").raw == ""
    assert clicks_of(stack, link) == []


def test_303_the_password_leads_on_as_without_one(workspace: Workspace, stack: Stack) -> None:
    """The form is not sent on; targets, query, cap and tracking are as ever."""
    devices = {"ios": "https://example.com/ios"}
    alias, link = stored(workspace, password=PASSWORD, click_cap=1, devices=devices)
    answer = ask(f"/{alias}?a=1", "POST", body=TYPED, agent=BROWSERS[12])
    assert "iPad" in BROWSERS[12]
    assert (answer.status, location(answer)) == (303, "https://example.com/ios?a=1")
    assert (len(clicks_of(stack, link)), passed(link)) == (1, 1)
    assert _unlock(alias, address="198.51.100.1").status == 410


@pytest.mark.parametrize(
    "body",
    ["", "password=", "pass=word", "{}", "password", "\xff", "a=1&b=2&c=3&d=4&e=5&password=x"]
    + ["password=" + "x" * 5000],
)
def test_200_what_is_no_form_with_a_password_is_no_try(
    locked: tuple[str, str], stack: Stack, body: str
) -> None:
    alias, link = locked
    answer = _unlock(alias, body)
    assert (answer.status, '<form method="post">' in answer.raw) == (200, True)
    assert not [row for row in stack.rows("ClicksTable") if f"#{link}#" in row["sk"]]


@pytest.mark.parametrize("where", ["?password={}", "?a=1&password={}"])
def test_200_nobody_gets_in_by_the_query(locked: tuple[str, str], where: str) -> None:
    path = f"/{locked[0]}{where.format('correct+horse+battery+staple')}"
    assert ask(path).status == 200
    assert ask(path, "POST", body="").status == 200
    assert ask(path, "POST", body="password=wrong").status == 403


def test_403_a_wrong_password_is_told(locked: tuple[str, str], stack: Stack) -> None:
    alias, link = locked
    answer = _unlock(alias, "password=wrong")
    assert answer.status == 403
    assert "That is not the password" in answer.raw
    assert_page(answer)
    for near in ("Correct horse battery staple", PASSWORD + " ", PASSWORD[:-1]):
        assert _unlock(alias, f"password={near.replace(' ', '+')}").status == 403
    assert clicks_of(stack, link) == []


def test_a_password_in_any_script_and_composition(workspace: Workspace) -> None:
    alias, _ = stored(workspace, password="סיסמה Größe")
    assert _unlock(alias, "password=%D7%A1%D7%99%D7%A1%D7%9E%D7%94+Gro%CC%88%C3%9Fe").status == 303


def test_303_a_link_that_has_no_password_any_more_leads_on(workspace: Workspace) -> None:
    alias, _ = stored(workspace)
    assert _unlock(alias).status == 303


# ---- Guessing ------------------------------------------------------------------------------------


def _at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.mark.slow
def test_429_after_ten_wrong_ones_whoever_one_says_to_be(
    locked: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the right one is not taken either: else guessing would go on."""
    _at(monkeypatch, MOMENT + timedelta(minutes=2, seconds=30))
    alias, _ = locked
    agents = [f"{BROWSERS[0]} {n}" for n in range(clicks.TRIES_OF_NETWORK)]
    assert {_wrong(alias, agent=agent) for agent in agents} == {403}
    assert _wrong(alias) == 429
    answer = _unlock(alias)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "750")
    assert_page(answer)
    # Whoever is elsewhere does not notice.
    assert _unlock(alias, address="198.51.100.9").status == 303
    _at(monkeypatch, MOMENT + timedelta(minutes=15))
    assert _unlock(alias).status == 303


@pytest.mark.slow
def test_429_a_network_of_ipv6_is_one(
    locked: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _at(monkeypatch, MOMENT)
    alias, _ = locked
    addresses = [f"2001:db8:0:1::{n:x}" for n in range(clicks.TRIES_OF_NETWORK)]
    assert {_wrong(alias, address=address) for address in addresses} == {403}
    assert _wrong(alias, address="2001:db8:0:1:ffff::1") == 429
    assert _wrong(alias, address="2001:db8:0:2::1") == 403


@pytest.mark.slow
def test_429_all_together_may_guess_no_more_than_each_part(
    locked: tuple[str, str], monkeypatch: pytest.MonkeyPatch, stack: Stack
) -> None:
    _at(monkeypatch, MOMENT)
    monkeypatch.setattr(clicks, "TRIES_OF_PART", 2)
    alias, link = locked
    statuses = [_wrong(alias, address=f"198.51.100.{n}") for n in range(100)]
    assert set(statuses) == {403, 429}
    assert statuses.count(403) <= 2 * 32
    parts = [row for row in stack.rows("ClicksTable") if row["sk"].endswith(f"#{link}#all")]
    assert {row["tries"] for row in parts} <= {1, 2}
    assert len(parts) > 16


@pytest.mark.slow
def test_right_passwords_are_no_tries(
    locked: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A school has one address."""
    _at(monkeypatch, MOMENT)
    alias, _ = locked
    assert {_unlock(alias, agent=f"{BROWSERS[0]} {n}").status for n in range(30)} == {303}


@pytest.mark.slow
def test_tries_of_one_link_are_none_of_another(
    locked: tuple[str, str], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _at(monkeypatch, MOMENT)
    for _ in range(clicks.TRIES_OF_NETWORK):
        _wrong(locked[0])
    other, _ = stored(workspace, password=PASSWORD)
    assert (_unlock(locked[0]).status, _unlock(other).status) == (429, 303)


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        (TYPED, ["GetItem", "TransactWriteItems"]),
        ("password=wrong", ["GetItem", "TransactWriteItems"]),
        ("", ["GetItem"]),
    ],
)
def test_it_costs_no_more_calls_than_a_link_without_one(
    locked: tuple[str, str], monkeypatch: pytest.MonkeyPatch, body: str, calls: list[str]
) -> None:
    _unlock(locked[0], "password=wrong")
    meter = Meter(table.driver())
    for module in (table, transaction):
        monkeypatch.setattr(module, "driver", lambda: meter)
    _unlock(locked[0], body)
    assert meter.calls == calls
