"""What owners do that lets more mails go, or others mail them; and that no line rests then on which
somebody may go.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from linkwright import clock, jobs
from linkwright.mailer import items, lines
from linkwright.mailer.leads import looking
from linkwright.mailer.sending import claims, throttle
from linkwright.table import Item
from tests import mailing
from tests.simulation.cloud import CORE
from tests.simulation.mail.owners import Owners
from tests.simulation.tables import Tables

# By then a run has looked: whose work failed waits no longer.
_HEARD = timedelta(minutes=2)
_HOURS = 40
_WIDER = {"window": mailing.ALWAYS, "daily_cap": 50, "ramp": {"start": 50, "step": 1}}
_FASTER = ({"window": mailing.ALWAYS}, {"daily_limit": 200, "per_hour": 50})


class Wakes:
    """By a chance of its own: what else happens is as without it."""

    def __init__(
        self,
        owners: Owners,
        tables: Tables,
        chance: random.Random,
        problem: Callable[[str], None],
    ) -> None:
        self._owners, self._tables, self._random = owners, tables, chance
        self._problem = problem
        self.looks = 0

    def begin(self) -> None:
        owners = self._owners
        for address, mailbox in owners.mailboxes.items():
            self._later(0.8, partial(self._widen_mailbox, mailbox))
            self._later(0.4, partial(self._replace, address))
        for campaign in owners.campaigns:
            self._later(0.5, partial(self._widen_campaign, campaign))
            self._later(0.15, partial(self._delete_all, campaign))
        for lead in owners.leads:
            self._later(0.6, partial(self._move, lead))

    def shut(self, address: str) -> None:
        """A mailbox is let in no more: it is mended in a while, or another one mails."""
        self._owners.shut(address)
        if self._random.random() < 0.5:
            act = partial(self._heard, partial(self._take_out, address))
            self._owners._scheduler.spawn(self._random.uniform(5, 500), act)

    def _later(self, chance: float, act: Callable[[], None]) -> None:
        if self._random.random() < chance:
            delay = 3600 * self._random.uniform(0, _HOURS)
            self._owners._scheduler.spawn(delay, partial(self._heard, act))

    def _heard(self, act: Callable[[], None]) -> None:
        act()
        self._owners._scheduler.sleep(_HEARD.total_seconds())
        self.look()

    # ---- what they do ---------------------------------------------------------------------------

    def _widen_mailbox(self, mailbox: str) -> None:
        self._owners._patch(f"/v1/mailer/mailboxes/{mailbox}", **_WIDER)

    def _widen_campaign(self, campaign: str) -> None:
        throttle = {**self._view(campaign)["throttle"], **self._random.choice(_FASTER)}
        self._owners._patch(f"/v1/mailer/campaigns/{campaign}", throttle=throttle)

    def _replace(self, address: str) -> None:
        """One that is to mail no more, and a while later not for those campaigns either."""
        path = f"/v1/mailer/mailboxes/{self._owners.mailboxes[address]}"
        self._owners._patch(path, enabled=False)
        self._owners._scheduler.sleep(self._random.uniform(100, 9_000))
        self._take_out(address)

    def _take_out(self, address: str) -> None:
        mailbox = self._owners.mailboxes[address]
        for campaign in self._owners.campaigns:
            left = [one for one in self._view(campaign)["mailbox_ids"] if one != mailbox]
            if left:
                self._owners._patch(f"/v1/mailer/campaigns/{campaign}", mailbox_ids=left)

    def _delete_all(self, campaign: str) -> None:
        for mailbox in self._view(campaign)["mailbox_ids"]:
            self._owners._do("DELETE", f"/v1/mailer/mailboxes/{mailbox}")

    def _move(self, lead: str) -> None:
        wanted = {"time_zone": self._random.choice(("Asia/Tokyo", "America/New_York", "UTC"))}
        self._owners._do("PATCH", f"/v1/mailer/leads/{lead}", wanted)

    def _view(self, campaign: str) -> Item:
        found = self._find(items.campaign_key(self._partition, campaign))
        assert found is not None
        view: Item = found["view"]
        return view

    # ---- who rests ------------------------------------------------------------------------------

    @property
    def _partition(self) -> str:
        return self._owners.workspace.partition

    def look(self) -> None:
        """As all is stored this moment: a line that rests has nobody who may go."""
        now, where = clock.now(), lines.line_key(self._partition, "").pk
        for line in self._tables.partition(CORE, where):
            if not _rests(line, now):
                continue
            for row in self._tables.partition(
                CORE, lines.row_key(self._partition, line["sk"], "").pk
            ):
                self.looks += 1
                if self._may_go(line, row, now):
                    until = line.get("next_at", "for ever")
                    self._problem(f"{row['sk']} may go, and {line['sk']} rests until {until}")

    def _may_go(self, line: Item, row: Item, now: datetime) -> bool:
        lead = self._find(items.lead_key(self._partition, lines.lead_at(row)))
        campaign_id, _ = lines.campaign_at(row["sk"])
        campaign = self._find(items.campaign_key(self._partition, campaign_id))
        if lead is None or campaign is None or row.get("aside", "") > clock.timestamp():
            return False
        if lead.get("queued", {}).get("place") != row["sk"] or campaign["state"] != "active":
            return False
        mailbox = self._find(items.mailbox_key(self._partition, line["sk"]))
        if mailbox is None:
            return True
        status, is_due = mailbox["view"]["status"], lines.due_at(row["sk"]) <= now - _HEARD
        if line["sk"] not in campaign["view"]["mailbox_ids"]:
            return is_due
        if status != "active" or not is_due or self._waits_for_others(lead, campaign, now):
            return False
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(throttle, "get", lambda _, key: self._find(key))
            moments = (
                claims.mailbox_ready(self._partition, line, mailbox["view"]),
                claims.campaign_ready(self._partition, campaign["view"]),
                throttle.opens(
                    campaign["view"], lead["view"].get("time_zone"), mailbox["view"], now
                ),
            )
        return max(moments) <= now

    def _waits_for_others(self, lead: Item, campaign: Item, now: datetime) -> bool:
        """For the list of suppressions, or the plan: nobody tells of these."""
        listed = self._find(items.suppression_key(self._partition, lead["address_hash"]))
        if listed is not None and looking.holds(listed):
            return True
        limit = self._find(lines.sent_key(self._partition, campaign["sk"], "LIMIT"))
        return limit is not None and clock.parse(limit["until"]) > now

    def _find(self, where: Any) -> Item | None:
        return self._tables.find(CORE, *where)


def _rests(line: Item, now: datetime) -> bool:
    """Whether no run has a line, and none is to have it soon."""
    if "flight" in line or int(line.get("leased_until", 0)) > clock.epoch_ms(now):
        return False
    if not jobs.is_due(line):
        return True
    return "next_at" in line and clock.parse(line["next_at"]) > now + _HEARD
