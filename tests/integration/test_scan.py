"""The scan: what it tells of links, once, and what it costs."""

from datetime import timedelta
from typing import Any

import pytest

from benchmarks.aws_calls import Meter
from linkwright import clock, jobs, table, transaction
from linkwright.ai.scan import alerts, judging, letters, looking, scanning
from linkwright.jobs import Work
from linkwright.links import candidates, items
from linkwright.table import Item, Table, get, update
from linkwright.workspace import members, workspaces
from tests import old_links, pump, webhooks
from tests.client import Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.integration.every_route import assert_error
from tests.integration.test_concurrency import at_once
from tests.stack import Stack

SCAN = "/api/ai/proactive/scan"
EXPIRING, NEAR, UNTRACKED = "expiring_soon", "near_click_cap", "untracked_winner"


def scan(workspace: Workspace) -> int:
    answer = workspace.client.post(SCAN, json={})
    assert answer.status == 200, answer.raw
    assert list(answer.json) == ["new_alerts"]
    assert isinstance(answer.json["new_alerts"], int)
    return int(answer.json["new_alerts"])


def within(**time: float) -> str:
    return clock.timestamp(clock.now() + timedelta(**time))


def changed(workspace: Workspace, link: Item, **fields: Any) -> None:
    path = f"/api/links/{link['id']}"
    at = {"If-Match": str(workspace.client.get(path).json["version"])}
    assert workspace.client.request("PATCH", path, json=fields, headers=at).status == 200


def passed(stack: Stack, link: Item, clicks: int) -> None:
    """So many clicks of its cap are taken."""
    stack.put("ClicksTable", {**items.cap_key(link["id"]).attributes(), "passed": clicks})


def near(stack: Stack, workspace: Workspace, cap: int = 100, clicks: int = 90) -> Item:
    """A link with a cap, which was changed, so that it is to be looked at."""
    link = workspace.link(click_cap=cap + 1)
    passed(stack, link, clicks)
    changed(workspace, link, click_cap=cap)
    return link


def followed(stack: Stack, workspace: Workspace, clicks: int, days_ago: int = 0, **of: Any) -> Item:
    link = workspace.link(**of)
    day = f"{clock.now() - timedelta(days=days_ago):%Y%m%d}"
    row = items.day_row(items.link_rows(workspace.partition, link["id"]), day)
    stack.put("MetricsTable", {**row.attributes(), "clicks": clicks})
    if not of.get("track_conversion"):
        tx = transaction.Transaction(workspace.partition, "req_test")
        candidates.note(tx, candidates.UNTRACKED, link["id"])
        tx.commit()
    return link


def told(workspace: Workspace) -> list[tuple[str, str]]:
    """The notifications of alerts, the oldest first: kind and link."""
    rows = workspace.client.get("/api/notifications?limit=100").json["data"]
    return [(row["data"]["kind"], row["link_id"]) for row in reversed(rows)]


def events(workspace: Workspace) -> list[Item]:
    rows = workspace.client.get("/v1/events?type=link.alert&limit=100").json["data"]
    return [dict(row["data"]["object"]) for row in reversed(rows)]


def opened(workspace: Workspace) -> set[tuple[str, str]]:
    places, more = alerts.page(
        workspace.partition, alerts.beginning(workspace.partition), limit=1_000
    )
    assert more is None
    return {(place.kind, place.link) for place in places}


def noted(workspace: Workspace) -> set[str]:
    rows, _ = candidates.find(workspace.partition)
    return {row.reason for row in rows}


@pytest.fixture(autouse=True)
def _links_are_old(monkeypatch: pytest.MonkeyPatch) -> None:
    old_links.pretend(monkeypatch)


# ---- what it tells of ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "wanted"),
    [
        ({"days": 7, "seconds": 60}, None),
        ({"days": 6, "hours": 23}, "7d"),
        ({"hours": 24, "seconds": 60}, "7d"),
        ({"hours": 23, "minutes": 59}, "24h"),
        ({"seconds": 5}, "24h"),
    ],
)
def test_200_a_link_that_ends_within_a_week(
    workspace: Workspace, left: dict[str, float], wanted: str | None
) -> None:
    link = workspace.link(expires_at=within(**left))
    assert scan(workspace) == (wanted is not None)
    assert [alert["data"] for alert in events(workspace)] == (
        [{"expires_at": link["expires_at"], "within": wanted}] if wanted else []
    )


