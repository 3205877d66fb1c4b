"""What somebody answered, and what a program did in their name."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.mailer import items as mailer_items
from linkwright.mailer import lines
from linkwright.mailer.inbound import authentication, understanding
from linkwright.mailer.inbound.intents import Meaning
from linkwright.mailer.inbound.ours import Sent
from linkwright.mailer.inbound.parsing import Received
from linkwright.mailer.inbound.understanding import Understood
from linkwright.mailer.items import LeadItem, LeadStatus, LeadView
from linkwright.mailer.leads import status, waiting
from linkwright.mailer.lines import Send
from linkwright.mailer.mailboxes import items as mailbox_items
from linkwright.mailer.responses import companies, effects, items, matching, reasoning, written
from linkwright.mailer.responses.items import MessageView
from linkwright.mailer.responses.matching import Match
from linkwright.mailer.suppressions import suppressions
from linkwright.table import Item, Table, get
from linkwright.transaction import Transaction

# Of what is stored of one, of which a lead may have many.
_MOST_BYTES = 8_000
# Whose status says more than that they have answered.
_GRAVER: frozenset[LeadStatus] = frozenset({"bounced", "complained", "unsubscribed", "suppressed"})
_HEARD: frozenset[LeadStatus] = frozenset({"complained", "unsubscribed"})


@dataclass(frozen=True)
class Answer:
    send: Send
    # Its Message-ID, if it has one, and by which name it is known here.
    named: str | None
    name: str
    # The ids of what it answers, the first first.
    thread: tuple[str, ...]
    sender: str
    subject: str
    text: str
    meaning: Meaning
    is_automatic: bool
    # Not where the mailbox's own host found that somebody else wrote it.
    is_trusted: bool

    def write(self, tx: Transaction, lead: LeadItem) -> None:
        """Add what follows: it is kept, and of a person the sequence stops."""
        at = clock.timestamp()
        facts = self._kept(tx, lead, at)
        if not self.is_trusted:
            if self.meaning.intent == "unsubscribe":
                # As by the link below the mail, which whoever has that mail can follow as well.
                self._unsubscribe(tx, lead, {}, facts)
            else:
                status.write(tx, lead, lead["view"], facts=facts)
            return
        state = "automatic" if self.is_automatic else "replied"
        answered: dict[str, Any] = {"state": state, "intent": self.meaning.intent, "at": at}
        back = _back(tx, lead, self.meaning.returns_on)
        if back is not None:
            answered["returns_at"] = clock.timestamp(back)
        reply = {"reply": answered}
        facts["newest"] = items.place(at, items.message_id(self.name))
        if self.meaning.intent == "unsubscribe":
            self._unsubscribe(tx, lead, reply, facts)
        elif self.meaning.stops or _step(tx, lead, self.send).get("stop_on_auto_reply"):
            self._stop(tx, lead, reply, facts)
        else:
            view = cast(LeadView, {**lead["view"], **reply})
            after = status.write(tx, lead, view, facts=facts | _away(tx, lead, back))
            status.tell(tx, "lead.auto_replied", after)

    def _kept(self, tx: Transaction, lead: LeadItem, at: str) -> dict[str, Any]:
        kept = int(lead.get("kept", 0))
        if kept >= items.MOST_RECEIVED:
            return {}
        view: MessageView = {
            "id": items.message_id(self.name),
            "direction": "received",
            "state": "received" if self.is_trusted else "untrusted",
            "at": at,
            "subject": self.subject,
            "text": self.text.encode()[:_MOST_BYTES].decode("utf-8", "ignore"),
            "sender": self.sender,
            "intent": self.meaning.intent,
            "automatic": self.is_automatic,
            "seq": self.send["seq"],
        }
        known = {"named": self.named, "thread": list(self.thread)}
        row = items.message_row(tx.partition, lead["sk"], view, **known)
        tx.put(Table.CORE, row, condition="")
        return {"kept": kept + 1}

    def _unsubscribe(
        self, tx: Transaction, lead: LeadItem, shown: Item, facts: dict[str, Any]
    ) -> None:
        suppressions.suppress(
            tx, lead["address_hash"], lead["view"]["email"], source="unsubscribed"
        )
        if lead["view"]["status"] in _HEARD:
            status.write(tx, lead, cast(LeadView, {**lead["view"], **shown}), facts=facts)
            return
        effects.note(tx, self.send, "unsubscribed")
        after = status.stop(tx, lead, "unsubscribed", "unsubscribed", shown, facts=facts)
        status.tell(tx, "lead.unsubscribed", after)

    def _stop(self, tx: Transaction, lead: LeadItem, shown: Item, facts: dict[str, Any]) -> None:
        if self.meaning.intent == "not_interested":
            effects.note(tx, self.send, "negative")
        was = lead["view"]["status"]
        to: LeadStatus = was if was in _GRAVER else "replied"
        after = status.stop(tx, lead, to, "replied", shown, facts=facts)
        status.tell(tx, "lead.auto_replied" if self.is_automatic else "lead.replied", after)
        if not self.is_automatic and _step(tx, lead, self.send).get("stop_for_company"):
            companies.ask(tx, lead)


def heard(partition: str, mailbox: Item, message: Received) -> tuple[Match, Answer] | None:
    """None for what answers no mail of ours, for our own in the thread, and for what went in a
    circle.
    """
    ours = frozenset({mailbox["view"]["email"].lower()})
    if message.is_from(ours) or _is_ours(partition, message):
        return None
    host = mailbox["view"].get("proof", {}).get("judged_by")
    is_trusted = authentication.verdict(message, host) != "fail"
    ids = (*message.in_reply_to, *reversed(message.references))
    match = matching.by_ids(partition, mailbox["sk"], ids) or matching.by_token(partition, message)
    today = clock.now().date()
    if match is not None:
        sent = written.to(partition, match.lead)
        found: Understood | None = understanding.answer(message, ours, sent, today)
    elif is_trusted:
        match, found = _opts_out(partition, message, ours)
    if match is None or found is None or (found.program and found.program.kind == "loop"):
        return None
    meaning = found.meaning
    if is_trusted:
        meaning = reasoning.meaning(partition, found.text, message.subject, meaning)
    return match, Answer(
        match.send,
        message.message_id,
        message.name or f"{message.from_address} {message.date} {found.text}",
        matching.ends_of(message.references or message.in_reply_to),
        message.from_address or "",
        message.subject,
        found.text,
        meaning,
        found.program is not None and found.program.kind != "list",
        is_trusted,
    )


def _opts_out(
    partition: str, message: Received, ours: frozenset[str]
) -> tuple[Match | None, Understood | None]:
    """Of a mail that answers none, from an address that was mailed: the footer asks for no id."""
    today = clock.now().date()
    if understanding.opt_out(message, ours, Sent(), today) is None:
        return None, None
    match = matching.by_sender(partition, message)
    if match is None:
        return None, None
    sent = written.to(partition, match.lead)
    return match, understanding.opt_out(message, ours, sent, today)


def _is_ours(partition: str, message: Received) -> bool:
    """Whether it is from a mailbox of the workspace's own."""
    address = message.from_address
    if not address:
        return False
    return get(Table.CORE, mailbox_items.address_key(partition, address)) is not None


