"""What a campaign comes to: how much it mails a day, and when it is through."""

import math
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.auth import Account
from linkwright.mailer import items, lines
from linkwright.mailer.campaigns import campaigns, readiness, stats, windows
from linkwright.mailer.campaigns.limits import limits
from linkwright.mailer.campaigns.models import CampaignPlan, MailboxPlan
from linkwright.mailer.items import CampaignView
from linkwright.mailer.sending import throttle as throttling
from linkwright.table import Item

_A_DAY = timedelta(days=1)
_A_WEEK = 7
# Who has the whole sequence ahead, and who has some of it.
_AHEAD = ("pending", "review", "ready")
_UNDER_WAY = "active"
# What ends later is not told: by then all is different.
_FORESEEN_DAYS = 730


class _Box(NamedTuple):
    """A mailbox, since when it has sent, and how many mails fit in a day of the week."""

    id: str
    view: Item | None
    first_day: date | None
    fits: tuple[int, ...]


def plan(account: Account, campaign_id: str) -> CampaignPlan:
    """Errors: no such campaign (404)."""
    partition = account.partition
    view = campaigns.existing(partition, campaign_id)["view"]
    throttle, now = view["throttle"], clock.now()
    day = (windows.next_opening(throttle, now) or now).astimezone(_zone(throttle)).date()
    boxes = _boxes(partition, view, day)
    left = _left(view, stats.read(partition, campaign_id))
    next_day = [_sends(box, day, day) for box in boxes]
    full = [max(_sends(box, day + at * _A_DAY, None) for at in range(_A_WEEK)) for box in boxes]
    return CampaignPlan(
        sends_per_day=min(sum(full), _most(view)),
        sends_next_day=min(sum(next_day), _most(view)),
        mailboxes=[
            MailboxPlan(
                mailbox_id=box.id,
                status=box.view["status"] if box.view else None,
                sends_per_day=most,
                sends_next_day=at_first,
            )
            for box, most, at_first in zip(boxes, full, next_day, strict=True)
        ],
        sends_left=left,
        finishes_on=_finish(view, boxes, left, day),
        blocked_by=list(
            readiness.missing(view, {box.id: box.view for box in boxes if box.view is not None})
        ),
    )


def _boxes(partition: str, view: CampaignView, day: date) -> list[_Box]:
    ids = view["mailbox_ids"]
    boxes = [items.mailbox_key(partition, one) for one in ids]
    of_boxes = [lines.line_key(partition, one) for one in ids]
    there = readiness.there(partition, view, [*boxes, *of_boxes])
    return [
        _box(view, box.sk, (there.get(box) or {}).get("view"), there.get(line) or {}, day)
        for box, line in zip(boxes, of_boxes, strict=True)
    ]


def _box(view: CampaignView, mailbox_id: str, mailbox: Item | None, line: Item, day: date) -> _Box:
    first_day = lines.first_day(line)
    if mailbox is None or mailbox["status"] != "active":
        return _Box(mailbox_id, mailbox, first_day, (0,) * _A_WEEK)
    monday = day - day.weekday() * _A_DAY
    week = [monday + at * _A_DAY for at in range(_A_WEEK)]
    fits = tuple(_fit(length, mailbox) for length in _open(view, mailbox, week))
    return _Box(mailbox_id, mailbox, first_day, fits)


def _sends(box: _Box, on: date, begins: date | None) -> int:
    """What a mailbox lets through on a day; where none is given on which it begins, once it has
    grown to its cap.
    """
    fits = box.fits[on.weekday()]
    if box.view is None or not fits:
        return 0
    ramp = box.view["ramp"] if begins else {"start": box.view["daily_cap"], "step": 0}
    return min(throttling.cap({**box.view, "ramp": ramp}, box.first_day or begins, on), fits)


def _open(view: CampaignView, mailbox: Item, week: list[date]) -> list[timedelta]:
    """For how long both windows are open; where they never are at once, the campaign's counts."""
    ours = {"window": mailbox["window"], "time_zone": mailbox["time_zone"]}
    throttle = view["throttle"]
    both = [windows.together(throttle, ours, on) for on in week]
    return both if any(both) else [windows.together(throttle, throttle, on) for on in week]


def _fit(length: timedelta, throttle: Item) -> int:
    """How many mails fit in, with the gap between two as it is on average."""
    gap = int(throttle["gap_seconds"]) + int(throttle.get("jitter_seconds", 0)) / 2
    return math.ceil(length / (max(gap, 1) * limits().second))


def _most(view: CampaignView) -> int:
    """What the campaign's own throttle lets through on a day."""
    throttle = view["throttle"]
    hours = windows.hours(throttle)
    by_hour = math.ceil(int(throttle["per_hour"]) * hours)
    return min(int(throttle["daily_limit"]), by_hour, _fit(timedelta(hours=hours), throttle))


def _left(view: CampaignView, counts: dict[str, int]) -> int:
    """At most: of who is under way one mail at least was sent."""
    steps = len(view["steps"])
    ahead = sum(counts.get(status, 0) for status in _AHEAD)
    return ahead * steps + counts.get(_UNDER_WAY, 0) * (steps - 1)


def _finish(view: CampaignView, boxes: list[_Box], left: int, day: date) -> str | None:
    """The day of the last mail: not before all can be sent, nor before the last one's sequence."""
    if not left:
        return None
    by_rate = started = None
    sent, first = 0, left / len(view["steps"])
    most = _most(view)
    for on in (day + at * _A_DAY for at in range(_FORESEEN_DAYS + 1)):
        sent += min(sum(_sends(box, on, day) for box in boxes), most)
        if started is None and sent >= first:
            started = on
        if sent >= left:
            by_rate = on
            break
    if by_rate is None or started is None:
        return None
    waits = sum(_days(step) for step in view["steps"]) * limits().day
    return max(by_rate, started + waits).isoformat()


def _zone(throttle: Item) -> ZoneInfo:
    return ZoneInfo(throttle["time_zone"])


def _days(step: Item) -> int:
    """By the calendar, at most."""
    wait = int(step["delay_days"])
    return wait + (2 * math.ceil(wait / 5) if step["business_days"] else 0)
