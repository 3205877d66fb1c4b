"""A rest ends with what it waits for, and nothing looks for ever for what cannot come."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, jobs, level, relay, retries, usage
from linkwright.mailer import items, lines
from linkwright.mailer.leads import waiting
from linkwright.mailer.mailboxes import held_up, tending
from linkwright.mailer.responses import reading
from linkwright.mailer.sending import breaking, queue
from linkwright.providers.mailbox.types import Failure, MailboxFailed
from linkwright.table import Item, Table, get, query, update
from linkwright.transaction import Transaction
from tests import mailing
from tests.clocks import Hand
from tests.factories import Workspace
from tests.mailhost import Host

_CLOSED = {"days": ["sun"], "start": "09:00", "end": "17:00"}
# More looks than a run needs for what is in line here.
_MANY = 60


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return mailing.at_work(monkeypatch)


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Item]:
    """The looks at lines: who goes on for ever is stopped."""
    found: list[Item] = []
    real = level.look

    def look(run: Item) -> Item | None:
        found.append(run)
        assert len(found) < _MANY, "it looks for ever"
        return real(run)

    monkeypatch.setattr(level, "look", look)
    return found


def _started(workspace: Workspace, boxes: list[str], count: int, **view: Any) -> str:
    campaign = mailing.put_campaign(workspace, boxes, **view)
    for at in range(count):
        mailing.put_ready(workspace, campaign, f"p{at}@{campaign[-8:].lower()}.example", of=1)
    mailing.fill(workspace, campaign)
    return campaign


def _patch(workspace: Workspace, path: str, **wanted: Any) -> None:
    version = workspace.client.get(path).json["version"]
    headers = {"If-Match": str(version)}
    answer = workspace.client.request("PATCH", path, json=wanted, headers=headers)
    assert answer.status == 200, answer.raw


def _delete(workspace: Workspace, box: str) -> None:
    assert workspace.client.request("DELETE", f"/v1/mailer/mailboxes/{box}").status == 204


def _boxes(workspace: Workspace, count: int, **view: Any) -> list[str]:
    return [mailing.put_mailbox(workspace, f"b{at}@example.com", **view) for at in range(count)]


def _is(workspace: Workspace, box: str, **view: Any) -> None:
    mailing.is_otherwise(workspace, items.mailbox_key(workspace.partition, box), **view)


# ---- A mailbox that is to mail for a campaign no more -------------------------------------------


def _taken_out(workspace: Workspace, campaign: str, box: str, other: str) -> None:
    _patch(workspace, f"/v1/mailer/campaigns/{campaign}", mailbox_ids=[other])


def _taken_out_while_paused(workspace: Workspace, campaign: str, box: str, other: str) -> None:
    path = f"/v1/mailer/campaigns/{campaign}"
    assert workspace.client.request("POST", f"{path}/pause", json={}).status == 200
    _patch(workspace, path, mailbox_ids=[other])
    mailing.fill(workspace, campaign)


def _gone(workspace: Workspace, campaign: str, box: str, other: str) -> None:
    _delete(workspace, box)


def _fails(workspace: Workspace, box: str, patch: pytest.MonkeyPatch) -> None:
    _is(workspace, box, status="failed")


def _is_unread(workspace: Workspace, box: str, patch: pytest.MonkeyPatch) -> None:
    real = held_up.is_unread
    patch.setattr(held_up, "is_unread", lambda of, view: view["id"] == box or real(of, view))


def _is_capped(workspace: Workspace, box: str, patch: pytest.MonkeyPatch) -> None:
    where = lines.line_key(workspace.partition, box)
    later = clock.epoch_ms(clock.now() + timedelta(hours=4))
    update(Table.CORE, where, "SET #ready_ms = :later", values={"later": later})


def _is_shut(workspace: Workspace, box: str, patch: pytest.MonkeyPatch) -> None:
    _is(workspace, box, window=_CLOSED)


@pytest.mark.parametrize("leaves", [_taken_out, _taken_out_while_paused, _gone])
@pytest.mark.parametrize("waits", [_fails, _is_unread, _is_capped, _is_shut])
def test_who_waits_for_a_mailbox_has_another_once_that_mails_for_them_no_more(
    workspace: Workspace,
    host: Host,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
    waits: Callable[..., None],
    leaves: Callable[..., None],
) -> None:
    box, other = _boxes(workspace, 2)
    campaign = mailing.put_campaign(workspace, [box, other], state="active")
    made = [mailing.put_ready(workspace, campaign, f"p{at}@example.org", of=1) for at in range(2)]
    for one in made:
        mailing.put_in_line(workspace, one, box)
    waits(workspace, box, monkeypatch)
    mailing.go_on(workspace, hand, box, other, minutes=1)
    assert host.sent == []
    leaves(workspace, campaign, box, other)
    mailing.go_on(workspace, hand, box, other, minutes=2)
    assert [sender for sender, _, _ in host.sent] == ["b1@example.com"] * 2
    assert not jobs.is_due(mailing.line(workspace, box))


def test_a_campaign_is_read_once_in_a_look_however_many_zones_its_leads_are_in(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [box], state="active")
    for zone in ("Asia/Tokyo", "Europe/Berlin", "America/New_York"):
        lead = mailing.put_ready(workspace, campaign, time_zone=zone, of=1)
        mailing.put_in_line(workspace, lead, box)
    _fails(workspace, box, monkeypatch)
    where, read = items.campaign_key(workspace.partition, campaign), []
    monkeypatch.setattr(breaking, "get", lambda table, key: read.append(key) or get(table, key))
    mailing.run(workspace, box)
    assert len(mailing.rows(workspace, box)) == 3
    assert read == [where]


def test_who_has_no_mailbox_that_is_there_waits_for_one(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    """Of two that were deleted each had the other mail for it, for ever."""
    boxes = _boxes(workspace, 3)
    campaign = _started(workspace, boxes[:2], 3, throttle={"window": _CLOSED})
    for box in boxes[:2]:
        _delete(workspace, box)
    mailing.go_on(workspace, hand, *boxes[:2], minutes=2)
    assert [mailing.rows(workspace, box) for box in boxes] == [[], [], []]
    throttle = {"window": mailing.ALWAYS}
    _patch(workspace, f"/v1/mailer/campaigns/{campaign}", mailbox_ids=boxes[2:], throttle=throttle)
    mailing.work_on(workspace, campaign)
    mailing.go_on(workspace, hand, *boxes, minutes=5)
    assert len(host.sent) == 3


def test_a_deleted_mailbox_moves_on_who_is_left_alone_for_a_while(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    """It was moved on within its line alone, for as long as that lasted."""
    box, other = _boxes(workspace, 2)
    campaign = mailing.put_campaign(workspace, [box, other], state="active")
    lead = mailing.put_ready(workspace, campaign, of=1)
    mailing.put_in_line(workspace, lead, box)
    _suppress(workspace, lead, days=9)
    mailing.run(workspace, box)
    _delete(workspace, box)
    mailing.run(workspace, box)
    assert mailing.rows(workspace, box) == []
    mailing.go_on(workspace, hand, other, days=8)
    assert host.sent == []
    mailing.go_on(workspace, hand, other, days=2)
    assert len(host.sent) == 1


def _suppress(workspace: Workspace, lead: str, days: int) -> None:
    row: Any = get(Table.CORE, items.lead_key(workspace.partition, lead))
    until = clock.timestamp(clock.now() + timedelta(days=days))
    where = items.suppression_key(workspace.partition, row["address_hash"])
    view = {"id": f"sup_{where.sk}", "source": "bounced", "until": until}
    tx = Transaction(workspace.partition, "req_test")
    tx.put(Table.CORE, {**where.attributes(), "view": view | {"created_at": clock.timestamp()}})
    tx.commit()


def test_who_is_taken_from_the_list_is_mailed_within_a_day(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    box = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [box], state="active")
    lead = mailing.put_ready(workspace, campaign, of=1)
    mailing.put_in_line(workspace, lead, box)
    _suppress(workspace, lead, days=20)
    mailing.go_on(workspace, hand, box, days=2)
    [listed] = workspace.client.get("/v1/mailer/suppressions").json["data"]
    path = f"/v1/mailer/suppressions/{listed['id']}"
    assert workspace.client.request("DELETE", path).status == 204
    assert host.sent == []
    mailing.go_on(workspace, hand, box, days=1)
    assert len(host.sent) == 1


# ---- What the mailbox waits for -----------------------------------------------------------------


def test_a_mailbox_that_is_proven_anew_waits_for_nothing_of_before(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    """Its host took nothing of it, for hours; by another one, or once that was mended, it sends."""
    box = mailing.put_mailbox(workspace)
    _started(workspace, [box], 4)

    def refuses(word: str) -> None:
        if word == "send":
            raise MailboxFailed(Failure.CONTENT_REFUSED, 550, "5.4.5", "quota exceeded")

    host.does = refuses
    mailing.go_on(workspace, hand, box, hours=2)
    held_up = workspace.client.get(f"/v1/mailer/mailboxes/{box}").json["held_up"]
    assert clock.parse(held_up["until"]) > clock.now() + timedelta(hours=2)
    host.does = lambda word: None
    _proven_anew(workspace, box)
    mailing.go_on(workspace, hand, box, minutes=1)
    # All but those of whom it was said: they are tried as after any refusal.
    assert len(host.sent) > 0
    assert workspace.client.get(f"/v1/mailer/mailboxes/{box}").json["held_up"] is None


def _proven_anew(workspace: Workspace, box: str) -> None:
    path = f"/v1/mailer/mailboxes/{box}"
    _patch(workspace, path, enabled=False)
    _patch(workspace, path, enabled=True)
    where = items.mailbox_key(workspace.partition, box)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tending, "_proven", lambda row: None)
        tending.tend(jobs.Work(jobs.MAILBOX, *where))
    assert workspace.client.get(path).json["status"] == "active"


def test_a_mailbox_that_is_proven_anew_is_not_failed_for_what_was_before(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    """At the first word of its host that it is busy."""
    box = mailing.put_mailbox(workspace)
    where = lines.reading_key(workspace.partition, box)
    since = clock.timestamp(clock.now() - timedelta(days=2))
    values = {"since": since, "times": 9}
    update(Table.CORE, where, "SET #troubled_since = :since, #troubles = :times", values=values)
    _is(workspace, box, status="failed", status_reason="timed_out")
    _proven_anew(workspace, box)

    def is_busy(word: str) -> None:
        raise MailboxFailed(Failure.TIMED_OUT)

    host.does = is_busy
    hand.move(1)
    reading.run(jobs.Work(jobs.MAILBOX_READING, *where))
    assert workspace.client.get(f"/v1/mailer/mailboxes/{box}").json["status"] == "active"


def test_a_line_on_which_nobody_waits_is_over_though_its_inbox_is_not_read(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailing.put_mailbox(workspace)
    _is_unread(workspace, box, monkeypatch)
    _patch(workspace, f"/v1/mailer/mailboxes/{box}", daily_cap=20)
    mailing.run(workspace, box)
    assert not jobs.is_due(mailing.line(workspace, box))


def test_a_mailbox_that_has_grown_sends_by_its_own_day(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    """It rested until the day of UTC was over, by the cap of the day before."""
    hand.set(clock.parse("2027-02-04T01:00:00Z"))
    of = {"time_zone": "America/New_York", "ramp": {"start": 1, "step": 1}}
    box = mailing.put_mailbox(workspace, **of)
    _started(workspace, [box], 4)
    mailing.go_on(workspace, hand, box, hours=3)
    assert len(host.sent) == 1
    mailing.go_on(workspace, hand, box, hours=2)
    assert len(host.sent) == 2
    mailing.go_on(workspace, hand, box, hours=17)
    assert len(host.sent) == 2


def test_a_host_is_not_asked_each_time_where_the_plan_has_nothing_left(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reserve_more(*_: Any) -> None:
        raise usage.Exhausted

    box = mailing.put_mailbox(workspace)
    _started(workspace, [box], 1)
    monkeypatch.setattr(usage, "reserve_more", reserve_more)
    monkeypatch.setattr(usage, "left", lambda *_: 0)
    for _ in range(5):
        tx = Transaction(workspace.partition, "req_test")
        lines.ring(tx, box)
        tx.commit()
        mailing.run(workspace, box)
    assert host.told == []


# ---- Whom a look has no room for ----------------------------------------------------------------


def test_who_is_due_behind_more_groups_than_a_look_has_room_for_has_their_turn(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those before them were due in days: the line rested until then."""
    monkeypatch.setattr(queue, "_GROUPS", 2)
    box = mailing.put_mailbox(workspace)
    for _ in range(5):
        campaign = mailing.put_campaign(workspace, [box], state="active")
        lead = mailing.put_ready(workspace, campaign, of=1)
        mailing.put_in_line(workspace, lead, box)
    *later, last = sorted(_places(workspace, box))
    for place in later:
        _is_due_later(workspace, box, place)
    mailing.go_on(workspace, hand, box, minutes=2)
    assert len(host.sent) == 1
    assert last not in _places(workspace, box)


