"""What comes to a mailbox in answer to what it sent, and the worker that reads it."""

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Protocol, cast

from linkwright import clock, ids, jobs
from linkwright.jobs import Work
from linkwright.mailer import items as mailer_items
from linkwright.mailer import lines
from linkwright.table import Item, Table, get, query, update
from linkwright.transaction import Transaction
from tests import mailhost, mailing
from tests.client import Context, invoke, queue_event
from tests.factories import Workspace
from tests.leads import put

READER = "noa@example.org"
AWAY = "I am out of the office and back on 15 February 2027."


class _Owner(Protocol):
    @property
    def partition(self) -> str: ...


def put_sent(owner: _Owner, lead: str, mailbox: str, seq: int = 1) -> str:
    """Let a step look as though it was sent; returns its Message-ID, without brackets."""
    message_id = f"{ids.new('mail')}@example.com"
    view = mailing.stored_view(owner, lead)
    put(
        {
            **mailer_items.send_key(owner.partition, lead, seq).attributes(),
            **{"lead": lead, "campaign": view["campaign_id"], "seq": seq, "state": "sent"},
            **{"mailbox": mailbox, "message_id": message_id, "at": clock.timestamp()},
            "subject": "An idea 1",
        }
    )
    address = mailer_items.hashed(view["email"])
    of = mailer_items.address_key(owner.partition, address, view["campaign_id"])
    if get(Table.CORE, of) is None:
        put({**of.attributes(), "lead": lead})
    put(lines.message_row(owner.partition, message_id, lead, seq))
    where = mailer_items.email_key(owner.partition, lead, seq)
    if get(Table.CORE, where) is None:
        mailing.put_email(owner, view["campaign_id"], lead, seq)
    email = (get(Table.CORE, where) or {})["view"] | {"state": "sent"}
    update(Table.CORE, where, "SET #view = :view", values={"view": email})
    return message_id


def answer(
    sender: str, about: str | None, text: str = "Yes, please call me.", **headers: str
) -> bytes:
    """An answer to the message of that id, as somebody sends it."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, mailing.SENDER, "Re: An idea 1"
    made["Message-ID"] = headers.pop("Message_ID", f"<{ids.new('mail')}@example.org>")
    if about:
        made["In-Reply-To"] = made["References"] = f"<{about}>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


def in_two_forms(sender: str, about: str, plain: str, html: str) -> bytes:
    made = message_from_bytes(answer(sender, about, plain), policy=policy.default)
    cast(EmailMessage, made).add_alternative(f"<p>{html}</p>", subtype="html")
    return made.as_bytes()


def judges(owner: Workspace, mailbox: str, host: str = "mx.example.com") -> None:
    """Let a mailbox's host be known by the name under which it judged its probe."""
    where = mailer_items.mailbox_key(owner.partition, mailbox)
    known = (get(Table.CORE, where) or {})["view"]["proof"]
    mailing.is_otherwise(owner, where, proof=known | {"judged_by": host})


def bounce(
    about: str, to: str = READER, status: str = "5.1.1", said: str = "no such user"
) -> bytes:
    """A report that a message was not delivered (RFC 3464)."""
    return f"""\
From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
To: {mailing.SENDER}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{ids.new("mail")}@mx.example.org>
Return-Path: <>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {to}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} {said}

--b
Content-Type: text/rfc822-headers

Message-ID: <{about}>
To: {to}

--b--
""".replace("\n", "\r\n").encode()


def complaint(about: str, to: str = READER) -> bytes:
    """A report that a receiver called a message spam (RFC 5965)."""
    return f"""\
From: <feedback@mx.example.org>
To: {mailing.SENDER}
Subject: FW: An idea 1
Message-ID: <{ids.new("mail")}@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an email abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Example/1.0
Version: 1
Original-Rcpt-To: {to}

--b
Content-Type: text/rfc822-headers

Message-ID: <{about}>
To: {to}

--b--
""".replace("\n", "\r\n").encode()


def comes(*messages: bytes, to: str = mailing.SENDER) -> None:
    mailhost.current().of(to)["INBOX"].extend(messages)


def put_reading(owner: _Owner, mailbox: str, at: datetime | None = None) -> None:
    """Have a mailbox read, as once it is proven."""
    where = lines.reading_key(owner.partition, mailbox).attributes()
    tx = Transaction(owner.partition, "req_test")
    asked = jobs.requested(jobs.MAILBOX_READING, mailbox)
    marks = jobs.due(jobs.MAILBOX_READING, mailbox, at) if at else asked
    tx.put(Table.CORE, {**where, **marks}, condition="")
    tx.commit()


def read(owner: _Owner, mailbox: str) -> None:
    """Let its worker run as if it were time."""
    where = lines.reading_key(owner.partition, mailbox)
    update(Table.CORE, where, "REMOVE #next_at")
    message = Work(jobs.MAILBOX_READING, *where).message()
    answer = invoke("tend_mailbox", queue_event([message]), Context(60_000))
    assert answer["batchItemFailures"] == []


def reading(owner: _Owner, mailbox: str) -> Item:
    return get(Table.CORE, lines.reading_key(owner.partition, mailbox)) or {}


def messages(owner: _Owner, lead: str) -> list[dict[str, Any]]:
    """What is kept of a lead's thread, the first first."""
    where = mailer_items.lead_partition(owner.partition, lead)
    rows, _ = query(
        Table.CORE, where, between=("THR#", "THR#~"), limit=100, newest_first=False, strong=True
    )
    return [row["view"] for row in rows]


def put_again(owner: _Owner, mailbox: str) -> None:
    tx = Transaction(owner.partition, "req_test")
    lines.ask_to_read(tx, mailbox)
    tx.commit()
