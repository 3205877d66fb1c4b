"""What the lists refuse in a query: parameters, limits, cursors."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest

from linkwright import clock
from tests.client import Answer
from tests.factories import Workspace
from tests.integration.every_route import (
    LIST_ROUTES,
    Ids,
    Route,
    World,
    assert_error,
    in_turn,
    make_world,
    nothing_written,
    stored,
)
from tests.stack import Stack

every_list = pytest.mark.parametrize("route", LIST_ROUTES, ids=str)
CALLS = "/v1/voice/calls"


def _with_pages(mode: str = "live", like: World | None = None) -> World:
    """Enough of everything that a page of one has a next."""
    world = make_world(mode=mode)
    if like:
        workspace = Workspace(like.workspace.item, mode)
        world = World(workspace, Ids.made_in(workspace))
    world.workspace.agent()
    for _ in range(2):
        world.workspace.place(world.ids["agt"])
        world.workspace.never_call()
        world.workspace.member()
        world.workspace.webhook()
        world.workspace.delivery(world.ids["wh"])
        world.workspace.link()
        world.workspace.link_campaign()
        world.workspace.notification()
        world.workspace.domain()
        world.workspace.mailer_campaign()
        world.workspace.lead(world.ids["cmp"])
        world.workspace.suppression()
        world.workspace.own_mailbox()
    return world


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    world = _with_pages()
    before = stored(stack, world)
    yield world
    assert stored(stack, world) == before


def _ask(route: Route, world: World, query: str) -> Answer:
    with nothing_written():
        return route.ask(world.client, world.ids, query=query)


def _cursor(route: Route, world: World, query: str = "?limit=1") -> str:
    cursor = _ask(route, world, query).json["next_cursor"]
    assert isinstance(cursor, str)
    return cursor


LIMITS = [
    *("0", "-1", "101", "1000", "x", "", "1e2", "1.0", "+5", "5_0", "0x10", "null", "true", "1,2"),
    *(" 10", "10 ", "10\n", "\t1", "٢٥", "२५", "２５", "1\x00", "9" * 5_000, "-0", "000", "1;2"),
]


@in_turn(LIST_ROUTES, "limit", LIMITS, [repr(limit[:8]) for limit in LIMITS])
def test_400_for_a_limit_that_is_none(world: World, route: Route, limit: str) -> None:
    answer = _ask(route, world, f"?limit={quote(limit, safe='')}")
    assert_error(answer, 400, "validation_failed", "limit")
    assert answer.error["message"] == "Field 'limit' must be an integer from 1 to 100."


@every_list
def test_200_for_limits_within_bounds(world: World, route: Route) -> None:
    for limit, shown in (("1", 1), ("2", 2), ("01", 1), ("100", 100)):
        rows = _ask(route, world, f"?limit={limit}").json["data"]
        assert len(rows) == min(shown, len(_ask(route, world, "").json["data"]))


@every_list
def test_400_for_an_unknown_parameter(world: World, route: Route) -> None:
    for name in ("lmit", "Limit", "offset", "page", "limit[]", "__proto__", "שלום", "", "n" * 100):
        answer = _ask(route, world, f"?{quote(name)}=1")
        assert_error(answer, 400, "validation_failed", name or None)


@every_list
def test_400_for_a_parameter_given_twice(world: World, route: Route) -> None:
    for name, query in {
        "limit": "?limit=1&limit=1",
        "cursor": "?cursor=a&cursor=b",
        "x" * 100: f"?{'x' * 200}=1&{'x' * 200}=1",
    }.items():
        assert_error(_ask(route, world, query), 400, "validation_failed", name)


@in_turn(LIST_ROUTES, "query", ["?limit=%ff", "?%ff=1", "?cursor=%ed%a0%80", "?cursor=%c0%af"])
def test_400_for_a_query_that_is_not_utf_8(world: World, route: Route, query: str) -> None:
    assert_error(_ask(route, world, query), 400, "invalid_request")


# ---- Cursors -----------------------------------------------------------------------------------

NOT_CURSORS = {
    "nothing": "",
    "one character": "a",
    "not base64": "!!!!",
    "blanks": "   ",
    "Hebrew": "שלום",
    "a null": "a\x00b",
    "an id": "call_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "a number": "25",
    "JSON": '["1","call_01ARZ3NDEKTSV4RRFFQ69G5FAV"]',
    "unsigned": base64.urlsafe_b64encode(b'["1","call_01ARZ3NDEKTSV4RRFFQ69G5FAV"]').decode(),
    "a signature of nothing": base64.urlsafe_b64encode(bytes(16)).decode(),
    "a path": "../../etc/passwd",
    "1,024 characters": "A" * 1_024,
}


@in_turn(LIST_ROUTES, "cursor", [*NOT_CURSORS.values()], NOT_CURSORS)
def test_400_for_what_is_no_cursor(world: World, route: Route, cursor: str) -> None:
    answer = _ask(route, world, f"?cursor={quote(cursor, safe='')}")
    assert_error(answer, 400, "invalid_request", "cursor")


@every_list
def test_400_for_a_cursor_that_is_too_long(world: World, route: Route) -> None:
    answer = _ask(route, world, f"?cursor={'A' * 5_000}")
    assert_error(answer, 400, "validation_failed", "cursor")


@every_list
def test_400_for_a_cursor_with_any_character_changed(world: World, route: Route) -> None:
    cursor = _cursor(route, world)
    assert _ask(route, world, f"?cursor={cursor}").status == 200
    altered = [
        cursor[:at] + chr(ord(cursor[at]) ^ bit) + cursor[at + 1 :]
        for at in range(len(cursor))
        for bit in (1, 4)
    ]
    altered += [cursor[:-1], cursor[1:], cursor + "A", cursor + "=", cursor * 2, f" {cursor}"]
    for other in altered:
        answer = _ask(route, world, f"?cursor={quote(other, safe='')}")
        assert_error(answer, 400, "invalid_request", "cursor")


@every_list
@pytest.mark.slow
def test_400_for_a_cursor_of_another_workspace_mode_or_list(world: World, route: Route) -> None:
    live = _with_pages()
    others = [_cursor(route, world), _cursor(route, _with_pages("test", live))]
    others += [_cursor(other, live) for other in LIST_ROUTES if other is not route]
    for cursor in others:
        answer = _ask(route, live, f"?limit=1&cursor={cursor}")
        assert_error(answer, 400, "invalid_request", "cursor")


@every_list
def test_200_for_a_cursor_with_another_limit_or_key(world: World, route: Route) -> None:
    cursor = _cursor(route, world)
    assert _ask(route, world, f"?limit=2&cursor={cursor}").json["data"]
    answer = route.ask(world.ids.reader, world.ids, query=f"?limit=1&cursor={cursor}")
    assert answer.status == 200


def test_400_for_a_cursor_of_other_filters(world: World) -> None:
    filters = [
        "",
        f"&agent_id={world.ids['agt']}",
        "&status=queued",
        "&status=queued&status=busy",
        "&created_after=2020-01-01T00:00:00Z",
        f"&created_before={clock.timestamp(clock.now() + timedelta(days=1))}",
        f"&agent_id={world.ids['agt']}&status=queued",
    ]
    pages = {query: world.client.get(f"{CALLS}?limit=1{query}").json for query in filters}
    for made_for, page in pages.items():
        assert page["next_cursor"], made_for
        for query in filters:
            answer = world.client.get(f"{CALLS}?limit=1{query}&cursor={page['next_cursor']}")
            if query == made_for:
                assert answer.status == 200
                assert answer.json["data"] != page["data"]
            else:
                assert_error(answer, 400, "invalid_request", "cursor")


# ---- Filters -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["", "QUEUED", "done", "queued,busy", "queued ", "0", "כן"])
def test_400_for_a_status_that_is_none(world: World, status: str) -> None:
    for query in (f"status={quote(status)}", f"status=queued&status={quote(status)}"):
        with nothing_written():
            answer = world.client.get(f"{CALLS}?{query}")
        assert_error(answer, 400, "validation_failed", "status")


TIMES = [
    *("", "x", "2026", "2026-05-21", "2026-05-21T09:14:22", "2026-05-21 09:14:22Z", "1779354862"),
    *("2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-05-21T25:00:00Z", "now", "-1"),
    *("2026-05-21T09:14Z", "2026-05-21T09:14:22+0200", "2026-05-21T09:14:22+99:99", "0"),
    *("0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "٢٠٢٦-05-21T09:14:22Z", "2026-W21-4"),
    *(" 2026-05-21T09:14:22Z", "2026-05-21T09:14:22Z\n", "P1D", "1e3"),
    *("2026-05-21T09:14:22 Z", "2026-05-21T09:14:22  02:00", "2026-05-21T09:14:22 -02:00"),
]


@pytest.mark.parametrize("name", ["created_after", "created_before"])
@pytest.mark.parametrize("moment", TIMES)
def test_400_for_a_time_that_is_none(world: World, name: str, moment: str) -> None:
    with nothing_written():
        answer = world.client.get(f"{CALLS}?{name}={quote(moment, safe='')}")
    assert_error(answer, 400, "validation_failed", name)


@pytest.mark.parametrize("end", ["2026-05-21T09:14:22Z", "2026-05-21T09:14:21Z"])
def test_400_for_a_range_that_ends_before_it_begins(world: World, end: str) -> None:
    answer = world.client.get(f"{CALLS}?created_after=2026-05-21T09:14:22Z&created_before={end}")
    assert_error(answer, 400, "validation_failed", "created_before")


@pytest.mark.parametrize(
    "query",
    [
        "created_after={soon}",
        "created_before={long_ago}",
        "created_after=2025-01-01T00:00:00+14:00&created_before=2025-01-01T00:00:00%2B13:59",
        "created_after=2026-01-01T00:00:00.0001Z&created_before=2026-01-01T00:00:00.0002Z",
        "created_after=2026-01-01T00:00:00.0001Z&created_before=2026-01-01T00:00:00.0002Z"
        "&status=queued&status=busy",
        "created_after=2026-01-01T00:00:00Z&agent_id=agt_5fd1a02b&status=queued",
        "agent_id=",
        "agent_id=%00",
        "agent_id=agt_5fd1a02b%23CALL",
        "agent_id=call_5fd1a02b",
    ],
)
def test_200_empty_for_filters_that_nothing_can_match(world: World, query: str) -> None:
    soon = clock.timestamp(clock.now() + timedelta(days=364))
    long_ago = clock.timestamp(clock.now() - timedelta(days=3650))
    query = query.replace("{soon}", soon).replace("{long_ago}", long_ago)
    answer = world.client.get(f"{CALLS}?{query}")
    assert (answer.status, answer.raw) == (200, '{"data":[],"next_cursor":null}')
