"""The filters of the list of calls, all together, against a search of all rows."""

from datetime import timedelta
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest

from linkwright import clock
from linkwright.voice.calls.states import Status
from tests.integration.every_route import World, make_world
from tests.integration.test_paging import CALLS, ENDINGS, START, move, walk
from tests.stack import Stack

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def mixed(stack: Stack) -> tuple[World, list[dict[str, Any]]]:
    """30 calls of two agents at five minutes in four states, and how each is listed."""
    world = make_world()
    workspace, other = world.workspace, world.workspace.agent()
    with pytest.MonkeyPatch.context() as patch:
        for at in range(30):
            patch.setattr(clock, "now", lambda at=at: START + at // 6 * MINUTE)
            made = workspace.place((world.ids["agt"], other)[at % 2]).json["id"]
            move(workspace, made, (Status.QUEUED, *ENDINGS)[at % 7 % 4])
    rows, _ = walk(world.client, CALLS, 100)
    assert len(rows) == 32
    assert len({row["status"] for row in rows}) == 5
    return world, rows


AGENTS = ["", "mine", "nobody"]
STATUSES: list[tuple[str, ...]] = [(), ("queued",), ("busy", "completed"), ("canceled", "ringing")]
BOUNDS = [None, START + MINUTE, START + 3 * MINUTE]


@pytest.mark.parametrize("limit", [4, 100])
@pytest.mark.parametrize(("agent", "statuses"), list(product(AGENTS, STATUSES)))
def test_200_filters_agree_with_a_search_of_all_rows(
    mixed: tuple[World, list[dict[str, Any]]], agent: str, statuses: tuple[str, ...], limit: int
) -> None:
    world, rows = mixed
    agent_id = {"mine": world.ids["agt"], "nobody": "agt_0000"}.get(agent)
    for after, before in product(BOUNDS, BOUNDS):
        if after and before and before <= after:
            continue
        query = [f"status={status}" for status in statuses]
        query += [f"agent_id={agent_id}"] if agent_id else []
        query += [f"created_after={clock.timestamp(after)}"] if after else []
        query += [f"created_before={clock.timestamp(before)}"] if before else []
        expected = [
            row
            for row in rows
            if (not agent_id or row["agent_id"] == agent_id)
            and (not statuses or row["status"] in statuses)
            and (not after or row["created_at"] >= clock.timestamp(after))
            and (not before or row["created_at"] < clock.timestamp(before))
        ]
        found, _ = walk(world.client, f"{CALLS}?{'&'.join(query)}", limit)
        assert found == expected, query


def test_200_times_mean_the_same_in_every_zone(mixed: tuple[World, list[dict[str, Any]]]) -> None:
    world, _ = mixed
    spellings = ["2027-03-04T05:08:07Z", "2027-03-04T07:08:07+02:00", "2027-03-04t05:08:07.000z"]
    queries = [*map(quote, spellings), spellings[1]]  # the last one with its plus as it stands
    found = [walk(world.client, f"{CALLS}?created_after={query}", 100)[0] for query in queries]
    assert found[0]
    assert all(rows == found[0] for rows in found)
