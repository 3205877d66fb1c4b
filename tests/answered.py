"""Leads that have answered, so that somebody may answer them."""

from itertools import count
from typing import Any, Protocol

from linkwright.mailer.responses import items
from linkwright.table import Table, update
from tests import heard, mailing
from tests.leads import put

_OTHERS = count(1000)


class _Owner(Protocol):
    @property
    def partition(self) -> str: ...


def put_answered(workspace: _Owner, email: str = heard.READER) -> tuple[str, str]:
    """Write a lead who has answered its first mail; returns its id and that of the answer."""
    box = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [box])
    lead = mailing.put_ready(workspace, campaign, email, of=1)
    heard.put_sent(workspace, lead, box)
    where = mailing.items.send_key(workspace.partition, lead, 1)
    update(Table.CORE, where, "SET #at = :at", values={"at": "2026-11-01T09:30:00Z"})
    message = items.message_id(lead)
    let_answer(workspace, lead, message, email)
    return lead, message


def let_answer(owner: _Owner, lead: str, message: str, email: str = heard.READER) -> None:
    """Let a lead that was mailed have answered by that message."""
    at = "2026-11-02T09:30:00Z"
    view: Any = {"id": message, "direction": "received", "state": "received", "at": at, "seq": 1}
    view |= {"subject": "Re: An idea", "text": "Yes.", "sender": email, "intent": "interested"}
    put(items.message_row(owner.partition, lead, view, named="<a1@example.org>"))
    update(
        Table.CORE,
        mailing.items.lead_key(owner.partition, lead),
        "SET #newest = :place, #kept = :one",
        values={"place": items.place(at, message), "one": 1},
    )


def writes_again(owner: _Owner, lead: str) -> None:
    """Let a lead have written once more, by a message of its own each time."""
    number, at = next(_OTHERS), "2026-11-02T09:30:00Z"
    view: Any = {"id": f"msg_other{number}", "direction": "received", "state": "received"}
    view |= {"at": at, "subject": "Re: An idea", "text": "And another thing."}
    put(items.message_row(owner.partition, lead, view))
