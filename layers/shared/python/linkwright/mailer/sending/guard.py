"""Whether a mailbox's mails are taken: of too many that come back, or that are complained of, its
campaigns are paused before its host and its domain are blocked for good.
"""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Literal, NamedTuple

from linkwright import clock
from linkwright.mailer import items, lines
from linkwright.mailer.campaigns import campaigns, states
from linkwright.mailer.items import CampaignItem
from linkwright.mailer.sending import queue, throttle
from linkwright.observability import count
from linkwright.table import Item, Table, query
from linkwright.transaction import Outrun, Transaction

Kind = Literal["bounced", "complained", "unsubscribed", "negative", "policy"]
# What it is judged by: its last mails, and none that is older.
_SENDS, _DAYS = 1000, 30
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
_WARNS = _Rule("complaint_rate", "complained", 1, 1, 0.001)


def note(tx: Transaction, mailbox: Item, line: Item | None, kind: Kind) -> None:
    """Count against a mailbox what came of a mail of its, and have its line look at that."""
    era = int((line or {}).get("era", 0))
    today = throttle.day(mailbox["view"]["time_zone"], clock.now())
    where = lines.day_key(tx.partition, mailbox["sk"], era, today)
    tx.update(Table.CORE, where, f"ADD #{kind} :one", values={"one": 1})
    lines.ring(tx, mailbox["sk"])


def counts(partition: str, mailbox_id: str, era: int) -> Counter[str]:
    """Of its last thousand mails, or thirty days: by days, the newest first."""
    since = (clock.now() - timedelta(days=_DAYS)).date()
    low = lines.day_key(partition, mailbox_id, era, since)
    rows, _ = query(
        Table.CORE, low.pk, between=(low.sk, f"{era:04}#~"), limit=_DAYS + 2, strong=True
    )
    found: Counter[str] = Counter()
    for row in rows:
        for name in ("sent", "bounced", "complained", "unsubscribed", "negative", "policy"):
            found[name] += int(row.get(name, 0))
        if found["sent"] >= _SENDS:
            break
    return found


def verdict(found: Counter[str]) -> str | None:
    """Why its campaigns are to be paused, if they are."""
    return next((rule.reason for rule in _PAUSES if _holds(rule, found)), None)


def is_warned(found: Counter[str]) -> bool:
    return _holds(_WARNS, found)


def _holds(rule: _Rule, found: Counter[str]) -> bool:
    sent, bad = found["sent"], found[rule.kind]
    return bad >= rule.least and sent >= rule.of and bad >= rule.share * sent


def has_paused(partition: str, line: Item, mailbox: Item) -> bool:
    """Pause all that mails from it, where it is time. Whoever starts them again begins anew: a new
    era of the mailbox is counted by itself.
    """
    era = int(line.get("era", 0))
    found = counts(partition, mailbox["sk"], era)
    reason = verdict(found)
    if reason is None:
        if is_warned(found):
            count("mailbox_complained_of")
        return False
    for campaign in _campaigns(partition, mailbox["sk"]):
        tx = Transaction(partition, "")
        states.move(tx, campaign, "paused", reason)
        with suppress(Outrun):
            tx.commit()
    if not _campaigns(partition, mailbox["sk"]):
        tx = Transaction(partition, "")
        queue.write(tx, line, {"era": era + 1})
        tx.commit()
    count("mailbox_guarded")
    return True


def _campaigns(partition: str, mailbox_id: str) -> list[CampaignItem]:
    """Those that mail from it, as they are now."""
    base, index = items.campaign_key(partition, "").pk, items.campaigns_in(partition, "active")
    found: list[str] = []
    start: Item | None = None
    while True:
        rows, start = query(Table.CORE, index, index="gsi3", start_after=start, limit=_READ_AT_ONCE)
        found += [row["sk"] for row in rows if row["pk"] == base]
        if start is None:
            break
    known = [campaigns.existing(partition, one) for one in found]
    return [one for one in known if _mails_from(one, mailbox_id)]


def _mails_from(campaign: CampaignItem, mailbox_id: str) -> bool:
    return campaign["state"] == "active" and mailbox_id in campaign["view"]["mailbox_ids"]
