"""Following a link and listing links cost the same, however often links were followed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from benchmarks.aws_calls import Meter
from linkwright import table, transaction
from linkwright.links import items
from tests.clicks import click
from tests.factories import Workspace, make_workspace
from tests.integration.test_analytics import rows_of
from tests.shortlinks import ask
from tests.stack import Stack

TIMES = (1_111, 11_111, 1_111_111)
# So many of these clicks lie in the table, where they are kept for 90 days.
KEPT = {1_111: 10, 11_111: 100, 1_111_111: 1_000}


def _followed(stack: Stack, times: int) -> tuple[Workspace, str]:
    """A workspace whose links were followed so often; and the path of one of them."""
    workspace = make_workspace("enterprise")
    made = [workspace.link(click_cap=1_000_000_000, tags=["sale"]) for _ in range(3)]
    for link in made:
        stack.put("MetricsTable", *rows_of(workspace, link["id"], times))
        stack.put(
            "ClicksTable",
            {**items.cap_key(link["id"]).attributes(), "passed": times},
            *(click(workspace, link["id"]) for _ in range(KEPT[times])),
        )
    return workspace, "/" + made[0]["short_url"].rpartition("/")[2]


def _follow(workspace: Workspace, path: str) -> int:
    return ask(path, address="198.51.100.77").status


def _list(query: str) -> Callable[[Workspace, str], int]:
    def listed(workspace: Workspace, path: str) -> int:
        answer = workspace.client.get(f"/api/links{query}")
        assert len(answer.json["data"]) == 3
        return answer.status

    return listed


@contextmanager
def _metered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    with monkeypatch.context() as patch:
        meter = Meter(table.driver())
        for module in (table, transaction):
            patch.setattr(module, "driver", lambda: meter)
        yield meter


@pytest.mark.parametrize(
    ("does", "status"),
    [(_follow, 302), (_list(""), 200), (_list("?tag=sale"), 200)],
    ids=["following", "listing", "listing by tag"],
)
@pytest.mark.slow
def test_units_are_the_same_for_a_thousand_clicks_and_a_million(
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
    does: Callable[[Workspace, str], int],
    status: int,
) -> None:
    found = []
    for times in TIMES:
        workspace, path = _followed(stack, times)
        ask(path)  # what a process reads before its first visitor
        with _metered(monkeypatch) as meter:
            assert does(workspace, path) == status
        found.append((meter.calls, meter.read_units, meter.write_units))
    assert found[0] == found[1] == found[2]
    assert found[0][1] > 0
