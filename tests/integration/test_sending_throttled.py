"""How fast mails go: by mailbox, by campaign, by the reader's window, whoever sends at once."""

import threading
from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, cast

import pytest

from linkwright import clock
from linkwright.errors import Unavailable
from linkwright.mailer import items, lines
from linkwright.mailer.campaigns import delays, limits
from linkwright.mailer.sending import guard, throttle
from linkwright.table import Table, get, update
from linkwright.transaction import Transaction
from tests import mailhost, mailing
from tests.clocks import Hand
from tests.factories import Workspace
from tests.leads import stored
from tests.mailhost import Host

OPEN = {"window": mailing.ALWAYS, "time_zone": "UTC"}
OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    mailing.real_limits(monkeypatch)


@pytest.fixture
def host(real: None) -> Host:
    return mailhost.current()


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    made = Hand(monkeypatch)
    made.set(clock.parse("2027-02-03T10:00:00Z"))
    return made


def _started(workspace: Workspace, leads: int, *, mailbox: Any = None, **view: Any) -> str:
    """The mailbox of a campaign with so many leads in line."""
    made = mailing.put_mailbox(workspace, **(mailbox or {}))
    campaign = mailing.put_campaign(workspace, [made], **view)
    for at in range(leads):
        mailing.put_ready(workspace, campaign, f"lead{at}@example.org", of=1)
    mailing.fill(workspace, campaign)
    return made


def _times(
    workspace: Workspace, host: Host, hand: Hand, mailbox: str, count: int
) -> list[datetime]:
    """When each mail goes, where the line is run whenever it asks to be."""
    times: list[datetime] = []
    while len(times) < count:
        before = len(host.sent)
        mailing.run(workspace, mailbox)
        times += [clock.now()] * (len(host.sent) - before)
        line = mailing.line(workspace, mailbox)
        if "next_at" not in line:
            break
        hand.set(max(clock.parse(line["next_at"]), clock.now() + timedelta(seconds=1)))
    return times


