"""What one key may take on a day, UTC, where it has a limit: beyond it no plan helps.

What came of a key, in its place or made by it, takes of the same day: none gets around it so.
"""

from datetime import timedelta

from linkwright import clock
from linkwright.auth import Account
from linkwright.credits import items
from linkwright.credits.items import Hold
from linkwright.errors import QuotaExceeded
from linkwright.table import Key, Table, get
from linkwright.transaction import Transaction

_KEPT_S = 3 * 24 * 3600


def of(account: Account) -> str | None:
    """The day that a hold of now counts for, and of which key; None where there is no limit."""
    if account.ai_credits_per_day is None:
        return None
    return f"{clock.now():%Y%m%d}#{account.ai_credits_of or account.credential_id}"


def take(tx: Transaction, account: Account, hold: Hold) -> QuotaExceeded | None:
    """Add to the day's count. Raises `QuotaExceeded` at the commit; returns it if it never fits."""
    limit, key = account.ai_credits_per_day or 0, _key(hold)

    def exceeded() -> QuotaExceeded:
        used = int((get(Table.CORE, key) or {}).get("committed", 0))
        tomorrow = clock.now().replace(hour=0, minute=0, second=0) + timedelta(days=1)
        return QuotaExceeded(
            upgrade_to=None,
            remaining=max(limit - used, 0),
            required=hold.credits,
            resets_at=clock.timestamp(tomorrow),
        )

    if hold.credits > limit:
        return exceeded()
    tx.update(
        Table.CORE,
        key,
        "SET #ttl = :ttl ADD #committed :credits",
        condition="attribute_not_exists(#committed) OR #committed <= :most",
        values={
            "credits": hold.credits,
            "most": limit - hold.credits,
            "ttl": clock.epoch() + _KEPT_S,
        },
        otherwise=exceeded,
    )
    return None


def give_back(tx: Transaction, hold: Hold) -> None:
    tx.update(Table.CORE, _key(hold), "ADD #committed :less", values={"less": -hold.credits})


def _key(hold: Hold) -> Key:
    return items.day_key(hold.partition, hold.day or "")
