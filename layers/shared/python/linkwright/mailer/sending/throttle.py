"""When the next mail may go: what a mailbox, a campaign and the reader's own day let through.

A day is counted by the clock of its zone and by that of UTC, and neither may be above the cap: so
there is no second one by another zone, by a start after a pause, or by a mailbox that was deleted
and made again. Hours are those of UTC, and what is to be between two mails holds across midnight.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.mailer import lines
from linkwright.mailer.campaigns import windows
from linkwright.mailer.campaigns.limits import limits
from linkwright.mailer.items import CampaignView
from linkwright.table import Item, Table, get
from linkwright.transaction import Transaction

A_DAY = timedelta(days=1)
_A_WEEK = timedelta(days=7)
# A week has no more windows of two that could follow each other.
_TRIES = 32
_UTC = "UTC"
# By the letter that its name begins with, how many characters of it are of a day.
_DAY_CHARS = 8
_OF_LATE = timedelta(days=3)
_KEPT_S = 60 * 24 * 3600


class Capped(Exception):
    """The campaign, or the mailbox, has sent what it may for now."""


class Pace:
    """How many mails went of late: of a campaign, or from an address, by its hash."""

    def __init__(self, partition: str, of: str, zone: str) -> None:
        self._where = lines.pace_key(partition, of)
        self._row: Item = get(Table.CORE, self._where) or {}
        self._zone, self._now = zone, clock.now()
        self.today = day(zone, self._now)
        self._days = (f"d{self.today:%Y%m%d}", f"u{self._now:%Y%m%d}")
        self._hour = f"h{self._now:%Y%m%d%H}"

    @property
    def first_day(self) -> date | None:
        """On which the first one went."""
        known = self._row.get("first_day")
        return date.fromisoformat(known) if known else None

    def free_from(self, a_day: int, an_hour: int | None = None, *, tomorrow: int = 0) -> datetime:
        """When the next one may go, or could have. `tomorrow`: the cap of the zone's next day,
        which may let one go that is too many by UTC today.
        """
        now, (day, day_of_utc) = self._now, self._days
        ready = clock.from_epoch_ms(int(self._row.get("next_ms", 0)))
        if self._sent(day) >= a_day:
            ready = max(ready, next_day(self._zone, now))
        if self._sent(day_of_utc) >= a_day:
            zones = {_UTC, self._zone} if self._sent(day_of_utc) < tomorrow else {_UTC}
            ready = max(ready, min(next_day(zone, now) for zone in zones))
        if an_hour is not None and self._sent(self._hour) >= an_hour:
            ready = max(ready, next_hour(_UTC, now))
        return ready

    def count(
        self, tx: Transaction, a_day: int, an_hour: int | None = None, next_ms: int | None = None
    ) -> None:
        """One more goes. Raises `Capped` at the commit."""
        most = dict.fromkeys(self._days, "a_day") | ({self._hour: "an_hour"} if an_hour else {})
        conditions = [
            f"(attribute_not_exists(#{name}) OR #{name} < :{cap})" for name, cap in most.items()
        ]
        facts: Item = {"ttl": clock.epoch() + _KEPT_S}
        facts["first_day"] = self._row.get("first_day", self.today.isoformat())
        values: Item = {"one": 1, "a_day": a_day} | ({"an_hour": an_hour} if an_hour else {})
        if next_ms is not None:
            facts["next_ms"] = next_ms
            conditions.append("(attribute_not_exists(#next_ms) OR #next_ms <= :now)")
            values["now"] = clock.epoch_ms(self._now)
        old = [name for name in self._row if self._is_old(name)]
        tx.update(
            Table.CORE,
            self._where,
            "SET "
            + ", ".join(f"#{name} = :{name}" for name in facts)
            + (" REMOVE " + ", ".join(f"#{name}" for name in old) if old else "")
            + " ADD "
            + ", ".join(f"#{name} :one" for name in most),
            condition=" AND ".join(conditions),
            values={**facts, **values},
            otherwise=Capped,
        )

    def _sent(self, name: str) -> int:
        return int(self._row.get(name, 0))

    def _is_old(self, name: str) -> bool:
        digits = name[1:]
        if name[:1] not in {"d", "u", "h"} or not digits.isdecimal():
            return False
        return digits[:_DAY_CHARS] < f"{self._now - _OF_LATE:%Y%m%d}"


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
    return datetime.combine(day(zone, moment) + A_DAY, time(), ZoneInfo(zone))


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
    campaign: CampaignView, zone: str | None, mailbox: Mapping[str, Any], at: datetime
) -> datetime:
    """The first moment from one on at which the reader's window, in their `zone`, and that of the
    mailbox are open; where they never are at once, the reader's counts alone.
    """
    theirs: dict[str, Any] = dict(campaign["throttle"])
    if zone:
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