def test_between_two_mails_of_a_mailbox_is_its_gap_and_some_jitter(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    box = _started(workspace, 6, mailbox={"gap_seconds": 600, "jitter_seconds": 120})
    times = _times(workspace, host, hand, box, 6)
    gaps = [(b - a).total_seconds() for a, b in zip(times, times[1:], strict=False)]
    assert len(gaps) == 5
    assert all(600 <= gap <= 722 for gap in gaps)
    assert len(set(gaps)) > 1


@pytest.mark.slow
def test_a_mailbox_that_has_just_begun_sends_ten_and_each_day_one_more(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    ramp = {"start": 10, "step": 1}
    box = _started(workspace, 34, mailbox={"ramp": ramp, "daily_cap": 11})
    times = _times(workspace, host, hand, box, 34)
    assert Counter(at.date() for at in times) == {
        date(2027, 2, 3): 10,
        date(2027, 2, 4): 11,
        date(2027, 2, 5): 11,
        date(2027, 2, 6): 2,
    }


def test_a_campaign_sends_so_many_an_hour_and_a_day(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    caps = {"per_hour": 3, "daily_limit": 7}
    box = _started(workspace, 12, throttle=caps)
    times = _times(workspace, host, hand, box, 12)
    assert max(Counter((at.date(), at.hour) for at in times).values()) == 3
    assert Counter(at.date() for at in times) == {date(2027, 2, 3): 7, date(2027, 2, 4): 5}


def test_none_goes_outside_the_window_of_who_reads_it(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    box = mailing.put_mailbox(workspace)
    of = {"window": OFFICE, "time_zone": "Europe/Berlin"}
    campaign = mailing.put_campaign(workspace, [box], throttle=of)
    zones = {"Asia/Tokyo": "tokyo@example.org", "America/New_York": "york@example.org"}
    for zone, email in zones.items():
        mailing.put_ready(workspace, campaign, email, of=1, time_zone=zone)
    mailing.put_ready(workspace, campaign, "berlin@example.org", of=1)
    mailing.fill(workspace, campaign)
    times = _times(workspace, host, hand, box, 3)
    went = dict(zip(mailing.to(host), times, strict=True))
    assert went == {
        "berlin@example.org": clock.parse("2027-02-03T10:00:00Z"),
        "york@example.org": clock.parse("2027-02-03T14:00:00Z"),
        "tokyo@example.org": clock.parse("2027-02-04T00:00:00Z"),
    }


@pytest.mark.parametrize("_round", range(3))
def test_workers_at_once_send_each_mail_once_and_none_above_a_cap(
    workspace: Workspace, host: Host, _round: int
) -> None:
    boxes = [mailing.put_mailbox(workspace, f"box{at}@example.com", daily_cap=4) for at in range(3)]
    campaign = mailing.put_campaign(workspace, boxes, throttle={"per_hour": 9})
    for at in range(30):
        mailing.put_ready(workspace, campaign, f"lead{at}@example.org", of=1)
    mailing.fill(workspace, campaign)
    waiting = threading.Barrier(6)

    def worker(mailbox: str) -> None:
        waiting.wait()
        for _ in range(4):
            with suppress(Unavailable):
                mailing.run(workspace, mailbox)

    crowd = [threading.Thread(target=worker, args=(box,)) for box in boxes * 2]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert max(Counter(mailing.to(host)).values()) == 1
    assert max(Counter(sender for sender, _, _ in host.sent).values()) <= 4
    assert len(host.sent) <= 9
    # Nobody held up the others for nothing.
    assert len(host.sent) >= 3


@pytest.mark.parametrize(
    ("days", "business", "then"),
    [
        (0, True, "2027-02-05T16:30:00Z"),
        (1, True, "2027-02-08T16:30:00Z"),
        (3, True, "2027-02-10T16:30:00Z"),
        (1, False, "2027-02-06T16:30:00Z"),
        (3, False, "2027-02-08T16:30:00Z"),
    ],
)
def test_when_a_step_is_due_after_one_of_a_friday(
    real: None, days: int, business: bool, then: str
) -> None:
    step = {"delay_days": days, "business_days": business}
    sent = clock.parse("2027-02-05T16:30:00Z")
    assert delays.after(step, sent, "Europe/London") == clock.parse(then)


def test_windows_that_are_never_open_at_once_leave_that_of_the_reader(real: None) -> None:
    ours = {"window": OFFICE, "time_zone": "America/New_York"}
    campaign = {"throttle": {"window": OFFICE, "time_zone": "Asia/Tokyo"}}
    at = clock.parse("2027-02-03T10:00:00Z")
    opens = throttle.opens(cast(Any, campaign), None, ours, at)
    assert opens == clock.parse("2027-02-04T00:00:00Z")


def test_in_the_local_cloud_a_day_is_a_second_and_a_gap_a_tenth() -> None:
    assert limits.limits() == limits.HURRIED
    step = {"delay_days": 3, "business_days": True}
    at = clock.parse("2027-02-05T16:30:00Z")
    assert delays.after(step, at, "UTC") - at == timedelta(seconds=3)
    gap = throttle.gap({"gap_seconds": 1, "jitter_seconds": 0}, "lead_1", 1)
    assert gap == timedelta(seconds=0.1)
    box = {"daily_cap": 100, "ramp": {"start": 1, "step": 0}}
    assert throttle.cap(box, None, at.date()) == 10_000


# ---- whether they are taken ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({"sent": 49, "bounced": 10}, None),
        ({"sent": 50, "bounced": 2}, None),
        ({"sent": 50, "bounced": 3}, "bounce_rate"),
        ({"sent": 100, "bounced": 4}, None),
        ({"sent": 100, "bounced": 5}, "bounce_rate"),
        ({"sent": 300, "complained": 1}, None),
        ({"sent": 600, "complained": 2}, "complaint_rate"),
        ({"sent": 700, "complained": 2}, None),
        ({"sent": 10, "complained": 2}, "complaint_rate"),
    ],
)
def test_what_speaks_against_a_mailbox(counts: dict[str, int], reason: str | None) -> None:
    assert guard.verdict(Counter(counts)) == reason


def test_too_many_bounces_pause_all_campaigns_of_the_mailbox_and_a_start_begins_anew(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    box = mailing.put_mailbox(workspace)
    first = mailing.put_campaign(workspace, [box])
    second = mailing.put_campaign(workspace, [box])
    lead = mailing.put_ready(workspace, first, of=1)
    for campaign in (first, second):
        mailing.fill(workspace, campaign)
    where = lines.day_key(workspace.partition, box, 0, clock.now().date())
    update(Table.CORE, where, "SET #sent = :n", values={"n": 50})
    for _ in range(3):
        tx = Transaction(workspace.partition, "req_test")
        mailbox = get(Table.CORE, items.mailbox_key(workspace.partition, box)) or {}
        guard.note(tx, mailbox, mailing.line(workspace, box), "bounced")
        tx.commit()
    mailing.run(workspace, box)
    assert host.sent == []
    for campaign in (first, second):
        shown = workspace.client.get(f"/v1/mailer/campaigns/{campaign}").json
        assert shown["state"] == "paused"
        events = workspace.client.get(f"/v1/events?object={campaign}").json["data"]
        assert "bounce_rate" in {event["data"]["reason"] for event in events}
    mailing.fill(workspace, first)
    mailing.run(workspace, box)
    assert mailing.to(host) == ["noa@example.org"]
    assert stored(workspace, lead)["view"]["status"] == "finished"
