"""Who waits in the line of a mailbox: nobody's turn depends on what others wait for."""

from collections.abc import Callable
from typing import Any

import pytest

from linkwright import clock, jobs
from linkwright.mailer import items
from linkwright.mailer.leads import leads
from linkwright.mailer.sending import queue, steps
from linkwright.table import Item, Table, get
from linkwright.transaction import Transaction
from tests import mailing
from tests.clocks import Hand
from tests.factories import Workspace
from tests.leads import stored
from tests.mailhost import Host

_FEW = {"daily_cap": 5, "ramp": {"start": 5, "step": 0}}


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return mailing.at_work(monkeypatch)


def _started(
    workspace: Workspace, boxes: list[str], count: int, **view: Any
) -> tuple[str, list[str]]:
    campaign = mailing.put_campaign(workspace, boxes, **view)
    made = [
        mailing.put_ready(workspace, campaign, f"p{at}@{campaign[-8:].lower()}.example", of=1)
        for at in range(count)
    ]
    mailing.fill(workspace, campaign)
    return campaign, made


def _patch(workspace: Workspace, path: str, **wanted: Any) -> None:
    version = workspace.client.get(path).json["version"]
    headers = {"If-Match": str(version)}
    answer = workspace.client.request("PATCH", path, json=wanted, headers=headers)
    assert answer.status == 200, answer.raw


# ---- The cap of a day ---------------------------------------------------------------------------


def _paused_by_complaints(workspace: Workspace, hand: Hand, box: str, campaign: str) -> str:
    mailing.goes_wrong(workspace, box, "complained", 20)
    mailing.run(workspace, box)
    mailing.fill(workspace, campaign)
    return box


def _in_another_zone(workspace: Workspace, hand: Hand, box: str, campaign: str) -> str:
    path = f"/v1/mailer/mailboxes/{box}"
    _patch(workspace, path, time_zone="Pacific/Kiritimati")
    return box


def _made_again(workspace: Workspace, hand: Hand, box: str, campaign: str) -> str:
    view = (get(Table.CORE, items.mailbox_key(workspace.partition, box)) or {})["view"]
    assert workspace.client.request("DELETE", f"/v1/mailer/mailboxes/{box}").status == 204
    again = mailing.put_mailbox(workspace, **{**_FEW, "email": view["email"]})
    where = items.campaign_key(workspace.partition, campaign)
    mailing.is_otherwise(workspace, where, mailbox_ids=[box, again])
    mailing.run(workspace, box)
    return again


@pytest.mark.parametrize("change", [_paused_by_complaints, _in_another_zone, _made_again])
def test_no_second_cap_on_a_day(
    workspace: Workspace, host: Host, hand: Hand, change: Callable[..., str]
) -> None:
    box = mailing.put_mailbox(workspace, **_FEW)
    campaign, _ = _started(workspace, [box], 12)
    mailing.go_on(workspace, hand, box, minutes=5)
    assert len(host.sent) == 5
    other = change(workspace, hand, box, campaign)
    mailing.go_on(workspace, hand, other, hours=13)
    assert len(host.sent) == 5
    mailing.go_on(workspace, hand, other, hours=24)
    assert len(host.sent) == 10


