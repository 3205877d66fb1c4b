"""What was written to a lead, of which nothing in an answer is the lead's own."""

from linkwright.mailer import footer
from linkwright.mailer import items as mailer_items
from linkwright.mailer.inbound.ours import Sent
from linkwright.mailer.items import LeadItem
from linkwright.mailer.responses import items
from linkwright.table import Table, get, query

# More than a sequence has steps.
_MOST_EMAILS = 20


def to(partition: str, lead: LeadItem) -> Sent:
    """Its sequence, what was answered to it, and what stands under each."""
    where = mailer_items.lead_partition(partition, lead["sk"])
    emails, _ = query(Table.CORE, where, between=("EML#", "EML#~"), limit=_MOST_EMAILS)
    of = (items.THREAD, f"{items.THREAD}~")
    thread, _ = query(Table.CORE, where, between=of, limit=items.MOST_KEPT)
    answers = [row["view"]["text"] for row in thread if row["view"]["direction"] == "sent"]
    campaign = get(Table.CORE, mailer_items.campaign_key(partition, lead["view"]["campaign_id"]))
    signed = footer.signature(campaign["view"]) if campaign else ""
    bodies = [row["view"]["body"] for row in emails]
    return Sent(
        "\n".join([*bodies, *answers, signed]),
        tuple(row["view"]["subject"] for row in emails),
        footer.OPT_OUTS,
    )
