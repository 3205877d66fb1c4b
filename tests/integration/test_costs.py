"""The AWS calls and the capacity of each endpoint are what its row says, exactly."""

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.aws_calls import Meter
from linkwright import clock, table, transaction
from linkwright.links.items import salt_key
from linkwright.links.redirect import blocked, salts
from tests import rights, shortlinks
from tests.endpoints import Ask, Cost
from tests.factories import Workspace
from tests.integration.every_route import FOLLOWED, ROUTES, Ids, Route
from tests.stack import Stack
from tools.template import ROOT

AUTHENTICATE = "UpdateItem"
# Of a link that is followed: the hosts that are blocked and the day's salt with it.
AT_MOST = 5
_COSTS = [(route, cost) for route in [*ROUTES, *FOLLOWED] for cost in route.row.costs]


@pytest.fixture(autouse=True)
def _at_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number is as large as its digits without the zeros at its end: they would decide."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 28, 10, 1, 13, 123_000, UTC))


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> Meter:
    meter = Meter(table.driver())
    monkeypatch.setattr(meter, "_stored", rights.by_a_test(meter._stored))
    for module in (table, transaction):
        monkeypatch.setattr(module, "driver", lambda: meter)
    return meter


def _good_request(route: Route, workspace: Workspace) -> Ask:
    ids = Ids.made_in(workspace)
    return lambda: workspace.client.request(route.method, route.url(ids), **route.sent(ids))


@pytest.mark.parametrize(("route", "cost"), _COSTS, ids=[f"{r} {c.note}" for r, c in _COSTS])
def test_the_calls_and_units_of_a_request(
    workspace: Workspace, meter: Meter, route: Route, cost: Cost
) -> None:
    ask = cost.prepare(workspace) if cost.prepare else _good_request(route, workspace)
    meter.reset()
    assert ask().status == (cost.status or route.status)
    authenticating = [] if route.contract.public else [AUTHENTICATE]
    assert meter.calls == [*authenticating, *cost.calls]
    assert (meter.read_units, meter.write_units) == (cost.read_units, cost.write_units)


def test_a_replay_costs_one_more_read(workspace: Workspace, meter: Meter) -> None:
    agent = workspace.agent()
    workspace.place(agent, key="k")
    meter.reset()
    assert workspace.place(agent, key="k").headers["Idempotent-Replayed"] == "true"
    assert meter.calls == [AUTHENTICATE, "GetItem", "TransactWriteItems", "GetItem"]


HOSTS, SALT, MADE = ["Query"], ["GetItem"], ["GetItem", "UpdateItem"]


@pytest.mark.parametrize(
    ("passed", "has_salt", "more"),
    [
        (timedelta(seconds=29), True, []),
        (timedelta(seconds=30), True, HOSTS),
        (timedelta(days=1), True, HOSTS + SALT),
        (timedelta(days=1), False, HOSTS + MADE),
    ],
    ids=["warm", "after half a minute", "after midnight", "where no job made the salt"],
)
def test_what_a_process_that_goes_on_reads_besides_when_a_link_is_followed(
    workspace: Workspace,
    stack: Stack,
    meter: Meter,
    monkeypatch: pytest.MonkeyPatch,
    passed: timedelta,
    has_salt: bool,
    more: list[str],
) -> None:
    alias, _ = shortlinks.stored(workspace)
    blocked.forget()
    salts.forget()
    assert shortlinks.ask(f"/{alias}").status == 302
    later = clock.now() + passed
    monkeypatch.setattr(clock, "now", lambda: later)
    if passed.days:
        stack.delete("ClicksTable", salt_key(salts.day(later)))
        if has_salt:
            salts.make(salts.day(later))
    meter.reset()
    assert shortlinks.ask(f"/{alias}", address="198.51.100.9").status == 302
    assert sorted(meter.calls) == sorted(["GetItem", "TransactWriteItems", *more])
    assert len(meter.calls) <= AT_MOST


def test_the_most_that_following_a_link_asks_is_what_the_docs_say() -> None:
    said = (ROOT / "docs/redirects.md").read_text()
    assert f"it is at most {AT_MOST} where nobody is in the way" in said


def test_following_a_link_asks_at_most_twice() -> None:
    """Three times where a visitor who was counted needs the id of that click."""
    costs = {cost.note: len(cost.calls) for route in FOLLOWED for cost in route.row.costs}
    assert costs.pop("a person again, tracked") == 3
    assert max(costs.values()) == 2