def test_200_once_within_a_week_and_again_within_a_day(workspace: Workspace, hand: Hand) -> None:
    link = workspace.link(expires_at=within(days=3))
    assert [scan(workspace) for _ in range(3)] == [1, 0, 0]
    hand.move(timedelta(days=2, minutes=1).total_seconds())
    assert [scan(workspace) for _ in range(2)] == [1, 0]
    assert [alert["data"]["within"] for alert in events(workspace)] == ["7d", "24h"]
    assert told(workspace) == [(EXPIRING, link["id"])] * 2
    # It is over, and nothing is left of it.
    hand.move(timedelta(days=1).total_seconds())
    assert scan(workspace) == 0
    assert opened(workspace) == set()


def test_200_a_cap_is_near_from_nine_tenths_of_it(stack: Stack, workspace: Workspace) -> None:
    near(stack, workspace, 100, 89)
    assert scan(workspace) == 0
    link = near(stack, workspace, 100, 90)
    last = near(stack, workspace, 10, 9)
    for cap in (10, 1):
        near(stack, workspace, cap, 25)
    assert scan(workspace) == 2
    shown = {alert["link_id"]: alert["data"] for alert in events(workspace)}
    assert shown == {
        link["id"]: {"click_cap": 100, "clicks": 90},
        last["id"]: {"click_cap": 10, "clicks": 9},
    }


def test_200_a_winner_has_a_hundred_clicks_in_seven_days_untracked(
    stack: Stack, workspace: Workspace
) -> None:
    followed(stack, workspace, 99)
    followed(stack, workspace, 500, days_ago=7)
    followed(stack, workspace, 500, track_conversion=True)
    assert scan(workspace) == 0
    link = followed(stack, workspace, 100, days_ago=6)
    assert scan(workspace) == 1
    (alert,) = events(workspace)
    assert (alert["link_id"], alert["data"]) == (link["id"], {"clicks": 100, "days": 7})


def test_200_winners_are_a_tenth_of_the_links(stack: Stack, workspace: Workspace) -> None:
    often = [followed(stack, workspace, 100 + at) for at in range(5)]
    for _ in range(9):
        workspace.link()
    assert scan(workspace) == 2
    assert {link for _, link in told(workspace)} == {often[4]["id"], often[3]["id"]}
    # With more links there are more.
    for _ in range(7):
        workspace.link()
    assert scan(workspace) == 1
    assert scan(workspace) == 0


def test_200_a_winner_is_one_until_it_is_followed_half_as_often(
    stack: Stack, workspace: Workspace
) -> None:
    link = followed(stack, workspace, 150)
    assert scan(workspace) == 1
    # Another one is ahead of it by now.
    followed(stack, workspace, 200)
    assert scan(workspace) == 1
    for clicks, is_open in ((99, True), (50, True), (49, False), (99, False), (150, False)):
        row = items.day_row(
            items.link_rows(workspace.partition, link["id"]), f"{clock.now():%Y%m%d}"
        )
        stack.put("MetricsTable", {**row.attributes(), "clicks": clicks})
        tx = transaction.Transaction(workspace.partition, "req_test")
        candidates.note(tx, candidates.UNTRACKED, link["id"])
        tx.commit()
        assert scan(workspace) == 0, clicks
        assert ((UNTRACKED, link["id"]) in opened(workspace)) == is_open, clicks


@pytest.mark.parametrize(
    ("clicks", "links", "wanted"),
    [
        ({}, 10, set()),
        ({"a": 100}, 1, {"a"}),
        ({"a": 100, "b": 100}, 2, {"a", "b"}),
        ({"a": 101, "b": 100}, 10, {"a"}),
        ({"a": 101, "b": 100}, 11, {"a", "b"}),
        ({"a": 101, "b": 100, "c": 100}, 11, {"a", "b", "c"}),
    ],
)
def test_of_ten_links_one_is_a_winner_and_those_that_are_its_equals(
    clicks: dict[str, int], links: int, wanted: set[str]
) -> None:
    assert judging.winners(clicks, links) == wanted


@pytest.mark.parametrize("how", ["archived", "deleted"])
def test_200_what_leads_nowhere_is_nothing_to_look_at(
    stack: Stack, workspace: Workspace, how: str
) -> None:
    links = [
        workspace.link(expires_at=within(days=1)),
        near(stack, workspace),
        followed(stack, workspace, 100),
    ]
    assert scan(workspace) == 3
    for link in links:
        if how == "archived":
            changed(workspace, link, archived=True)
        else:
            assert workspace.client.request("DELETE", f"/api/links/{link['id']}").status == 204
    assert scan(workspace) == 0
    assert opened(workspace) == set()


