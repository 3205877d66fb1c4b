"""When the next mail may go: what a mailbox, a campaign and the reader's own day let through."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from linkwright.mailer.campaigns import windows
from linkwright.mailer.campaigns.limits import limits
from linkwright.mailer.items import CampaignView, LeadView

_A_DAY = timedelta(days=1)
_A_WEEK = timedelta(days=7)
# A week has no more windows of two that could follow each other.
_TRIES = 32


def cap(mailbox: Mapping[str, Any], first_day: date | None, today: date) -> int:
    """How many mails a mailbox may send today: at first few, and each day some more."""
    most, of = int(mailbox["daily_cap"]), limits()
    if of.has_ramp:
        ramp = mailbox["ramp"]
        days = (today - first_day).days if first_day else 0
        most = min(most, int(ramp["start"]) + int(ramp["step"]) * days)
    return most * of.cap


def day(zone: str, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def hour(zone: str, moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H")


def next_day(zone: str, moment: datetime) -> datetime:
    """When the day after begins in a zone."""
    return datetime.combine(day(zone, moment) + _A_DAY, time(), ZoneInfo(zone))


def next_hour(zone: str, moment: datetime) -> datetime:
    local = moment.astimezone(ZoneInfo(zone))
    return moment + timedelta(hours=1) - (local - local.replace(minute=0, second=0, microsecond=0))


def gap(throttle: Mapping[str, Any], lead_id: str, seq: int) -> timedelta:
    """Until the next mail, after that of a lead: as long each time that it is asked."""
    digest = hashlib.sha256(f"{lead_id}#{seq}".encode()).digest()
    share = int.from_bytes(digest[:4]) / 2**32
    return (
        int(throttle["gap_seconds"]) + share * int(throttle["jitter_seconds"])
    ) * limits().second


def opens(
    campaign: CampaignView, lead: LeadView, mailbox: Mapping[str, Any], at: datetime
) -> datetime:
    """The first moment from one on at which the reader's window and that of the mailbox are open;
    where they never are at once, the reader's counts alone.
    """
    theirs: dict[str, Any] = dict(campaign["throttle"])
    if zone := lead.get("time_zone"):
        theirs["time_zone"] = zone
    ours = {"window": mailbox["window"], "time_zone": mailbox["time_zone"]}
    moment = at
    for _ in range(_TRIES):
        later = windows.next_opening(theirs, moment) or windows.next_opening(ours, moment)
        if later is None:
            return moment
        moment = later
        if moment - at > _A_WEEK:
            break
    return windows.next_opening(theirs, at) or at
