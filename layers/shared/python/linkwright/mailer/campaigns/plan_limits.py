"""That a campaign waits for its plan to have sends left, as it is shown of it."""

from datetime import datetime

from linkwright import clock
from linkwright.mailer import lines
from linkwright.mailer.items import CampaignItem
from linkwright.table import Table, get, update

_WHERE = "LIMIT"
_KEPT_S = 24 * 3600


def note(partition: str, campaign: CampaignItem, until: datetime) -> None:
    """`until` it is looked at again: where nobody does, that says nothing any more."""
    values = {"until": clock.timestamp(until), "ttl": clock.epoch() + _KEPT_S}
    where = lines.sent_key(partition, campaign["sk"], _WHERE)
    update(Table.CORE, where, "SET #until = :until, #ttl = :ttl", values=values)


def until(partition: str, campaign_id: str) -> str | None:
    """Until when a campaign waits, if it does."""
    row = get(Table.CORE, lines.sent_key(partition, campaign_id, _WHERE))
    if row is None or clock.parse(row["until"]) <= clock.now():
        return None
    return str(row["until"])
