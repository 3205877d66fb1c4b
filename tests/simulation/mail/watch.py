"""What must never be seen of mails: watched at every write, and as each arrives at the host."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.mailer import items
from linkwright.table import Item
from tests.simulation.cloud import CORE
from tests.simulation.invariants import Broken
from tests.simulation.mail.host import Taken
from tests.simulation.tables import Change, Tables

Step = tuple[str, int]
_WAITS = {"ready", "active"}
# Between a look at the clock and the write that is made by it: the log-in, and a slow network.
_GRACE = timedelta(seconds=45)
# The longest from a claim to the mail: what a worker may take, and a host that is late.
_UNDER_WAY = timedelta(seconds=85)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_A_SECOND = timedelta(seconds=1)


class Watch:
    def __init__(
        self, tables: Tables, partition: Callable[[], str], note: Callable[[str], None]
    ) -> None:
        self.problems: list[str] = []
        self.arrived: dict[Step, list[Taken]] = defaultdict(list)
        self.records: dict[Step, Item] = {}
        self._tables, self._partition, self._note = tables, partition, note
        self._approved: dict[Step, tuple[str, str]] = {}
        self._last_by: dict[str, tuple[datetime, timedelta]] = {}
        # What it was before a step was claimed.
        self._before: dict[tuple[Step, str], tuple[datetime, timedelta] | None] = {}
        self._by_day: Counter[tuple[str, str]] = Counter()
        self._first_day: dict[str, Any] = {}
        self.claims = 0
        # Of leads that are gone, those that may have been sent and never arrived.
        self.deleted_unknown = 0
        tables.listeners.append(self._see)

    def problem(self, text: str) -> None:
        self.problems.append(text)
        self._note(f"PROBLEM: {text}")

    # ---- at every write -------------------------------------------------------------------------

    def _see(self, changes: list[Change]) -> None:
        try:
            for change in changes:
                if change.table == CORE:
                    self._look(change.before or {}, change.after or {})
        except Exception as failure:
            raise Broken from failure

    def _look(self, before: Item, after: Item) -> None:
        where = after or before
        if not where or "#LEAD#" not in where["pk"]:
            return
        lead, (kind, _, seq) = where["pk"].split("#")[3], where["sk"].partition("#")
        if kind == "EML" and after:
            self._email((lead, int(seq)), before.get("view", {}), after["view"])
        elif kind == "SND":
            self._record((lead, int(seq)), before, after)

    def _email(self, step: Step, before: Item, after: Item) -> None:
        text = (after["subject"], after["body"])
        if after["state"] == "approved" and before.get("state") != "sending":
            self._approved[step] = text
        if after["state"] != "sending" or before.get("state") == "sending":
            return
        if before.get("state") != "approved" or self._approved.get(step) != text:
            self.problem(f"{step} is to be sent, and was {before.get('state')}")

    def _record(self, step: Step, before: Item, after: Item) -> None:
        if after:
            self.records[step] = after
        else:
            was = self.records.pop(step, {})
            if not self.arrived[step]:
                self._take_back(step)
            self.deleted_unknown += was.get("state") != "claimed" or not self.arrived[step]
            if self.arrived[step] and self._has_lead(step):
                self.problem(f"{step} is to be sent once more, and has arrived")
        if before and after:
            if before["state"] != "claimed" and not self.may_be(step, before, after):
                self.problem(f"{step} was {before['state']}, and is {after['state']}")
        elif after:
            self.claims += 1
            self._claimed(step, after)

    def _claimed(self, step: Step, record: Item) -> None:
        lead = self._find(items.lead_key(self._partition(), step[0]))
        campaign = self._find(items.campaign_key(self._partition(), record["campaign"]))
        mailbox = self._find(items.mailbox_key(self._partition(), record["mailbox"]))
        if lead is None or campaign is None or mailbox is None:
            self.problem(f"{step} is claimed, and something of it is gone")
            return
        if mailbox["sk"] not in campaign["view"]["mailbox_ids"]:
            self.problem(f"{step} is claimed by a mailbox that its campaign does not name")
        if lead["view"]["status"] not in _WAITS:
            self.problem(f"{step} is claimed, and its lead is {lead['view']['status']}")
        if campaign["state"] != "active" or mailbox["view"]["status"] != "active":
            self.problem(f"{step} is claimed while nothing is to be mailed")
        if self._find(items.suppression_key(self._partition(), lead["address_hash"])):
            self.problem(f"{step} is claimed, and its address is suppressed")
        self._require_turn(step, campaign["view"]["steps"])
        at = clock.parse(record["at"])
        theirs = campaign["view"]["throttle"]
        zone = lead["view"].get("time_zone") or theirs["time_zone"]
        if not _may_be_open(theirs["window"], zone, at):
            self.problem(f"{step} is claimed at {at}, outside of the window in {zone}")
        self._require_pace(step, mailbox["sk"], mailbox["view"], at)
        self._require_pace(step, campaign["sk"], theirs, at)

    def _require_turn(self, step: Step, steps: list[Item]) -> None:
        """Behind the step before, by so many days as that says."""
        lead, seq = step
        if seq == 1:
            return
        before = self.records.get((lead, seq - 1))
        if before is None or before["state"] not in {"sent", "unknown"}:
            self.problem(f"{step} is claimed before the step before it was sent")
            return
        days, since = steps[seq - 1]["delay_days"], clock.parse(before["at"])
        if clock.now() < since + timedelta(days=days) - timedelta(hours=1):
            self.problem(f"{step} is claimed too early: the one before went at {since}")

    def _require_pace(self, step: Step, of: str, limits: Any, at: datetime) -> None:
        self._before[step, of] = self._last_by.get(of)
        if of in self._last_by:
            last, gap = self._last_by[of]
            if at < last + gap - _A_SECOND:
                self.problem(f"{step} of {of} is claimed at {at}, {at - last} after another")
        self._last_by[of] = at, timedelta(seconds=limits["gap_seconds"])
        local = at.astimezone(ZoneInfo(limits["time_zone"]))
        day, hour = (of, f"{local:%Y-%m-%d}"), (of, f"utc {at:%Y-%m-%dT%H}")
        of_utc = (of, f"utc {at:%Y-%m-%d}")
        for one in (day, of_utc):
            self._by_day[one] += 1
        self._by_day[hour] += 1
        if "daily_cap" in limits:
            first = self._first_day.setdefault(of, local.date())
            ramp = limits["ramp"]
            grown = ramp["start"] + ramp["step"] * (local.date() - first).days
            most, an_hour = min(limits["daily_cap"], grown), 10**9
        else:
            most, an_hour = limits["daily_limit"], limits["per_hour"]
        if max(self._by_day[day], self._by_day[of_utc]) > most or self._by_day[hour] > an_hour:
            self.problem(f"{step} is one too many of {of}: {self._by_day[day]} of {most} a day")

    def _take_back(self, step: Step) -> None:
        """Nothing went, so nothing has to be behind it."""
        for one, of in [key for key in self._before if key[0] == step]:
            before = self._before.pop((one, of))
            if before is not None:
                self._last_by[of] = before
            else:
                self._last_by.pop(of, None)

    def _has_lead(self, step: Step) -> bool:
        return self._find(items.lead_key(self._partition(), step[0])) is not None

    def _find(self, where: Any) -> Item | None:
        return self._tables.find(CORE, *where)

    # ---- at the host ----------------------------------------------------------------------------

    def taken(self, taken: Taken) -> None:
        lead, _, seq = taken.mark.partition(".")
        step = (lead, int(seq))
        self.arrived[step].append(taken)
        if len(self.arrived[step]) > 1:
            self.problem(f"{step} arrives {len(self.arrived[step])} times")
        record = self.records.get(step)
        if record is None:
            # Its lead may have been deleted meanwhile.
            if self._find(items.lead_key(self._partition(), lead)) is not None:
                self.problem(f"{step} arrives, and nobody has claimed it")
            return
        if taken.at - clock.parse(record["at"]) > _UNDER_WAY:
            self.problem(f"{step} arrives long after its claim")
        text = taken.mail.get_body(("plain",))
        subject, body = self._approved[step]
        said = text.get_content().replace("\r\n", "\n") if text is not None else ""
        if not said.startswith(body) or "1 Main Street" not in said:
            self.problem(f"{step} says something else than was approved")
        self._require_thread(step, taken, subject)

    def _require_thread(self, step: Step, taken: Taken, subject: str) -> None:
        lead, seq = step
        earlier = [self.records.get((lead, one)) or {} for one in range(1, seq)]
        names = [f"<{one.get('sent_message_id') or one.get('message_id')}>" for one in earlier]
        for at, one in enumerate(earlier, 1):
            known = {arrived.named for arrived in self.arrived[(lead, at)]}
            if one.get("state") == "sent" and known and self._tells(lead, at, one) not in known:
                self.problem(f"{step} answers {names[at - 1]}, which went as {known}")
        wanted = subject
        if earlier:
            wanted = f"Re: {earlier[0].get('subject')}"
        said = (str(taken.mail["References"] or ""), str(taken.mail["In-Reply-To"] or ""))
        if said != (" ".join(names), names[-1] if names else ""):
            self.problem(f"{step} is in the thread {said}, and not in {names}")
        if str(taken.mail["Subject"]) != wanted:
            self.problem(f"{step} has another subject: {taken.mail['Subject']}")

    def _tells(self, lead: str, seq: int, record: Item) -> str:
        """The id by which we know it, or that of the host where that told nobody its own."""
        if not self.is_told(record["mailbox"]):
            return next((one.named for one in self.arrived[(lead, seq)]), "")
        return str(record.get("sent_message_id") or record["message_id"])

    # Whether somebody told what has a record become another one later.
    may_be: Callable[[Step, Item, Item], bool] = staticmethod(lambda *_: False)
    # Whether the host of a mailbox says which id it gave a mail.
    is_told: Callable[[str], bool] = staticmethod(lambda _: True)


def _may_be_open(window: Item, zone: str, at: datetime) -> bool:
    return any(_is_open(window, zone, moment) for moment in (at, at - _GRACE))


def _is_open(window: Item, zone: str, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(zone))
    start, end = time.fromisoformat(window["start"]), time.fromisoformat(window["end"])
    return _DAYS[local.weekday()] in window["days"] and start <= local.time() < end
