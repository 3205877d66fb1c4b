"""Connecting a mailbox, and changing one: what logs in is tried before anything is stored."""

from typing import Any, cast

from linkwright import clock, ids, jobs, usage
from linkwright.auth import Account
from linkwright.egress_limits import Deadline, EgressError
from linkwright.errors import Conflict, Unavailable, ValidationFailed
from linkwright.http import IfMatch
from linkwright.mailer import lines
from linkwright.mailer.mailboxes import guessing, items, logging_in, mailboxes, simulation
from linkwright.mailer.mailboxes.items import MailboxItem, MailboxView
from linkwright.mailer.mailboxes.logging_in import Secrets
from linkwright.mailer.mailboxes.models import (
    CreateMailbox,
    Mailbox,
    MailboxImap,
    MailboxSmtp,
    UpdateMailbox,
)
from linkwright.providers.mailbox import xoauth2
from linkwright.providers.mailbox.types import Failure, MailboxFailed
from linkwright.table import Item, Table
from linkwright.transaction import Transaction

# All that trying to log in may take, by both protocols.
TRIED_S = 10.0
_FIRST = 1
_OF_OAUTH = frozenset({Failure.TOKEN_REFUSED, Failure.TOKEN_UNAVAILABLE})
# What its line may rest by.
_PACED_BY = ("daily_cap", "ramp", "window", "time_zone")
_OF_LOGIN = frozenset(
    {Failure.LOGIN_REFUSED, Failure.LOGIN_UNAVAILABLE, Failure.LOGIN_METHOD_MISSING}
)
_WORDS = {
    Failure.HOST_NOT_ALLOWED: "The host or the port is not allowed.",
    Failure.HOST_UNREACHABLE: "The host does not answer, or hung up.",
    Failure.TIMED_OUT: "The host did not answer in time.",
    Failure.TLS_FAILED: "There is no TLS with the host, or its certificate is of another name.",
    Failure.STARTTLS_MISSING: "The host offers no STARTTLS.",
    Failure.LOGIN_REFUSED: "The host refuses the log-in.",
    Failure.LOGIN_UNAVAILABLE: "The host lets nobody in just now.",
    Failure.LOGIN_METHOD_MISSING: "The host does not offer to log in by this.",
    Failure.TOKEN_REFUSED: "The provider refuses the refresh token, or the client.",
    Failure.TOKEN_UNAVAILABLE: "The provider gives no access token just now.",
}


def create(account: Account, wanted: CreateMailbox, tx: Transaction) -> Mailbox:
    """Errors: the plan has no more (402), the workspace has the address (409), its host does not
    let us in (400), or was asked too often (429).
    """
    if usage.room(account, items.DIMENSION) < 1:
        most = getattr(account.plan, items.DIMENSION)
        raise usage.no_more(account, items.DIMENSION, most)
    mailbox_id, now = ids.new("mbx"), clock.timestamp()
    fields = wanted.model_dump(mode="json", exclude_none=True, exclude={"smtp", "imap"})
    view: Any = {
        **fields,
        "id": mailbox_id,
        "status": "verifying",
        "created_at": now,
        "updated_at": now,
        "version": _FIRST,
    }
    pk, sk = items.key(account.partition, mailbox_id)
    row: MailboxItem = {
        "pk": pk,
        "sk": sk,
        "view": view,
        "v": _FIRST,
        "since": now,
    }
    if wanted.smtp and wanted.imap:
        view |= _connections(wanted.email, wanted.smtp, wanted.imap)
        secrets = _tried(view, logging_in.secrets_of(wanted.smtp), tx)
        row["sealed"] = logging_in.seal(secrets, account.partition, mailbox_id)
    mine = items.address_key(account.partition, wanted.email).attributes()
    tx.put(Table.CORE, {**mine, "mailbox": mailbox_id}, otherwise=_is_there)
    stored = {**row, **jobs.requested(jobs.MAILBOX, mailbox_id)}
    tx.put(Table.CORE, stored)
    usage.occupy(account, items.DIMENSION, 1, tx)
    tx.audit("mailbox.created", mailbox_id, {"transport": wanted.transport})
    return items.shown(stored)


def change(
    account: Account, mailbox_id: str, wanted: UpdateMailbox, if_match: IfMatch, tx: Transaction
) -> Mailbox:
    """Errors: no such mailbox (404), it is not at the version named (409), its host does not let us
    in, or what logs in is missing for another host (400).
    """
    row = mailboxes.existing(account.partition, mailbox_id)
    if row["v"] != if_match.version:
        raise mailboxes.outdated()
    old = row["view"]
    changed: Item = {**old, **wanted.changes()}
    written: Item = {}
    if wanted.smtp or wanted.imap:
        changed |= _other_connections(old, wanted)
    if wanted.smtp:
        secrets = logging_in.secrets_of(wanted.smtp)
        secrets = _tried(cast(MailboxView, changed), secrets, tx)
        written["sealed"] = logging_in.seal(secrets, account.partition, mailbox_id)
    changed |= _status(old, wanted, is_moved=bool(written))
    view = {name: value for name, value in changed.items() if value is not None}
    if view == old and not written:
        return items.shown(row)
    version = row["v"] + 1
    view |= {"updated_at": clock.timestamp(), "version": version}
    after = _written(row, {**written, "view": view, "v": version}, tx)
    if view["status"] == "active" and any(view.get(name) != old.get(name) for name in _PACED_BY):
        lines.ring(tx, mailbox_id)
    tx.audit("mailbox.changed", mailbox_id, {"fields": sorted(wanted.model_fields_set)})
    if view["status"] != old["status"]:
        tx.emit("mailbox.state_changed", items.stored_shown(after), sequence=version)
    return items.shown(after)


