"""What a list costs that is paged to its end: by the rows that it answers, not by all there are.

In memory, whatever the store: there the rows are counted as they are read.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from linkwright import clock, ids
from linkwright.table import Item
from linkwright.voice.calls import items
from linkwright.voice.calls.states import Status
from tests.client import Context, http_event, load
from tests.factories import CALLEE, Workspace, make_workspace
from tests.integration.test_paging import CALLS
from tests.memory import MemoryStack, memory
from tests.stack import Stack, in_place_of

START = datetime(2026, 11, 1, tzinfo=UTC)
# One in so many calls ended so; all others were completed.
SHARES = {Status.NO_ANSWER: 7, Status.BUSY: 101, Status.FAILED: 499}
LIMIT = 100
PAGES = 25
EVERY = "&".join(f"status={status}" for status in Status)


@dataclass(frozen=True)
class Listed:
    workspace: Workspace
    agent: str
    rows: list[Item]
    stack: MemoryStack

    def answering(self, statuses: list[str], agent: str | None) -> int:
        return sum(
            (not statuses or row["status"] in statuses) and agent in (None, row["agent_id"])
            for row in self.rows
        )


@pytest.fixture(scope="module", params=[1_000, 100_000])
def listed(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Listed]:
    """So many calls of two agents."""
    with memory() as made, in_place_of(stack, made):
        workspace = make_workspace("enterprise", "test")
        agents = [ids.new("agt"), ids.new("agt")]
        views = [_view(at, agents[at % 2]) for at in range(request.param)]
        made.tables.load(made.names["CoreTable"], _stored(workspace.partition, views))
        yield Listed(workspace, agents[0], views, made)


def _view(at: int, agent: str) -> Item:
    moment = START + timedelta(seconds=at)
    ended = [status for status, share in SHARES.items() if at % share == 0]
    return {
        "id": ids.first_at("call", moment),
        "agent_id": agent,
        "to": CALLEE,
        "status": str(ended[-1] if ended else Status.COMPLETED),
        "created_at": clock.timestamp(moment),
        "metadata": {},
    }


def _stored(partition: str, views: list[Item]) -> Iterator[Item]:
    for view in views:
        where = items.key(partition, view["id"]).attributes()
        yield {**where, **items.listed(partition, view), "view": view}


@pytest.mark.parametrize("by_agent", [False, True], ids=["of all agents", "of one agent"])
@pytest.mark.parametrize(
    "query",
    [
        *("status=failed", "status=busy", "status=ringing", "status=failed&status=busy"),
        *("status=busy&status=no_answer", "status=completed", "status=completed&status=failed"),
        *("", EVERY),
    ],
)
@pytest.mark.slow
def test_a_list_reads_at_most_twice_what_it_answers(
    listed: Listed, query: str, by_agent: bool
) -> None:
    statuses = [part.partition("=")[2] for part in query.split("&") if part]
    agent = listed.agent if by_agent else None
    answering = listed.answering(statuses, agent)
    url = f"{CALLS}?{query}" + (f"&agent_id={agent}" if agent else "")
    before = listed.stack.tables.rows_read
    answered, pages = _walked(listed.workspace, url)
    read = listed.stack.tables.rows_read - before
    assert answered == min(answering, PAGES * LIMIT)
    assert pages == min(max(-(-answering // LIMIT), 1), PAGES)
    # One row more than is shown tells of a next page, and what is shared out is rounded up.
    assert read <= 2 * answered + (len(statuses) + 2) * pages


def _page(workspace: Workspace, url: str) -> Item:
    """Not held against the description, which would take longer than all else."""
    headers = {"Authorization": f"Bearer {workspace.client.token}"}
    event, function = http_event("GET", url, headers, None, False)
    page: Item = json.loads(load(function).handler(event, Context())["body"])
    return page


def _walked(workspace: Workspace, url: str) -> tuple[int, int]:
    """How many rows were answered, and on how many pages, of a list of which some are enough."""
    answered, cursor = 0, ""
    for page in range(1, PAGES + 1):
        answer = _page(workspace, f"{url}&limit={LIMIT}{cursor}")
        answered += len(answer["data"])
        if answer["next_cursor"] is None:
            return answered, page
        cursor = f"&cursor={answer['next_cursor']}"
    return answered, PAGES