def test_no_second_cap_of_a_campaign_in_another_zone(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    box = mailing.put_mailbox(workspace)
    campaign, _ = _started(workspace, [box], 8, throttle={"daily_limit": 3, "per_hour": 2})
    mailing.go_on(workspace, hand, box, minutes=5)
    assert len(host.sent) == 2
    for zone in ("Asia/Kolkata", "Pacific/Kiritimati"):
        path = f"/v1/mailer/campaigns/{campaign}"
        throttle = workspace.client.get(path).json["throttle"] | {"time_zone": zone}
        _patch(workspace, path, throttle=throttle)
        mailing.go_on(workspace, hand, box, minutes=5)
        assert len(host.sent) == 2
    mailing.go_on(workspace, hand, box, hours=10)
    assert len(host.sent) == 3


def test_a_campaigns_gap_holds_across_midnight(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    hand.set(clock.parse("2027-02-03T23:59:50Z"))
    boxes = [mailing.put_mailbox(workspace, f"b{at}@example.com") for at in range(2)]
    _started(workspace, boxes, 6, throttle={"gap_seconds": 600})
    mailing.go_on(workspace, hand, *boxes, seconds=590)
    assert len(host.sent) == 1


def _wider(workspace: Workspace, hand: Hand, box: str, campaign: str) -> None:
    _patch(workspace, f"/v1/mailer/campaigns/{campaign}", throttle={"window": mailing.ALWAYS})


def _wider_while_paused(workspace: Workspace, hand: Hand, box: str, campaign: str) -> None:
    path = f"/v1/mailer/campaigns/{campaign}"
    for does in ("pause", "start"):
        assert workspace.client.request("POST", f"{path}/{does}", json={}).status == 200
        if does == "pause":
            _wider(workspace, hand, box, campaign)


def _mailbox_wider(workspace: Workspace, hand: Hand, box: str, campaign: str) -> None:
    _patch(workspace, f"/v1/mailer/mailboxes/{box}", window=mailing.ALWAYS)


_CLOSED = {"days": ["sun"], "start": "09:00", "end": "17:00"}


@pytest.mark.parametrize(
    ("change", "of_campaign", "of_mailbox"),
    [
        (_wider, {"window": _CLOSED}, {}),
        (_wider_while_paused, {"window": _CLOSED}, {}),
        (_wider, {"daily_limit": 1}, {}),
        (_mailbox_wider, {}, {"window": _CLOSED}),
    ],
)
def test_what_lets_more_go_is_heard_at_once(
    workspace: Workspace,
    host: Host,
    hand: Hand,
    change: Callable[..., None],
    of_campaign: Item,
    of_mailbox: Item,
) -> None:
    """A line rests until a window opens, or a cap is another day's, as it knew them."""
    box = mailing.put_mailbox(workspace, **of_mailbox)
    campaign, _ = _started(workspace, [box], 3, throttle=of_campaign)
    mailing.go_on(workspace, hand, box, minutes=5)
    assert len(host.sent) == (1 if "daily_limit" in of_campaign else 0)
    change(workspace, hand, box, campaign)
    mailing.go_on(workspace, hand, box, minutes=5)
    assert len(host.sent) == 3


def test_a_line_that_is_asked_to_look_while_nobody_waits_is_over(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    """Its mailbox has failed, so whoever looks each hour until it is active would look for ever."""
    box = mailing.put_mailbox(workspace)
    campaign, _ = _started(workspace, [box], 1)
    mailing.go_on(workspace, hand, box, minutes=5)
    mailing.is_otherwise(workspace, items.mailbox_key(workspace.partition, box), status="failed")
    _wider(workspace, hand, box, campaign)
    mailing.run(workspace, box)
    assert "next_at" not in mailing.line(workspace, box)
    assert not jobs.is_due(mailing.line(workspace, box))


# ---- Whose mailbox it is ------------------------------------------------------------------------


def test_a_mailbox_that_is_taken_from_a_campaign_mails_for_it_no_more(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    box, other = (mailing.put_mailbox(workspace, f"b{at}@example.com") for at in range(2))
    campaign, _ = _started(workspace, [box], 3)
    _patch(workspace, f"/v1/mailer/campaigns/{campaign}", mailbox_ids=[other])
    mailing.go_on(workspace, hand, box, other, minutes=5)
    assert [sender for sender, _, _ in host.sent] == ["b1@example.com"] * 3


def test_one_that_cannot_be_moved_on_holds_up_no_other(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, other = (mailing.put_mailbox(workspace, f"b{at}@example.com") for at in range(2))
    campaign = mailing.put_campaign(workspace, [box, other], state="active")
    made = [mailing.put_ready(workspace, campaign, f"p{at}@example.org", of=1) for at in range(3)]
    for one in made:
        mailing.put_in_line(workspace, one, box)
        hand.move(1)
    real = leads.stored

    def broken(partition: str, lead: str) -> Any:
        if lead == made[0]:
            raise KeyError(lead)
        return real(partition, lead)

    monkeypatch.setattr(leads, "stored", broken)
    tx = Transaction(workspace.partition, "req_test")
    tx.delete(Table.CORE, items.mailbox_key(workspace.partition, box), condition="")
    tx.commit()
    mailing.run(workspace, box)
    assert [row.partition("#")[2] for row in mailing.rows(workspace, box)] == [made[0]]
    assert len(mailing.rows(workspace, other)) == 2
    # It is tried again, whenever that is mended.
    monkeypatch.setattr(leads, "stored", real)
    hand.move(3601)
    mailing.run(workspace, box)
    assert mailing.rows(workspace, box) == []


# ---- Who waits for what -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "throttle",
    [
        {"gap_seconds": 60, "jitter_seconds": 30},
        {"per_hour": 2},
        {"daily_limit": 2},
        {"window": {"days": ["thu"], "start": "09:00", "end": "17:00"}},
    ],
)
def test_nobody_is_moved_for_what_their_campaign_waits_for(
    workspace: Workspace,
    host: Host,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
    throttle: Item,
) -> None:
    """However many they are, and whoever waits behind them goes."""
    box = mailing.put_mailbox(workspace)
    moved: list[object] = []
    monkeypatch.setattr(steps, "move", lambda *what: moved.append(what))
    _started(workspace, [box], 12, throttle=throttle)
    looked: list[Item] = []
    real = steps.read

    def read(partition: str, row: Item) -> Any:
        looked.append(row)
        return real(partition, row)

    monkeypatch.setattr(steps, "read", read)
    mailing.go_on(workspace, hand, box, minutes=2)
    before = len(host.sent)
    _, (other,) = _started(workspace, [box], 1)
    mailing.go_on(workspace, hand, box, seconds=10)
    assert stored(workspace, other)["view"]["status"] == "finished"
    assert (before < 4, moved, len(looked)) == (True, [], len(host.sent))


def test_each_reader_has_the_window_of_their_own_zone_and_of_a_new_one(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    box = mailing.put_mailbox(workspace)
    office = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}
    campaign = mailing.put_campaign(workspace, [box], throttle={"window": office})
    far = mailing.put_ready(workspace, campaign, "far@example.org", of=1, time_zone="Asia/Tokyo")
    mailing.put_ready(workspace, campaign, "near@example.org", of=1)
    mailing.fill(workspace, campaign)
    mailing.go_on(workspace, hand, box, minutes=1)
    assert mailing.to(host) == ["near@example.org"]
    mailing.is_otherwise(workspace, items.lead_key(workspace.partition, far), time_zone="UTC")
    hand.set(clock.parse("2027-02-04T00:00:01Z"))
    mailing.go_on(workspace, hand, box, hours=8)
    assert mailing.to(host) == ["near@example.org"]
    mailing.go_on(workspace, hand, box, hours=2)
    assert mailing.to(host) == ["near@example.org", "far@example.org"]


def test_more_campaigns_than_a_look_has_room_for_have_their_turns(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_GROUPS", 2)
    box = mailing.put_mailbox(workspace)
    shut = {"window": {"days": ["thu"], "start": "09:00", "end": "17:00"}}
    for at in range(6):
        _started(workspace, [box], 1, throttle={} if at in {2, 5} else shut)
    mailing.go_on(workspace, hand, box, minutes=3)
    assert len(host.sent) == 2