def _step(tx: Transaction, lead: LeadItem, send: Send) -> dict[str, Any]:
    """What its campaign says of the step that is answered."""
    where = mailer_items.campaign_key(tx.partition, lead["view"]["campaign_id"])
    campaign = get(Table.CORE, where)
    steps = campaign["view"]["steps"] if campaign else []
    return dict(steps[send["seq"] - 1]) if send["seq"] <= len(steps) else {}


def _away(tx: Transaction, lead: LeadItem, until: datetime | None) -> dict[str, Any]:
    """Have the next step wait until they are there again."""
    if until is None:
        return {}
    facts: dict[str, Any] = {"away": clock.timestamp(until)}
    queued = lead.get("queued")
    if queued is None or lines.due_at(queued["place"]) >= until:
        return facts
    moved = waiting.moved(tx, lead, lines.moved(queued["place"], until))
    return facts | moved | {"due": clock.timestamp(until)}


def _back(tx: Transaction, lead: LeadItem, day: date | None) -> datetime | None:
    """When the day on which they are back begins where they are."""
    if day is None:
        return None
    where = mailer_items.campaign_key(tx.partition, lead["view"]["campaign_id"])
    campaign = get(Table.CORE, where)
    zone = campaign["view"]["throttle"]["time_zone"] if campaign else "UTC"
    return datetime.combine(day, time(), ZoneInfo(lead["view"].get("time_zone") or zone))
