"""Where the mails of a digest lie."""

from typing import Any

from linkwright import clock, jobs
from linkwright.table import Item, Key
from linkwright.weeks import Week

# Longer than anybody is asked for the same week: of whom there is one, they are mailed it no more.
_KEPT_S = 35 * 24 * 3600


def mail_key(partition: str, week: Week, member_id: str) -> Key:
    return Key(f"W#{partition}#DGM", f"{week.label}#{member_id}")


def mail(partition: str, week: Week, member_id: str, told: dict[str, Any]) -> Item:
    """The job of one mail: there is one for each week and member, whatever is tried again."""
    key = mail_key(partition, week, member_id)
    return {
        **key.attributes(),
        "told": told,
        "mailed": {""},
        "ttl": clock.epoch() + _KEPT_S,
        **jobs.requested(jobs.DIGEST_MAIL, key.sk),
    }
