"""What a mailbox's domain publishes for its mail: SPF (RFC 7208), DKIM (6376), DMARC, and MX."""

import base64
import binascii
from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from linkwright import clock
from linkwright.dns import Look, Unanswered
from linkwright.mailer.mailboxes import items, spf
from linkwright.mailer.mailboxes.items import MailboxView
from linkwright.mailer.mailboxes.known_models import DomainCheck, MailboxChecks

# Those of the providers that most use, where nobody says which it is.
_COMMON = ("google", "selector1", "selector2", "default", "k1", "s1", "mail", "dkim")
_WEAKEST_RSA_BITS = 1024
_ED25519_BYTES = 32
_POLICIES = {"none", "quarantine", "reject"}
_LABELS = 8


def look(view: MailboxView) -> MailboxChecks:
    """Within the budget of one look at DNS."""
    asked, domain = Look(), items.domain(view)
    return MailboxChecks(
        domain=domain,
        mx=_answered(lambda: _mx(asked, domain)),
        spf=_answered(lambda: _spf(asked, domain)),
        dmarc=_answered(lambda: _dmarc(asked, domain)),
        dkim=_answered(lambda: _dkim(asked, domain, view)),
        alignment=_alignment(view),
        checked_at=clock.timestamp(),
    )


def are_passed(checks: MailboxChecks) -> bool:
    return all(one.status == "passed" for one in (checks.spf, checks.dkim, checks.dmarc, checks.mx))


def _answered(ask: Callable[[], DomainCheck]) -> DomainCheck:
    try:
        return ask()
    except Unanswered:
        return DomainCheck(status="unknown", reason="dns_unavailable")


def _passed(value: str | None = None) -> DomainCheck:
    return DomainCheck(status="passed", value=value)


def _failed(reason: str, value: str | None = None) -> DomainCheck:
    return DomainCheck(status="failed", reason=reason, value=value)


def _mx(asked: Look, domain: str) -> DomainCheck:
    hosts = asked.mail_hosts(domain)
    if not hosts:
        return _failed("record_missing")
    # RFC 7505: a domain that says that it takes no mail.
    return _failed("takes_no_mail") if hosts[0] in {".", ""} else _passed(hosts[0])


def _spf(asked: Look, domain: str) -> DomainCheck:
    try:
        passed = spf.passes(asked, domain)
    except spf.Broken as why:
        return _failed(why.reason, why.value)
    match passed:
        case spf.Whom.EVERYBODY:
            return _failed("allows_everybody")
        case spf.Whom.NOBODY:
            return _failed("allows_nobody")
    return _passed()


def _dmarc(asked: Look, domain: str) -> DomainCheck:
    """The domain's own record, or that of the next above it that has one."""
    labels = domain.split(".")[-_LABELS:]
    for at in range(len(labels) - 1):
        name = ".".join(labels[at:])
        records = [one for one in asked.texts(f"_dmarc.{name}") if _tags(one).get("v") == "DMARC1"]
        if len(records) > 1:
            return _failed("several_records")
        if records:
            policy = _tags(records[0]).get("p", "none").lower()
            return _passed(policy) if policy in _POLICIES else _failed("malformed")
    return _failed("record_missing")


def _dkim(asked: Look, domain: str, view: MailboxView) -> DomainCheck:
    """By the selector that was said, or those that the mail to itself was signed by. Keys cannot be
    listed: where no selector is known, that none is found says nothing.
    """
    said = view.get("dkim_selector")
    signed: list[str] = view.get("proof", {}).get("dkim_selectors", [])
    known = [said] if said else signed
    found = DomainCheck(status="unknown", reason="selector_unknown")
    for selector in known or _COMMON:
        records = asked.texts(f"{selector}._domainkey.{domain}")
        if records:
            judged = _key(_tags(records[0]), selector)
            if judged.status == "passed":
                return judged
            found = judged
        elif known:
            found = _failed("record_missing", selector)
    return found


def _key(tags: dict[str, str], selector: str) -> DomainCheck:
    text = "".join(tags.get("p", "").split())
    if not text:
        return _failed("key_revoked", selector)
    try:
        raw = base64.b64decode(text, validate=True)
        if tags.get("k") == "ed25519":
            is_good = len(raw) == _ED25519_BYTES
            return _passed(selector) if is_good else _failed("malformed", selector)
        key = load_der_public_key(raw)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return _failed("malformed", selector)
    if not isinstance(key, RSAPublicKey) or key.key_size < _WEAKEST_RSA_BITS:
        return _failed("key_weak", selector)
    return _passed(selector)


def _alignment(view: MailboxView) -> DomainCheck:
    said = view.get("proof", {}).get("dmarc")
    if said is None:
        return DomainCheck(status="unknown", reason="not_told")
    return _passed() if said == "pass" else _failed("not_aligned", said)


def _tags(record: str) -> dict[str, str]:
    parts = (one.partition("=") for one in record.split(";"))
    return {name.strip().lower(): value.strip() for name, is_there, value in parts if is_there}