# ---- once, over, and once more -------------------------------------------------------------------


def test_200_each_is_told_once_by_notification_and_event(
    stack: Stack, workspace: Workspace
) -> None:
    links = {
        EXPIRING: workspace.link(expires_at=within(days=2)),
        NEAR: near(stack, workspace),
        UNTRACKED: followed(stack, workspace, 100),
    }
    assert [scan(workspace) for _ in range(3)] == [3, 0, 0]
    wanted = {(kind, link["id"]) for kind, link in links.items()}
    assert sorted(told(workspace)) == sorted(wanted)
    assert opened(workspace) == wanted
    for alert in events(workspace):
        link = links[alert["kind"]]
        assert (alert["link_id"], alert["short_url"]) == (link["id"], link["short_url"])
        assert link["short_url"] in alert["message"]
    shown = workspace.client.get("/api/notifications").json["data"][0]
    assert (shown["type"], shown["read_at"]) == ("link.alert", None)
    pump.settle(stack, workspace.id)


def test_200_what_is_over_is_cleared_and_told_again_when_it_is_so_again(
    stack: Stack, workspace: Workspace
) -> None:
    ends = workspace.link(expires_at=within(days=2))
    capped, often = near(stack, workspace), followed(stack, workspace, 100)
    assert scan(workspace) == 3
    changed(workspace, ends, expires_at=within(days=30))
    changed(workspace, capped, click_cap=1000)
    changed(workspace, often, track_conversion=True)
    assert scan(workspace) == 0
    assert opened(workspace) == set()
    changed(workspace, ends, expires_at=within(days=2))
    changed(workspace, capped, click_cap=100)
    changed(workspace, often, track_conversion=False)
    assert [scan(workspace) for _ in range(2)] == [3, 0]
    assert len({alert["id"] for alert in events(workspace)}) == 6


def test_200_an_end_that_is_put_off_by_days_is_told_again_within_a_day(
    workspace: Workspace, hand: Hand
) -> None:
    link = workspace.link(expires_at=within(hours=20))
    assert scan(workspace) == 1
    changed(workspace, link, expires_at=within(days=3))
    assert scan(workspace) == 0
    hand.move(timedelta(days=2, minutes=1).total_seconds())
    assert scan(workspace) == 1


def test_200_what_gives_nothing_is_looked_at_once(stack: Stack, workspace: Workspace) -> None:
    near(stack, workspace, 100, 10)
    followed(stack, workspace, 20)
    assert noted(workspace) == {candidates.NEAR_CAP, candidates.UNTRACKED}
    assert scan(workspace) == 0
    assert noted(workspace) == set()


def test_200_what_is_found_stays_to_be_looked_at(stack: Stack, workspace: Workspace) -> None:
    near(stack, workspace)
    followed(stack, workspace, 100)
    followed(stack, workspace, 200)
    assert scan(workspace) == 2
    assert noted(workspace) == {candidates.NEAR_CAP, candidates.UNTRACKED}
    assert scan(workspace) == 0


def test_200_a_workspace_and_mode_has_its_own(workspace: Workspace) -> None:
    workspace.link(expires_at=within(days=2))
    others = Workspace(workspace.item, "test"), make_workspace()
    assert [scan(other) for other in others] == [0, 0]
    assert scan(workspace) == 1


# ---- many, at once, and while links change -------------------------------------------------------


def test_200_more_than_a_transaction_takes_is_all_told(stack: Stack, hand: Hand) -> None:
    workspace = make_workspace("enterprise")
    one = {"url": "https://example.com/", "expires_at": within(days=2)}
    assert workspace.client.post("/api/links/bulk", json={"links": [one] * 100}).status == 200
    workspace.link(expires_at=within(days=3))
    assert [scan(workspace) for _ in range(2)] == [101, 0]
    assert len(set(told(workspace))) == 100
    rows = stack.rows("CoreTable", workspace.id)
    assert sum(row.get("type") == "link.alert" for row in rows) == 101
    (mail,) = [row for row in rows if row["pk"].endswith("#ALM")]
    assert (mail["found"], len(mail["lines"])) == (101, letters.MOST_LINES)
    hand.move(1)