def _places(workspace: Workspace, box: str) -> list[str]:
    where = lines.row_key(workspace.partition, box, "").pk
    rows, _ = query(Table.CORE, where, limit=20, newest_first=False, strong=True)
    return [row["sk"] for row in rows]


def _is_due_later(workspace: Workspace, box: str, place: str) -> None:
    lead: Any = get(Table.CORE, items.lead_key(workspace.partition, lines.lead_at({"sk": place})))
    tx = Transaction(workspace.partition, "req_test")
    to = lines.moved(place, clock.now() + timedelta(days=3))
    facts = waiting.moved(tx, lead, to)
    tx.update(
        Table.CORE,
        items.lead_key(workspace.partition, lead["sk"]),
        "SET #queued = :queued",
        values=facts,
    )
    tx.commit()


def test_groups_that_wait_are_not_looked_at_all_night(
    workspace: Workspace,
    host: Host,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
    looks: list[Item],
) -> None:
    """Each ten seconds, where they were more than a look has room for."""
    monkeypatch.setattr(queue, "_GROUPS", 2)
    box = mailing.put_mailbox(workspace)
    for _ in range(5):
        _started(workspace, [box], 1, throttle={"window": _CLOSED})
    looks.clear()
    mailing.go_on(workspace, hand, box, hours=9)
    assert len(looks) < 10


