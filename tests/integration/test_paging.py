"""Lists: every row once, newest first, to the end, by every filter and in bounded reads."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from linkwright import clock, ids, pagination, table
from linkwright.pagination import MAX_READS, Placed
from linkwright.table import Key, Table
from linkwright.voice import agent_items, agents
from linkwright.voice.agent_models import EscalationRule, VoicemailPlan
from linkwright.voice.calls import items, lifecycle
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status
from tests import answered
from tests.client import Client, Context, http_event, load
from tests.factories import Workspace, make_workspace
from tests.integration.every_route import LIST_ROUTES, Route, World, make_world
from tests.stack import Stack

CALLS = "/v1/voice/calls"
START = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)

ENDINGS = {
    Status.RINGING: None,
    Status.BUSY: EndedReason.BUSY,
    Status.COMPLETED: EndedReason.AGENT_ENDED,
}


def walk(client: Client, url: str, limit: int) -> tuple[list[dict[str, Any]], int]:
    """All rows of a list, and how many pages they came in."""
    rows, cursor, pages = [], "", 0
    while True:
        mark = "&" if "?" in url else "?"
        answer = client.get(f"{url}{mark}limit={limit}{cursor}")
        assert answer.status == 200
        assert set(answer.json) == {"data", "next_cursor"}
        assert len(answer.json["data"]) <= limit
        pages += 1
        rows += answer.json["data"]
        if answer.json["next_cursor"] is None:
            return rows, pages
        cursor = f"&cursor={quote(answer.json['next_cursor'], safe='')}"


def _placed(stack: Stack, workspace: Workspace, agent: str, count: int) -> list[str]:
    """The ids of so many calls: one is placed, the others are copies of what that stored."""
    placed: str = workspace.place(agent).json["id"]
    stored = json.dumps(items.find(workspace.partition, placed))
    made = [placed, *(ids.new("call") for _ in range(count - 1))]
    stack.put("CoreTable", *(json.loads(stored.replace(placed, copy)) for copy in made[1:]))
    return made


def move(workspace: Workspace, call_id: str, status: Status) -> None:
    item = items.find(workspace.partition, call_id)
    assert item is not None
    if status is not Status.QUEUED:
        lifecycle.advance(item, Report(status, ended_reason=ENDINGS[status]))


@pytest.mark.slow
def test_200_each_of_300_calls_of_one_moment_once(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: START)
    workspace = make_workspace("enterprise", "test")
    agent = workspace.agent()
    made = _placed(stack, workspace, agent, 300)
    assert len(set(made)) == 300
    for url in (CALLS, f"{CALLS}?agent_id={agent}", f"{CALLS}?status=busy&status=queued"):
        rows, pages = walk(workspace.client, url, 7)
        assert {row["created_at"] for row in rows} == {"2027-03-04T05:06:07Z"}
        assert [row["id"] for row in rows] == sorted(made, reverse=True)
        assert pages == 43  # 42 of 7, and 6


# What makes 25 of what a route lists, where the world has some: how often each is to be done.
_MORE: Mapping[str, Callable[[World], list[tuple[int, Callable[[], object]]]]] = {
    # There is one to name, and one that was followed.
    "GET /api/links": lambda world: [(23, world.workspace.link)],
    "GET /api/campaigns": lambda world: [(24, world.workspace.link_campaign)],
    "GET /api/domains": lambda world: [(24, world.workspace.domain)],
    "GET /v1/mailer/mailboxes": lambda world: [(21, world.workspace.own_mailbox)],
    "GET /api/notifications": lambda world: [(24, world.workspace.notification)],
    # The calls, the links and what is named are told of in 9.
    "GET /v1/events": lambda world: [(16, world.workspace.happen)],
    "GET /v1/mailer/suppressions": lambda world: [(24, world.workspace.suppression)],
    # Two are there to name, and one has a lead that has answered.
    "GET /v1/mailer/campaigns": lambda world: [(22, world.workspace.mailer_campaign)],
    "GET /v1/mailer/campaigns/{campaign_id}/leads": lambda world: [
        (23, lambda: world.workspace.lead(world.ids["cmp"]))
    ],
    # What it was sent, and its answer.
    "GET /v1/mailer/leads/{lead_id}/messages": lambda world: [
        (23, lambda: answered.writes_again(world.workspace, world.ids["answered"]))
    ],
    "GET /v1/webhooks": lambda world: [(24, world.workspace.webhook)],
    "GET /v1/webhooks/{webhook_id}/deliveries": lambda world: [
        (24, lambda: world.workspace.delivery(world.ids["wh"]))
    ],
    "GET /v1/workspace/members": lambda world: [(24, world.workspace.member)],
    # The world's client and its reader have one each, and there is one to name.
    "GET /v1/keys": lambda world: [(22, world.workspace.key)],
    # Each of these keys, the member, the endpoint and the domain are entries too.
    "GET /v1/workspace/audit": lambda world: [(16, world.workspace.key)],
    "GET /v1/voice/agents": lambda world: [(24, world.workspace.agent)],
    "GET /v1/voice/do-not-call": lambda world: [(24, world.workspace.never_call)],
    "GET /v1/voice/calls": lambda world: [],
}


@pytest.mark.parametrize("route", LIST_ROUTES, ids=str)
def test_200_null_on_a_page_that_fits_exactly(stack: Stack, route: Route) -> None:
    world = make_world()
    _placed(stack, world.workspace, world.ids["agt"], 23)
    for count, make in _MORE[str(route)](world):
        for _ in range(count):
            make()
    page = route.ask(world.client, world.ids).json
    assert (len(page["data"]), page["next_cursor"]) == (25, None)
    for limit in (1, 5, 24, 25, 26, 100):
        rows, pages = walk(world.client, route.url(world.ids), limit)
        assert rows == page["data"]
        assert pages == -(-25 // limit)


@pytest.mark.parametrize("filters", ["", "&status=queued", "&status=queued&status=busy", "&agent"])
def test_200_rows_once_though_others_come_between_pages(stack: Stack, filters: str) -> None:
    workspace = make_workspace("enterprise", "test")
    agent = workspace.agent()
    made = _placed(stack, workspace, agent, 20)
    filters = filters.replace("&agent", f"&agent_id={agent}")
    seen: list[str] = []
    cursor = ""
    while True:
        page = workspace.client.get(f"{CALLS}?limit=3{filters}{cursor}").json
        seen += [row["id"] for row in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        workspace.place(agent)
    assert seen == sorted(made, reverse=True)


def test_200_goes_on_after_the_row_of_the_cursor_was_deleted(stack: Stack) -> None:
    workspace = make_workspace("pro", "test")
    agent = workspace.agent()
    made = sorted(_placed(stack, workspace, agent, 6), reverse=True)
    page = workspace.client.get(f"{CALLS}?limit=3").json
    stack.delete("CoreTable", Key(f"W#{workspace.partition}#CALL", made[2]))
    rest = workspace.client.get(f"{CALLS}?limit=3&cursor={page['next_cursor']}").json
    assert [row["id"] for row in page["data"] + rest["data"]] == made
    assert rest["next_cursor"] is None


# What Lambda answers at most, the envelope of API Gateway included.
ANSWER_BYTES = 6 * 1024 * 1024
LETTERS = {"of four bytes": "😀", "escaped, and that again": '"', "escaped too": "\n"}


def _heavy_calls(stack: Stack, workspace: Workspace, letter: str) -> str:
    metadata = {f"{letter * 38}{at:02}": letter * 500 for at in range(50)}
    agent = workspace.agent()
    placed = workspace.place(agent, metadata=metadata).json["id"]
    stored = items.find(workspace.partition, placed)
    assert stored is not None
    for _ in range(99):
        copy = ids.new("call")
        view = {**stored["view"], "id": copy}
        listed = items.listed(workspace.partition, view)
        stack.put("CoreTable", {**stored, **listed, "sk": copy, "view": view})
    return f"{CALLS}?status=queued"


def _heavy_agents(stack: Stack, workspace: Workspace, letter: str) -> str:
    rules = [EscalationRule(when=letter * 500, action="hang_up")] * 20
    voicemail = VoicemailPlan(action="leave_message", message=letter * 1_000)
    stored = workspace.agent(prompt=letter * 20_000, escalation_rules=rules, voicemail=voicemail)
    item = agents.find(workspace.partition, stored)
    assert item is not None
    for _ in range(99):
        view = {**item.model_dump(mode="json"), "id": ids.new("agt")}
        key = agent_items.key(workspace.partition, view["id"]).attributes()
        stack.put("CoreTable", {**key, "view": view, "v": 1})
    return "/v1/voice/agents"


@pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS)
@pytest.mark.parametrize("heavy", [_heavy_calls, _heavy_agents])
def test_200_a_page_is_no_larger_than_an_answer_may_be(
    stack: Stack, heavy: Callable[[Stack, Workspace, str], str], letter: str
) -> None:
    workspace = make_workspace("enterprise", "test")
    url = heavy(stack, workspace, letter)
    seen, cursor, pages = [], "", 0
    headers = {"Authorization": f"Bearer {workspace.client.token}"}
    while True:
        mark = "&" if "?" in url else "?"
        event, function = http_event("GET", f"{url}{mark}limit=100{cursor}", headers, None, False)
        answer = load(function).handler(event, Context())
        assert len(json.dumps(answer, ensure_ascii=False).encode()) < ANSWER_BYTES
        page = json.loads(answer["body"])
        seen += [row["id"] for row in page["data"]]
        pages += 1
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 100
    assert seen == sorted(seen, reverse=True)
    assert pages <= 4, "and not much smaller"


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_a_list_by_another_key_than_the_id_shows_each_row_once(
    stack: Stack, limit: int, newest_first: bool
) -> None:
    """Several rows have one key: only with their own beside it does a cursor say which was last."""
    name, base = f"W#{ids.new('ws')}#BY_NAME", f"W#{ids.new('ws')}#CALL"
    made = [(f"name {at // 3}", ids.new("call")) for at in range(11)]
    rows = [{"pk": base, "sk": id_, "gsi1pk": name, "gsi1sk": key} for key, id_ in made]
    stack.put("CoreTable", *rows)
    fetch = pagination.partition(
        Table.CORE, name, index="gsi1", base=base, newest_first=newest_first
    )
    shown: list[Placed] = []
    for _ in range(len(made) // limit + 1):
        more, _reached = fetch(shown[-1][0] if shown else None, limit)
        shown += more
    assert sorted(row["sk"] for _, row in shown) == sorted(call_id for _, call_id in made)
    keys = [place.key for place, _ in shown]
    assert keys == sorted(keys, reverse=newest_first)


class _Brief:
    """The client, where a read holds few rows: DynamoDB stops at 1 MB, whatever the limit."""

    ROWS = 4

    def __init__(self, driver: table.Driver) -> None:
        self.driver = driver

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.driver, name)

    def sync_query_page(self, *args: Any, limit: int, **options: Any) -> Any:  # noqa: ANN401
        return self.driver.sync_query_page(*args, limit=min(limit, self.ROWS), **options)


@pytest.mark.parametrize("filters", ["", "&status=queued", "&status=busy&status=queued", "&agent"])
@pytest.mark.parametrize("reads", [1, MAX_READS])
def test_200_rows_too_large_for_one_read_are_all_shown(
    stack: Stack, filters: str, reads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace("enterprise", "test")
    agent = workspace.agent()
    made = _placed(stack, workspace, agent, 18)
    for call_id in made[::2]:
        move(workspace, call_id, Status.BUSY)
    filters = filters.replace("&agent", f"&agent_id={agent}")
    expected = made[1::2] if filters == "&status=queued" else made
    monkeypatch.setattr(pagination, "MAX_READS", reads)
    brief = _Brief(table.driver())
    monkeypatch.setattr(table, "driver", lambda: brief)
    for limit in (3, 100):
        rows, pages = walk(workspace.client, f"{CALLS}?{filters[1:]}", limit)
        assert [row["id"] for row in rows] == sorted(expected, reverse=True)
        # What is merged reads on until its page is full.
        assert pages > 1 or reads > 1 or "status" in filters