@pytest.mark.slow
def test_a_run_gathers_so_much_and_the_next_one_goes_on(
    stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace("enterprise")
    scanning.begin(workspace.partition)
    one = {"url": "https://example.com/", "expires_at": within(days=5)}
    for _ in range(2):
        assert workspace.client.post("/api/links/bulk", json={"links": [one] * 100}).status == 200
    monkeypatch.setattr(looking, "MOST_CHANGES", 50)
    # To where the workspace has its turn in the hour: it has the next one when all this is over.
    hand.move(due_in(job(workspace)) + scanning.EVERY_S + 1)
    for wanted in (98, 196, 200):
        run(job(workspace))
        assert len(opened(workspace)) == wanted
        hand.move(121)
    assert due_in(job(workspace)) > 121


def test_a_run_clears_no_more_than_it_gathers(
    stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told of a hundred links that are over since."""
    workspace = make_workspace("enterprise")
    one = {"url": "https://example.com/", "expires_at": within(days=2)}
    assert workspace.client.post("/api/links/bulk", json={"links": [one] * 100}).status == 200
    assert scan(workspace) == 100
    monkeypatch.setattr(looking, "MOST_CHANGES", 30)
    monkeypatch.setattr(looking, "_PAGE", 20)
    hand.move(timedelta(days=3).total_seconds())
    pump.settle(stack, workspace.id, jobs.SCAN)
    left = []
    for _ in range(3):
        scan(workspace)
        left.append(len(opened(workspace)))
    assert left == [60, 20, 0]


def test_200_what_is_written_apart_is_counted_and_mailed_once_though_a_link_is_changed(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, real = make_workspace("enterprise"), looking.look
    links = [workspace.link(expires_at=within(days=2)) for _ in range(30)]
    first = [*links]

    def look(*args: Any) -> looking.Looked:
        found = real(*args)
        for link in first:
            changed(workspace, link, title="Another")
        first.clear()
        return found

    for link in links[:-1]:
        first.remove(link)
    monkeypatch.setattr(looking, "look", look)
    assert [scan(workspace) for _ in range(3)] == [29, 1, 0]
    mails = [row for row in stack.rows("CoreTable", workspace.id) if row["pk"].endswith("#ALM")]
    assert sorted(mail["found"] for mail in mails) == [1, 29]


@pytest.mark.parametrize("number", [1, 30])
def test_200_ten_scans_at_once_tell_each_once(stack: Stack, number: int) -> None:
    """Judged by MiniStack: in memory one asks after another."""
    workspace = make_workspace("enterprise")
    one = {"url": "https://example.com/", "expires_at": within(days=2)}
    workspace.client.post("/api/links/bulk", json={"links": [one] * number})
    answers = at_once(10, lambda _: workspace.client.post(SCAN, json={}))
    assert {answer.status for answer in answers} <= {200, 503}
    assert 200 in {answer.status for answer in answers}
    assert scan(workspace) == 0
    rows = stack.rows("CoreTable", workspace.id)
    told = [row["object"]["link_id"] for row in rows if row.get("type") == "link.alert"]
    assert len(told) == len(set(told)) == number
    assert len([row for row in rows if row["pk"].endswith("#NTF")]) == number


def test_200_the_same_answer_under_one_key(workspace: Workspace) -> None:
    workspace.link(expires_at=within(days=2))
    key = {"Idempotency-Key": "once"}
    answers = [workspace.client.post(SCAN, json={}, headers=key) for _ in range(2)]
    assert [answer.json for answer in answers] == [{"new_alerts": 1}] * 2


def test_200_a_link_that_is_changed_meanwhile_is_looked_at_anew(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, real = workspace.link(expires_at=within(days=2)), looking.look
    tries = []

    def look(*args: Any) -> looking.Looked:
        found = real(*args)
        tries.append(len(found.changes))
        if len(tries) == 1:
            changed(workspace, link, expires_at=within(days=30))
        return found

    monkeypatch.setattr(looking, "look", look)
    assert scan(workspace) == 0
    assert tries == [1, 0]
    assert told(workspace) == []


# ---- who may, and what it costs ------------------------------------------------------------------


def test_402_on_a_plan_without_ai(stack: Stack) -> None:
    free = make_workspace("free")
    for body in ({}, {"unknown": 1}):
        answer = free.client.post(SCAN, json=body)
        assert answer.status == 402
        assert answer.json["error"] == "ai_requires_paid_plan"


def test_200_for_no_credits(stack: Stack, workspace: Workspace) -> None:
    answer = workspace.client.post(SCAN)
    assert not [name for name in answer.headers if name.startswith("X-AI")]
    assert stack.rows("LedgerTable", workspace.id) == []


def test_401_without_the_scope_for_actions(workspace: Workspace) -> None:
    client = workspace.client_with(["ai:generate", "links:write"])
    assert_error(client.post(SCAN, json={}), 401, "missing_scope")


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> Meter:
    meter = Meter(table.driver())
    for module in (table, transaction):
        monkeypatch.setattr(module, "driver", lambda: meter)
    return meter


@pytest.mark.slow
def test_200_a_link_that_gives_nothing_costs_nothing(
    stack: Stack, workspace: Workspace, meter: Meter
) -> None:
    """Two reads and the record, once those that were noted are dismissed."""

    def cost() -> tuple[list[str], float]:
        meter.reset()
        assert scan(workspace) == 0
        return list(meter.calls), meter.read_units

    workspace.link(expires_at=within(days=6))
    near(stack, workspace)
    assert scan(workspace) == 2
    before = cost()
    for at in range(40):
        workspace.link(expires_at=within(days=8 + at), click_cap=100)
        workspace.link(track_conversion=bool(at % 2), tags=["a"])
    followed(stack, workspace, 5)
    near(stack, workspace, 100, 10)
    assert scan(workspace) == 0
    assert cost() == before


# ---- the hourly one ------------------------------------------------------------------------------


def job(workspace: Workspace) -> Work:
    return jobs.at(scanning.key(workspace.partition))


def run(work: Work) -> None:
    answer = invoke("update_workspace", queue_event([work.message()]), Context(60_000))
    assert answer == {"batchItemFailures": []}


def due_in(work: Work) -> float:
    return (clock.parse(jobs.stored(work.key)["gsi2sk"]) - clock.now()).total_seconds()


def test_each_workspace_and_mode_is_scanned_each_hour(workspace: Workspace, hand: Hand) -> None:
    for mode in ("live", "test"):
        one = Workspace(workspace.item, mode)
        scanning.begin(one.partition)
        first = jobs.stored(job(one).key)
        scanning.begin(one.partition)
        assert jobs.stored(job(one).key) == first
        assert 0 < due_in(job(one)) <= scanning.EVERY_S + 60
        link = one.link(expires_at=within(days=2))
        run(job(one))
        assert told(one) == []
        for _ in range(3):
            hand.move(scanning.EVERY_S)
            run(job(one))
            run(job(one))
            assert 0 < due_in(job(one)) <= scanning.EVERY_S + 60
        assert told(one) == [(EXPIRING, link["id"])]
        assert jobs.stored(job(one).key)["runs"] == 3


def test_it_begins_with_a_plan_that_has_ai_and_ends_without(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    free = make_workspace("free")
    scanning.begin(free.partition)
    assert get(Table.CORE, scanning.key(free.partition)) is None
    scanning.begin(workspace.partition)
    where = workspaces.key(workspace.id)
    update(Table.CORE, where, "SET #plan = :free", values={"free": "free"})
    hand.move(2 * scanning.EVERY_S)
    workspace.link(expires_at=within(days=2))
    run(job(workspace))
    assert not jobs.is_waiting(job(workspace).key)
    assert told(workspace) == []
    update(Table.CORE, where, "SET #plan = :pro", values={"pro": "pro"})
    scanning.begin(workspace.partition)
    assert jobs.is_waiting(job(workspace).key)


def test_who_gets_a_plan_with_ai_is_scanned_in_both_modes(stack: Stack) -> None:
    free = make_workspace("free")
    told = {"workspace_id": free.id, "plan": "pro", "version": 1}
    assert webhooks.send(webhooks.BILLING, told).status == 200
    assert get(Table.CORE, scanning.key(free.partition)) is None
    pump.settle(stack, free.id, jobs.PLAN)
    for mode in ("live", "test"):
        assert jobs.is_waiting(job(Workspace(free.item, mode)).key)


def test_two_runs_at_once_tell_each_once(stack: Stack, workspace: Workspace, hand: Hand) -> None:
    scanning.begin(workspace.partition)
    workspace.link(expires_at=within(days=2))
    hand.move(2 * scanning.EVERY_S)
    at_once(4, lambda _: run(job(workspace)))
    assert len(told(workspace)) == 1
    assert jobs.stored(job(workspace).key)["runs"] == 1


@pytest.mark.slow
def test_what_there_is_no_time_for_is_done_from_there(
    stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace("enterprise")
    scanning.begin(workspace.partition)
    one = {"url": "https://example.com/", "expires_at": within(days=5)}
    for _ in range(2):
        assert workspace.client.post("/api/links/bulk", json={"links": [one] * 100}).status == 200
    hand.move(2 * scanning.EVERY_S)
    monkeypatch.setattr(scanning, "_A_PAGE_S", 1_000)
    # Two pages and a half that may have to be told of, and as many that may be over by now.
    waits = [60, 60, 60, 60, 60, scanning.EVERY_S]
    for wanted, wait in zip([98, 196, 200, 200, 200, 200], waits, strict=True):
        run(job(workspace))
        assert len(opened(workspace)) == wanted
        assert due_in(job(workspace)) <= wait + 60
        hand.move(wait + 61)
    assert "reached" not in jobs.stored(job(workspace).key)


def test_200_what_the_endpoint_has_no_time_for_the_job_does_at_once(
    stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace("enterprise")
    one = {"url": "https://example.com/", "expires_at": within(days=5)}
    workspace.client.post("/api/links/bulk", json={"links": [one] * 100})
    with monkeypatch.context() as patch:
        patch.setattr(scanning, "_A_PAGE_S", 1_000)
        assert scan(workspace) == 98
    pump.settle(stack, workspace.id, jobs.SCAN)
    assert len(opened(workspace)) == 100
    assert due_in(job(workspace)) > 0


@pytest.mark.parametrize("how", ["by the job", "asked for"])
def test_winners_are_judged_once_all_are_known_that_are_followed_often(
    stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A look that goes on from somewhere judges by what those before it saw."""
    workspace = make_workspace("enterprise")
    scanning.begin(workspace.partition)
    links = [followed(stack, workspace, 100 + at) for at in range(12)]
    ends = workspace.link(expires_at=within(days=5), track_conversion=True)
    best = {(UNTRACKED, link["id"]) for link in links[-2:]}
    monkeypatch.setattr(looking, "_PAGE", 5)
    monkeypatch.setattr(scanning, "_A_PAGE_S", 1_000)
    if how == "asked for":
        assert scan(workspace) == 0
        pump.relay(stack, workspace.id)
    else:
        hand.move(2 * scanning.EVERY_S)
    found = []
    for _ in range(4):
        run(job(workspace))
        found.append(opened(workspace))
        hand.move(121)
    of_ends = {(EXPIRING, ends["id"])}
    assert found == [set(), set(), of_ends, of_ends | best]
    assert not {"reached", "often"} & jobs.stored(job(workspace).key).keys()


def test_winners_that_are_too_many_to_be_remembered_are_those_that_are_followed_most(
    stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace("enterprise")
    scanning.begin(workspace.partition)
    links = [followed(stack, workspace, 100 + at) for at in range(30)]
    monkeypatch.setattr(looking, "_PAGE", 5)
    monkeypatch.setattr(looking, "MOST_RANKED", 2)
    monkeypatch.setattr(scanning, "_A_PAGE_S", 1_000)
    hand.move(2 * scanning.EVERY_S)
    for _ in range(9):
        run(job(workspace))
        assert len(jobs.stored(job(workspace).key).get("often", {})) <= 2
        hand.move(121)
    assert opened(workspace) == {(UNTRACKED, link["id"]) for link in links[-2:]}


def test_a_mail_tells_of_fifty_and_how_many_more_there_are(stack: Stack) -> None:
    workspace = make_workspace("enterprise")
    _owner(workspace, "wants")
    one = {"url": "https://example.com/", "expires_at": within(days=2)}
    assert workspace.client.post("/api/links/bulk", json={"links": [one] * 90}).status == 200
    assert scan(workspace) == 90
    (mail,) = (row for row in stack.rows("CoreTable", workspace.id) if row["pk"].endswith("#ALM"))
    run(jobs.at(letters.key(workspace.partition, mail["sk"])))
    ((subject, text),) = stack.letters(_address(workspace, "wants"))
    assert subject == "90 alerts about short links of yours"
    assert (text.count("- The link "), "- and 40 more alerts" in text) == (50, True)


# ---- mail ----------------------------------------------------------------------------------------


def _mails(stack: Stack, workspace: Workspace) -> list[Item]:
    return [row for row in stack.rows("CoreTable", workspace.id) if row["pk"].endswith("#ALM")]


@pytest.mark.parametrize("begins", ["asked", "hourly"])
@pytest.mark.slow
def test_what_takes_several_runs_is_one_mail(
    stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch, begins: str
) -> None:
    workspace = make_workspace("enterprise")
    scanning.begin(workspace.partition)
    _owner(workspace, "wants")
    one = {"url": "https://example.com/", "expires_at": within(days=5)}
    for _ in range(2):
        assert workspace.client.post("/api/links/bulk", json={"links": [one] * 100}).status == 200
    monkeypatch.setattr(looking, "MOST_CHANGES", 50)
    if begins == "asked":
        assert scan(workspace) == 98
    else:
        hand.move(2 * scanning.EVERY_S)
    for _ in range(3):
        run(job(workspace))
        hand.move(121)
    (mail,) = _mails(stack, workspace)
    assert len(mail["lines"]) == letters.MOST_LINES
    hand.move(15 * 60)
    run(jobs.at(letters.key(workspace.partition, mail["sk"])))
    ((subject, _),) = stack.letters(_address(workspace, "wants"))
    assert subject == "200 alerts about short links of yours"
    assert {"scan", "told", "reached"}.isdisjoint(jobs.stored(job(workspace).key))
    workspace.link(expires_at=within(days=1))
    hand.move(scanning.EVERY_S)
    run(job(workspace))
    assert sorted(int(one["found"]) for one in _mails(stack, workspace)) == [1, 200]


def test_the_mail_of_a_scan_waits_for_its_next_run(
    stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace("enterprise")
    one = {"url": "https://example.com/", "expires_at": within(days=5)}
    assert workspace.client.post("/api/links/bulk", json={"links": [one] * 100}).status == 200
    monkeypatch.setattr(looking, "MOST_CHANGES", 50)
    scan(workspace)
    (mail,) = _mails(stack, workspace)
    assert due_in(jobs.at(letters.key(workspace.partition, mail["sk"]))) > 600


def test_who_wants_alerts_is_mailed_once_for_all_of_a_scan(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    wants, does_not = (_owner(workspace, name) for name in ("wants", "not"))
    path = f"/v1/workspace/members/{does_not}"
    assert workspace.client.request("PATCH", path, json={"alerts": "off"}).status == 200
    links = [workspace.link(expires_at=within(days=at)) for at in (1, 2, 3)]
    assert scan(workspace) == 3
    (mail,) = (row for row in stack.rows("CoreTable", workspace.id) if row["pk"].endswith("#ALM"))
    work = jobs.at(letters.key(workspace.partition, mail["sk"]))
    for _ in range(2):
        run(work)
    ((subject, text),) = stack.letters(_address(workspace, "wants"))
    assert subject == "3 alerts about short links of yours"
    assert all(link["short_url"] in text for link in links)
    assert wants in text
    assert stack.letters(_address(workspace, "not")) == []
    assert not jobs.is_waiting(work.key)
    assert scan(workspace) == 0


def test_two_links_of_one_alias_and_two_alerts_of_one_link_are_a_line_each(
    stack: Stack, workspace: Workspace
) -> None:
    _owner(workspace, "wants")
    ends = within(days=2)
    alias = workspace.link(expires_at=ends)["alias"]
    link = workspace.link(domain=workspace.proven(), alias=alias, expires_at=ends, click_cap=101)
    passed(stack, link, 95)
    changed(workspace, link, click_cap=100)
    assert scan(workspace) == 3
    (mail,) = (row for row in stack.rows("CoreTable", workspace.id) if row["pk"].endswith("#ALM"))
    run(jobs.at(letters.key(workspace.partition, mail["sk"])))
    ((subject, text),) = stack.letters(_address(workspace, "wants"))
    assert subject == "3 alerts about short links of yours"
    assert text.count("- The link ") == 3
    assert "more" not in text


def _address(workspace: Workspace, name: str) -> str:
    return f"{name}.{workspace.id.lower().replace('_', '-')}@example.com"


def _owner(workspace: Workspace, name: str) -> str:
    member = workspace.member("owner")
    update(
        Table.ACCESS,
        members.row(workspace.id, member),
        "SET #view.#email = :email",
        values={"email": _address(workspace, name)},
    )
    return member
