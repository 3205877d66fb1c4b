"""Approving an email, and changing it before."""

from typing import Any, cast

from linkwright import clock
from linkwright.auth import Account
from linkwright.errors import Conflict, ResourceNotFound, ValidationFailed
from linkwright.http import IfMatch
from linkwright.mailer import items, lines
from linkwright.mailer.emails import standing, texts
from linkwright.mailer.emails.models import UpdateEmail
from linkwright.mailer.items import EmailView, LeadItem, LeadView
from linkwright.mailer.leads import leads, researching, status
from linkwright.mailer.leads.models import LeadEmail
from linkwright.table import Table
from linkwright.transaction import Otherwise, Transaction

_STATES = {"approve": "approved", "reject": "rejected", None: "generated"}
_SAID = {"approve": "email.approved", "reject": "email.rejected", None: "email.changed"}


def change(
    account: Account,
    lead_id: str,
    seq: str,
    wanted: UpdateEmail,
    if_match: IfMatch,
    tx: Transaction,
) -> LeadEmail:
    """Errors: no such lead or email (404), it is not at the version named, was sent, or its lead
    is being researched or has ended (409), a subject as of an answer, or of one (400).
    """
    partition = account.partition
    lead = leads.existing(partition, lead_id)
    views = emails_of(partition, lead_id)
    view = views.get(int(seq)) if seq.isascii() and seq.isdecimal() and len(seq) <= 4 else None
    if view is None:
        raise no_email()
    require_open(lead["view"], view, if_match.version)
    changed = _changed(view, wanted, views[1]["subject"] if 1 in views else "")
    if wanted.action == "approve":
        changed |= {"approved_by": account.actor_id}
    after = write(tx, lead["view"], view, changed)
    tx.audit(_SAID[wanted.action], lead_id, {"seq": view["seq"], "version": after["version"]})
    if wanted.action == "approve":
        tell(tx, after)
    settle(tx, lead, [*({**views, after["seq"]: after}.values())])
    return shown(partition, lead["view"], after)


def emails_of(partition: str, lead_id: str) -> dict[int, EmailView]:
    """By their place in the sequence."""
    views = cast(list[EmailView], leads.emails(partition, lead_id))
    return {view["seq"]: view for view in views}


def no_email() -> ResourceNotFound:
    return ResourceNotFound("There is no such email.")


def require_open(lead: LeadView, view: EmailView, version: int) -> None:
    """Raises `Conflict` where nothing can become of an email, or it is another one by now."""
    if view["state"] in standing.OVER:
        raise Conflict("The email was sent, or is not sent any more.", reason="email_sent")
    if lead["research"]["status"] in {"queued", "running"}:
        raise Conflict("The lead is being researched anew.", reason="research_under_way")
    if lead["status"] in researching.ENDED:
        raise Conflict("The lead has ended: nothing more is sent to it.", reason="lead_ended")
    if view["version"] != version:
        raise outdated()


def outdated() -> Conflict:
    return Conflict("The email has changed since that version.", reason="version_mismatch")


def write(
    tx: Transaction,
    lead: LeadView,
    view: EmailView,
    changed: dict[str, Any],
    otherwise: Otherwise = outdated,
) -> EmailView:
    """Make an email's next version."""
    after = cast(
        EmailView,
        {
            **{name: value for name, value in view.items() if name != "approved_by"},
            **changed,
            "version": view["version"] + 1,
            "updated_at": clock.timestamp(),
        },
    )
    tx.update(
        Table.CORE,
        items.email_key(tx.partition, lead["id"], view["seq"]),
        "SET #view = :view, #v = :v",
        condition="#v = :seen",
        values={"view": after, "v": after["version"], "seen": view["version"]},
        otherwise=otherwise,
    )
    return after


def tell(tx: Transaction, view: EmailView) -> None:
    tx.emit("email.approved", told(view), sequence=view["version"])


def told(view: EmailView) -> dict[str, Any]:
    """An email as an event has it stored: what it says of a person is added when it is sent."""
    return {name: value for name, value in view.items() if name not in PERSONAL}


# An event would outlive it.
PERSONAL = ("subject", "body", "claims", "footer")


def settle(tx: Transaction, lead: LeadItem, views: list[EmailView]) -> None:
    """Have the lead stand as its emails do. It is written in any case: of two changes at once, the
    later one is to know of the other.
    """
    view = lead["view"]
    to = standing.status_of(view["status"], views)
    status.write(tx, lead, cast(LeadView, {**view, "status": to}), has_emails=True)


def shown(partition: str, lead: LeadView, view: EmailView) -> LeadEmail:
    return leads.shown_emails(partition, lead, [dict(view)])[0]


def _changed(view: EmailView, wanted: UpdateEmail, first: str) -> dict[str, Any]:
    subject = view["subject"] if wanted.subject is None else wanted.subject
    if view["seq"] > 1 and wanted.subject not in {None, lines.answering(first)}:
        raise ValidationFailed(
            "Field 'subject' is that of the first email, which this one answers: change it there.",
            field="subject",
        )
    body = view["body"] if wanted.body is None else wanted.body
    if view["seq"] == 1 and texts.is_reply(subject):
        raise ValidationFailed(
            "Field 'subject' must not begin as an answer does: nobody has written before.",
            field="subject",
        )
    # What was taken out of the body is claimed no more.
    claims = [claim for claim in view["claims"] if claim["text"] in body]
    return {
        "subject": subject,
        "body": body,
        "claims": claims,
        "state": _STATES[wanted.action],
    }
