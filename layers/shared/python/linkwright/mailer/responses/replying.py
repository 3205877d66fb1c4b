"""Answering a lead: asked for by a person, and mailed once by a job, in the thread."""

from typing import Any, cast

from linkwright import clock, ids, jobs, usage
from linkwright.auth import Account
from linkwright.errors import Conflict, ResourceNotFound
from linkwright.mailer import items as mailer_items
from linkwright.mailer import lines
from linkwright.mailer.items import LeadItem
from linkwright.mailer.leads import leads, looking
from linkwright.mailer.lines import Send
from linkwright.mailer.responses import items, messages
from linkwright.mailer.responses.items import MessageView
from linkwright.mailer.responses.models import AnswerLead, LeadMessage
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction

# The plan's dimension that mails are counted by.
SENDS = "mailer_sends"
_LONGEST_ID = 250


def answer(account: Account, lead_id: str, wanted: AnswerLead, tx: Transaction) -> LeadMessage:
    """Errors: no such lead (404), there is nothing to answer, or something newer, nothing is mailed
    to that address, or its mailbox does not mail (409), the plan has no more sends (402).
    """
    lead = leads.existing(account.partition, lead_id)
    answered = _answered(account.partition, lead, wanted.last_message_id)
    send = _send(account.partition, lead, answered["view"]["seq"])
    mailbox = _mailbox(account.partition, send["mailbox"])
    _require_wanted(account.partition, lead)
    period = usage.reserve(account, SENDS, 1, tx)
    message_id, now = ids.new("msg"), clock.timestamp()
    named = f"{ids.new('mail')}@{mailbox['view']['email'].partition('@')[2]}"
    view: MessageView = {
        "id": message_id,
        "direction": "sent",
        "state": "queued",
        "at": now,
        "subject": lines.answering(send["subject"]),
        "text": wanted.text,
        "seq": send["seq"],
        "sent_by": account.actor_id,
    }
    tx.put(Table.CORE, items.message_row(account.partition, lead_id, view))
    tx.put(
        Table.CORE,
        {
            **items.answer_key(account.partition, message_id).attributes(),
            **jobs.requested(jobs.LEAD_ANSWER, message_id),
            **{"state": "queued", "lead": lead_id, "seq": send["seq"], "period": period},
            **{"place": items.place(now, message_id), "mailbox": mailbox["sk"]},
            **{"message_id": named, "headers": _thread(send, answered)},
            "ttl": clock.epoch() + items.KNOWN_S,
        },
    )
    row = lines.message_row(account.partition, named, lead_id, send["seq"])
    answer = items.place(now, message_id)
    tx.put(Table.CORE, {**row, "answer": answer, "ttl": clock.epoch() + items.KNOWN_S})
    _count(tx, lead)
    tx.audit("lead.answered", lead_id, {"message": message_id})
    return LeadMessage.model_validate(view)


def _count(tx: Transaction, lead: LeadItem) -> None:
    """Where something newer came meanwhile, all of this is made anew."""
    version, kept = lead["v"] + 1, int(lead.get("kept", 0)) + 1
    tx.update(
        Table.CORE,
        mailer_items.lead_key(tx.partition, lead["sk"]),
        "SET #kept = :kept, #v = :v, #view.#version = :v",
        condition="#v = :seen",
        values={"kept": kept, "v": version, "seen": lead["v"]},
        otherwise=Outrun,
    )


def _answered(partition: str, lead: LeadItem, last: str) -> Item:
    """The newest message of theirs that counts. Whoever names one behind it has read it too."""
    place = lead.get("newest")
    if place is None:
        raise Conflict("The lead has not answered yet.", reason="nothing_to_answer")
    if place.rpartition("#")[2] != last and last not in messages.behind(partition, lead, place):
        raise Conflict(
            "Something newer came than the message that you name: read it before.",
            reason="newer_message",
        )
    row = get(Table.CORE, items.message_key(partition, lead["sk"], place))
    if row is None or int(lead.get("kept", 0)) >= items.MOST_KEPT:
        raise Conflict("The thread is too long to be kept here.", reason="thread_too_long")
    return row


def _send(partition: str, lead: LeadItem, seq: int) -> Send:
    found = get(Table.CORE, mailer_items.send_key(partition, lead["sk"], seq))
    if found is None:
        raise ResourceNotFound("There is no such lead.")
    return cast(Send, found)


def _mailbox(partition: str, mailbox_id: str) -> Item:
    found = get(Table.CORE, mailer_items.mailbox_key(partition, mailbox_id))
    if found is None or found["view"]["status"] != "active":
        raise Conflict("Its mailbox does not mail now.", reason="mailbox_not_active")
    return found


def _require_wanted(partition: str, lead: LeadItem) -> None:
    entry = get(Table.CORE, mailer_items.suppression_key(partition, lead["address_hash"]))
    if entry is not None and looking.holds(entry):
        raise Conflict("Nothing is mailed to that address.", reason="address_suppressed")


def _thread(send: Send, answered: Item) -> dict[str, Any]:
    """By the ids under which ours went, and theirs came, behind all that theirs answers."""
    ours = f"<{send.get('sent_message_id', send['message_id'])}>"
    theirs = answered.get("named") or ""
    before = [one for one in answered.get("thread", ()) if _may_be_named(one) and one != theirs]
    thread = before if ours in before else [ours, *before]
    names = [*thread, theirs] if _may_be_named(theirs) else thread
    return {"In-Reply-To": names[-1], "References": " ".join(names)}


def _may_be_named(message_id: str) -> bool:
    is_one = message_id.isascii() and message_id.isprintable() and "=?" not in message_id
    return is_one and 0 < len(message_id) <= _LONGEST_ID