def _status(old: MailboxView, wanted: UpdateMailbox, *, is_moved: bool) -> Item:
    """The status after a change; what is proven anew has neither a reason nor a proof."""
    if wanted.enabled is False:
        return {"status": "disabled", "status_reason": None}
    if is_moved or (wanted.enabled and old["status"] in {"failed", "disabled"}):
        return {"status": "verifying", "status_reason": None, "proof": None}
    return {}


def _written(row: Item, facts: Item, tx: Transaction) -> Item:
    """Write a change, and what it means for the mailbox's job. Raises 409 at the commit."""
    was, now = row["view"]["status"], facts["view"]["status"]
    gone: list[str] = []
    is_anew = now == "verifying" and (was != now or "sealed" in facts)
    if is_anew:
        facts |= {**jobs.requested(jobs.MAILBOX, row["sk"]), "since": clock.timestamp()}
    elif now == "active" and _selector(row["view"]) != _selector(facts["view"]):
        # What is stored of its domain is of another key: campaigns start by it.
        facts |= jobs.requested(jobs.MAILBOX, row["sk"])
        gone = ["next_at"] if "next_at" in row else []
    if is_anew or now == "disabled":
        gone = [name for name in ("probe", *jobs.ATTRIBUTES) if name not in facts]
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in facts)
    if gone:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
    tx.update(
        Table.CORE,
        items.key(tx.partition, row["sk"]),
        expression,
        condition="#v = :seen",
        values={**facts, "seen": row["v"]},
        otherwise=mailboxes.outdated,
    )
    return {name: value for name, value in (row | facts).items() if name not in gone}


def _selector(view: MailboxView) -> str | None:
    return view.get("dkim_selector")


def _other_connections(old: MailboxView, wanted: UpdateMailbox) -> Item:
    if old["transport"] != "smtp":
        field = "smtp" if wanted.smtp else "imap"
        raise ValidationFailed("A mailbox of 'ses' has no connections.", field=field)
    imap = wanted.imap or MailboxImap(**old["imap"])
    if wanted.smtp:
        return _connections(old["email"], wanted.smtp, imap)
    if imap.model_dump() != old["imap"]:
        raise ValidationFailed(
            "Another host is told no stored secret: send 'smtp' with it too.", field="smtp"
        )
    return {}


def _connections(email: str, smtp: MailboxSmtp, imap: MailboxImap) -> Item:
    """As they are stored and shown."""
    shown: Item = {
        "host": smtp.host.lower(),
        "port": smtp.port,
        "username": smtp.username or email,
        "auth": "oauth" if smtp.oauth else "password",
    }
    if smtp.oauth:
        shown["oauth"] = {"provider": smtp.oauth.provider, "client_id": smtp.oauth.client_id}
    return {"smtp": shown, "imap": {"host": imap.host.lower(), "port": imap.port}}


def _tried(view: MailboxView, secrets: Secrets, tx: Transaction) -> Secrets:
    """Raises `ValidationFailed` (400), `TooManyLogIns` (429), and `Unavailable` where no time is
    left to try.
    """
    oauth = view["smtp"].get("oauth")
    if oauth and not xoauth2.is_known(oauth["provider"]):
        raise ValidationFailed("It is no provider that is known.", field="smtp.oauth.provider")
    at = "smtp"
    try:
        if simulation.is_simulated(tx.partition):
            simulation.let_in(view["email"], _WORDS)
            return secrets
        guessing.count_try(view, tx)
        within = Deadline(TRIED_S)
        by, secrets = logging_in.login(view, secrets, within)
        with logging_in.sending(view, by, within):
            pass
        at = "imap"
        with logging_in.reading(view, by, within):
            pass
    except MailboxFailed as failure:
        raise _refused(at, oauth is not None, failure.failure) from None
    except EgressError:
        raise Unavailable from None
    return secrets


def _refused(at: str, is_oauth: bool, failure: Failure) -> ValidationFailed:
    words = _WORDS.get(failure, "The host does not speak its protocol.")
    if failure in _OF_OAUTH:
        field = "smtp.oauth.refresh_token"
    elif failure in _OF_LOGIN and at == "smtp":
        field = "smtp.oauth" if is_oauth else "smtp.password"
    else:
        field = at if failure in _OF_LOGIN else f"{at}.host"
    return ValidationFailed(words, field=field, reason=failure.value)


def _is_there() -> Conflict:
    return Conflict("The workspace has a mailbox of this address.", reason="mailbox_exists")
