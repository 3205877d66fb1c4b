"""Whether a mailbox's mails are taken, and those of its domain: of too many that come back, or that
are complained of, campaigns are paused before the host and the domain are blocked for good.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

from linkwright import jobs
from linkwright.mailer import items, lines, rates
from linkwright.mailer.campaigns import campaigns, states
from linkwright.mailer.items import CampaignItem
from linkwright.mailer.rates import Eras, Kind
from linkwright.mailer.sending import queue
from linkwright.observability import count
from linkwright.table import Item, Table, get, pages
from linkwright.transaction import Outrun, Transaction

_READ_AT_ONCE = 100


class _Rule(NamedTuple):
    """So many at least, of so many mails at least, and such a share."""

    reason: str
    kind: Kind
    least: int
    of: int
    share: float


_PAUSES = (
    _Rule("bounce_rate", "bounced", 3, 50, 0.05),
    _Rule("complaint_rate", "complained", 2, 1, 0.003),
)
# Nothing is paused for the others.
_JUDGED = frozenset(rule.kind for rule in _PAUSES)


def note(tx: Transaction, mailbox: Item, line: Item | None, kind: Kind) -> None:
    """Count against a mailbox what came of a mail of its, and have its line look at that."""
    rates.add(tx, mailbox, line, kind)
    if kind in _JUDGED:
        lines.ring(tx, mailbox["sk"])


def verdict(found: Counter[str]) -> str | None:
    """Why campaigns are to be paused, if they are."""
    return next((rule.reason for rule in _PAUSES if _holds(rule, found)), None)


def _holds(rule: _Rule, found: Counter[str]) -> bool:
    sent, bad = found["sent"], found[rule.kind]
    return bad >= rule.least and sent >= rule.of and bad >= rule.share * sent


def has_paused(partition: str, line: Item, mailbox: Item) -> bool:
    """Pause all that mails from it, or from its domain, where it is time. Whoever starts them again
    begins anew: a new era is counted by itself.
    """
    now, domain = rates.eras(partition, mailbox["view"], line), rates.domain(mailbox["view"])
    own = rates.counts(partition, mailbox["sk"], now.mailbox)
    if reason := verdict(own):
        count("mailbox_guarded")
        if _are_paused(partition, reason, lambda one: mailbox["sk"] in one["view"]["mailbox_ids"]):
            tx = Transaction(partition, "")
            queue.write(tx, line, {"era": now.mailbox + 1})
            tx.commit()
        return True
    if reason := verdict(rates.counts(partition, domain, now.domain)):
        count("domain_guarded")
        if _are_paused(partition, f"domain_{reason}", lambda one: domain in _domains(one)):
            _begin_era(partition, domain, now)
        return True
    if rates.is_warned(own):
        count("mailbox_complained_of")
    return False


def _are_paused(partition: str, reason: str, is_of: Callable[[CampaignItem], bool]) -> bool:
    """Pause all campaigns that are of it; whether none of them mails any more."""
    for campaign in _active(partition):
        if is_of(campaign):
            tx = Transaction(partition, "")
            states.move(tx, campaign, "paused", reason)
            with suppress(Outrun):
                tx.commit()
    return not any(map(is_of, _active(partition)))


def _begin_era(partition: str, domain: str, now: Eras) -> None:
    tx = Transaction(partition, "")
    tx.update(
        Table.CORE,
        lines.era_key(partition, domain),
        "SET #era = :next",
        condition="attribute_not_exists(#era) OR #era = :seen",
        values={"next": now.domain + 1, "seen": now.domain},
        otherwise=Outrun,
    )
    # Else another mailbox of the domain was faster.
    with suppress(Outrun):
        tx.commit()


def _active(partition: str) -> list[CampaignItem]:
    """The campaigns that mail, as they are now."""
    base, index = items.campaign_key(partition, "").pk, items.campaigns_in(partition, "active")
    rows = chain.from_iterable(pages(Table.CORE, index, index="gsi3", limit=_READ_AT_ONCE))
    found = [row["sk"] for row in rows if row["pk"] == base]
    known = [campaigns.existing(partition, one) for one in found]
    return [one for one in known if one["state"] == "active"]


def _domains(campaign: CampaignItem) -> set[str]:
    """From which domains a campaign mails."""
    partition = jobs.partition_of(campaign["pk"])
    keys = (items.mailbox_key(partition, one) for one in campaign["view"]["mailbox_ids"])
    found = (get(Table.CORE, key) for key in keys)
    return {rates.domain(mailbox["view"]) for mailbox in found if mailbox is not None}
