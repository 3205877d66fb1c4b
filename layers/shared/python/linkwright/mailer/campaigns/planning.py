"""What a campaign comes to: how much it mails a day, and when it is through."""

import math
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.auth import Account
from linkwright.mailer.campaigns import campaigns, readiness, stats, windows
from linkwright.mailer.campaigns.models import CampaignPlan, MailboxPlan
from linkwright.mailer.items import CampaignView
from linkwright.table import Item

_AN_HOUR_S = 3600
_A_DAY = timedelta(days=1)
# Who has the whole sequence ahead, and who has some of it.
_AHEAD = ("pending", "review", "ready")
_UNDER_WAY = "active"
# What ends later is not told: by then all is different.
_FORESEEN_DAYS = 730


def plan(account: Account, campaign_id: str) -> CampaignPlan:
    """Errors: no such campaign (404)."""
    view = campaigns.existing(account.partition, campaign_id)["view"]
    known = readiness.mailboxes(account.partition, view)
    counts = stats.read(account.partition, campaign_id)
    parts = [_mailbox(one, known.get(one), view) for one in view["mailbox_ids"]]
    a_day = min(sum(part.sends_per_day for part in parts), _most(view))
    left = _left(view, counts)
    return CampaignPlan(
        sends_per_day=a_day,
        mailboxes=parts,
        sends_left=left,
        finishes_on=_finish(view, left, a_day),
        blocked_by=list(readiness.missing(view, known)),
    )


def _mailbox(mailbox_id: str, mailbox: Item | None, view: CampaignView) -> MailboxPlan:
    if mailbox is None:
        return MailboxPlan(mailbox_id=mailbox_id, status=None, sends_per_day=0)
    is_usable = mailbox["status"] == "active"
    gap = max(int(mailbox.get("gap_seconds", 0)), 1)
    fits = math.ceil(windows.hours(view["throttle"]) * _AN_HOUR_S / gap)
    a_day = min(int(mailbox.get("daily_cap", 0)), fits) if is_usable else 0
    return MailboxPlan(mailbox_id=mailbox_id, status=mailbox["status"], sends_per_day=a_day)


def _most(view: CampaignView) -> int:
    """What the campaign's own throttle lets through on a day."""
    throttle = view["throttle"]
    hours = windows.hours(throttle)
    by_gap = math.ceil(hours * _AN_HOUR_S / max(int(throttle["gap_seconds"]), 1))
    by_hour = math.ceil(int(throttle["per_hour"]) * hours)
    return min(int(throttle["daily_limit"]), by_hour, by_gap)


def _left(view: CampaignView, counts: dict[str, int]) -> int:
    """At most: of who is under way one mail at least was sent."""
    steps = len(view["steps"])
    ahead = sum(counts.get(status, 0) for status in _AHEAD)
    return ahead * steps + counts.get(_UNDER_WAY, 0) * (steps - 1)


def _finish(view: CampaignView, left: int, a_day: int) -> str | None:
    """The day of the last mail: not before all can be sent, nor before the last one's sequence."""
    if not left or not a_day:
        return None
    throttle = view["throttle"]
    now = clock.now()
    day = (windows.next_opening(throttle, now) or now).astimezone(_zone(throttle)).date()
    first = -(-left // (a_day * len(view["steps"])))
    by_rate = _days_on(throttle, day, -(-left // a_day))
    started = _days_on(throttle, day, first)
    if by_rate is None or started is None:
        return None
    waits = sum(_days(step) for step in view["steps"])
    return max(by_rate, started + timedelta(days=waits)).isoformat()


def _zone(throttle: Item) -> ZoneInfo:
    return ZoneInfo(throttle["time_zone"])


def _days(step: Item) -> int:
    """By the calendar, at most."""
    wait = int(step["delay_days"])
    return wait + (2 * math.ceil(wait / 5) if step["business_days"] else 0)


def _days_on(throttle: Item, day: date, count: int) -> date | None:
    """The last of so many days on which it mails."""
    last = day + _FORESEEN_DAYS * _A_DAY
    while day <= last:
        count -= windows.is_open_on(throttle, day)
        if count == 0:
            return day
        day += _A_DAY
    return None
