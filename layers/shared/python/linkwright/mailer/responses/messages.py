"""A lead's thread: what its sequence sent, what came, and what was answered to that."""

from linkwright import pagination
from linkwright.auth import Account
from linkwright.mailer import items as mailer_items
from linkwright.mailer import lines
from linkwright.mailer.items import LeadItem
from linkwright.mailer.leads import leads
from linkwright.mailer.lines import SendState
from linkwright.mailer.responses import items
from linkwright.mailer.responses.items import MessageState
from linkwright.mailer.responses.models import LeadMessage
from linkwright.pagination import ListQuery, Page, Place, Placed
from linkwright.table import Item, Table, query

_ROUTE = "mailer/messages"
# An email and a send record for each step, and some more.
_OF_A_SEQUENCE = 60
_STATES: dict[SendState, MessageState] = {"claimed": "sending"}


def listed(account: Account, lead_id: str, wanted: ListQuery) -> Page[LeadMessage]:
    """The newest first. Errors: no such lead (404)."""
    leads.existing(account.partition, lead_id)
    name = mailer_items.lead_partition(account.partition, lead_id)

    def sequence(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
        rows = [one for one in _sent(name) if after is None or one[0] < after]
        return rows[:count], None

    of = (items.THREAD, f"{items.THREAD}~")
    thread = pagination.partition(Table.CORE, name, between=of)
    fetch = pagination.merged([thread, sequence])
    return pagination.paged(account, f"{_ROUTE}/{lead_id}", wanted, fetch, _show)


def behind(partition: str, lead: LeadItem, place: str) -> set[str]:
    """The ids of what is newer in a lead's thread than a place of it."""
    name = mailer_items.lead_partition(partition, lead["sk"])
    of = (place, f"{items.THREAD}~")
    kept, _ = query(Table.CORE, name, between=of, limit=items.MOST_KEPT + 1, strong=True)
    newer = [row for at, row in _sent(name) if at.sk > place]
    return {row["view"]["id"] for row in [*kept, *newer]}


def _show(row: Item) -> LeadMessage:
    return LeadMessage.model_validate(row["view"])


def _sent(name: str) -> list[Placed]:
    """The mails of a sequence as messages, the newest first."""
    rows, _ = query(
        Table.CORE, name, between=("EML#", "SND#~"), limit=_OF_A_SEQUENCE, newest_first=False
    )
    emails = {row["view"]["seq"]: row["view"] for row in rows if row["sk"].startswith("EML#")}
    found: list[Placed] = []
    for send in (row for row in rows if row["sk"].startswith("SND#")):
        message_id, seq = items.message_id(send["message_id"]), send["seq"]
        view = {
            **{"id": message_id, "direction": "sent", "at": send["at"], "seq": seq},
            "state": _STATES.get(send["state"], send["state"]),
            "subject": send["subject"] if seq == 1 else lines.answering(send["subject"]),
            "text": emails[seq]["body"] if seq in emails else "",
            **({"reason": send["reason"]} if "reason" in send else {}),
        }
        place = items.place(send["at"], message_id)
        found.append((Place(place, place), {"view": view}))
    return sorted(found, key=lambda one: one[0], reverse=True)
