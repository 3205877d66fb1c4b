"""The AWS calls and the capacity of each route are what the table says, exactly."""

import pytest

from benchmarks.aws_calls import AUTHENTICATE, CALLBACKS, COSTS, Case, Meter
from linkwright import table, transaction
from tests.factories import Workspace
from tools.template import functions

_CASES = [(route, case) for route, cases in COSTS.items() for case in cases]


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> Meter:
    meter = Meter(table.driver())
    for module in (table, transaction):
        monkeypatch.setattr(module, "driver", lambda: meter)
    return meter


def test_every_route_is_accounted_for() -> None:
    served = [function for function in functions() if function.folder != "console"]
    routes = {f"{method} {path}" for function in served for method, path in function.routes}
    assert set(COSTS) == routes


@pytest.mark.parametrize(("route", "case"), _CASES, ids=[f"{r} {c.note}" for r, c in _CASES])
def test_the_calls_and_units_of_a_request(
    workspace: Workspace, meter: Meter, route: str, case: Case
) -> None:
    ask = case.prepare(workspace)
    meter.reset()
    assert ask().status in {200, 201, 204}
    authenticating = [] if route.startswith(CALLBACKS) else [AUTHENTICATE]
    assert meter.calls == [*authenticating, *case.calls]
    assert (meter.read_units, meter.write_units) == (case.read_units, case.write_units)


def test_a_replay_costs_one_more_read(workspace: Workspace, meter: Meter) -> None:
    agent = workspace.agent()
    workspace.place(agent, key="k")
    meter.reset()
    assert workspace.place(agent, key="k").headers["Idempotent-Replayed"] == "true"
    assert meter.calls == [AUTHENTICATE, "GetItem", "TransactWriteItems", "GetItem"]
