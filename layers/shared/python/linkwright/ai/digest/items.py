"""Where the mails of a digest lie."""

from typing import Any

from linkwright import clock, jobs
from linkwright.table import Item, Key, Table
from linkwright.transaction import Outrun, Transaction
from linkwright.weeks import Week

# Longer than anybody is asked for the same week: of whom there is one, they are mailed it no more.
_KEPT_S = 35 * 24 * 3600


def mail_key(partition: str, week: Week, member_id: str) -> Key:
    return Key(f"W#{partition}#DGM", f"{week.label}#{member_id}")


def mail(partition: str, week: Week, member_id: str, told: dict[str, Any]) -> Item:
    """The job of one mail: there is one for each week and member, whatever is tried again.

    It is put where there is none, or one that came to nothing, as `is_sent` has it.
    """
    key = mail_key(partition, week, member_id)
    return {
        **key.attributes(),
        "told": told,
        "mailed": {""},
        "ttl": clock.epoch() + _KEPT_S,
        **jobs.requested(jobs.DIGEST_MAIL, key.sk),
    }


def is_sent(row: Item, member_id: str) -> bool:
    """Whether it is under way, was mailed, or may have been: else it is done in vain, or given up,
    and nobody was mailed.
    """
    return jobs.is_due(row) or member_id in row["mailed"]


def ask(tx: Transaction, week: Week, member_id: str, told: dict[str, Any]) -> None:
    """Raises `Outrun` at the commit where it is sent by now."""
    tx.put(
        Table.CORE,
        mail(tx.partition, week, member_id, told),
        condition="attribute_not_exists(#pk) OR (NOT contains(#mailed, :member)"
        " AND (attribute_not_exists(#gsi2pk) OR NOT begins_with(#gsi2pk, :due)))",
        values={"member": member_id, "due": jobs.DUE},
        otherwise=Outrun,
    )
