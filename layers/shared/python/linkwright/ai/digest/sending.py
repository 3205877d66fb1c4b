"""Sending the digest: what is mailed to whom is written in the transaction of its charge.

Each mail is an item that is put only where there is none, so a week is mailed to a member once,
whoever asks for it, and however often: who comes second finds that out before they pay. One that
came to nothing is asked for again, as it was made and paid for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from linkwright import clock, weeks
from linkwright.ai import answers
from linkwright.ai.answers import Chosen
from linkwright.ai.digest import content, items, summary
from linkwright.ai.digest.models import DigestSent
from linkwright.ai.digest.summary import Told
from linkwright.ai.insight.asking import Asking
from linkwright.auth import Account
from linkwright.credits.operations import Allowed, Generation, Made
from linkwright.errors import Conflict
from linkwright.table import Item, Table, query
from linkwright.transaction import Transaction
from linkwright.weeks import Week
from linkwright.workspace import operations
from linkwright.workspace.mailed import operations as mailed
from linkwright.workspace.operations import Settings, Tenant


@dataclass(frozen=True)
class Mailing:
    """A digest of a week, whom it is mailed to, and who has it.

    `kept` is what those were to be told who were not mailed.
    """

    partition: str
    settings: Settings
    chosen: Chosen
    week: Week
    to: list[str]
    already: list[str]
    kept: Mapping[str, dict[str, Any]]

    @property
    def is_made(self) -> bool:
        """Whether everybody has it, or what they are to be told is there: it was paid for."""
        return all(one in self.kept for one in self.to)

    def generation(self) -> Generation[DigestSent]:
        return Generation(self._made, is_free=self.chosen.is_free or self.is_made)

    def told(self, allowed: Allowed, chosen: Chosen) -> tuple[dict[str, Any], Told]:
        """What it tells, and how that came about."""
        language, of = self.settings.language, self.partition
        zone = ZoneInfo(self.settings.time_zone)
        asked = Asking(of, language, chosen, self.week.next.first, zone, allowed)
        told = summary.of_week(asked, self.week)
        return content.of(told, self.week, language), told

    def ask(self, tx: Transaction, told: dict[str, Any]) -> None:
        """Have it mailed. Raises `Outrun` at the commit where somebody has by now."""
        for member_id in self.to:
            items.ask(tx, self.week, member_id, told)

    def _made(self, allowed: Allowed) -> Made[DigestSent]:
        body = DigestSent(week=self.week.label, sent=self.to, already_sent=self.already)
        if self.is_made:
            return Made(body, writes=self._ask_again, is_own=True)  # no model of ours is asked
        told, made = self.told(allowed, self.chosen)
        return Made(body, made.is_fallback, lambda tx: self.ask(tx, told), made.is_own)

    def _ask_again(self, tx: Transaction) -> None:
        for member_id in self.to:
            items.ask(tx, self.week, member_id, self.kept[member_id])


def asked(account: Account) -> Generation[DigestSent]:
    """Errors: nobody to mail, or nobody whom mail reaches (409)."""
    return mailing(account.partition, operations.tenant(account.partition)).generation()


def mailing(partition: str, tenant: Tenant) -> Mailing:
    """Of the last week that is over. Errors: as `asked`."""
    week = weeks.closed(clock.now(), ZoneInfo(tenant.settings.time_zone))
    wanted = mailed.all_of(partition)
    reached = [one.id for one in wanted if not one.is_refused]
    if not wanted:
        raise Conflict(
            "No owner or admin who wants the digest has a verified address that can be mailed.",
            reason="no_recipient",
        )
    if not reached:
        raise Conflict("Mail does not reach the addresses it is for.", reason="address_bounced")
    known = _known(partition, week)
    has_it = {one for one, row in known.items() if items.is_sent(row, one)}
    return Mailing(
        partition,
        tenant.settings,
        answers.of(tenant),
        week,
        to=[one for one in reached if one not in has_it],
        already=[one for one in reached if one in has_it],
        kept={one: row["told"] for one, row in known.items() if one not in has_it},
    )


def _known(partition: str, week: Week) -> dict[str, Item]:
    """The mails of a week, by whom they are for; strongly read."""
    low, high = (items.mail_key(partition, week, end) for end in ("", "~"))
    rows, _ = query(
        *(Table.CORE, low.pk), between=(low.sk, high.sk), limit=100, newest_first=False, strong=True
    )
    return {row["sk"].partition("#")[2]: row for row in rows}