# ---- What the lead waits for --------------------------------------------------------------------


def test_a_lead_of_another_zone_waits_for_the_window_of_that_at_once(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    """And not for the one of before, which opens tomorrow."""
    box = mailing.put_mailbox(workspace)
    office = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}
    campaign = mailing.put_campaign(workspace, [box], throttle={"window": office})
    lead = mailing.put_ready(workspace, campaign, of=1, time_zone="Asia/Tokyo")
    mailing.fill(workspace, campaign)
    mailing.go_on(workspace, hand, box, minutes=5)
    assert host.sent == []
    changed = workspace.client.request(
        "PATCH", f"/v1/mailer/leads/{lead}", json={"time_zone": "Europe/Berlin"}
    )
    assert changed.status == 200, changed.raw
    mailing.go_on(workspace, hand, box, minutes=5)
    assert len(host.sent) == 1


# ---- What a campaign waits for ------------------------------------------------------------------


def test_a_start_is_heard_at_once_though_its_job_was_put_off(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    """A quarter of an hour late, as a job that waits is: its own moment was kept."""
    box = mailing.put_mailbox(workspace)
    campaign = _started(workspace, [box], 1)
    where = items.campaign_key(workspace.partition, campaign)
    retries.wait(jobs.stored(where), clock.now() + timedelta(hours=1))
    _patch(workspace, f"/v1/mailer/campaigns/{campaign}", mailbox_ids=[box], opted_in=True)
    row: Any = get(Table.CORE, where)
    assert relay._due(row).delay == timedelta(0)
