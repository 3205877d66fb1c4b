"""Mail of test mode: no host hears of it. What would have come of it an address says by its tag, in
the words that are told of a real one, as `noa+recipient_refused@example.com` does.
"""

from collections.abc import Container

from linkwright import clock
from linkwright.mailer.mailboxes.items import MailboxView
from linkwright.mailer.mailboxes.known_models import DomainCheck, MailboxChecks, MailboxProof
from linkwright.providers.mailbox.types import (
    Accepted,
    Failure,
    MailboxFailed,
    OutcomeUnknown,
)

_UNKNOWN = "unknown"
# RFC 3463: there is no such reader.
_NOBODY = "5.1.1"
# What a host may say of one mail; all else it says of the mailbox.
_OF_A_MAIL = frozenset({Failure.RECIPIENT_REFUSED, Failure.CONTENT_REFUSED, Failure.DEFERRED})


def is_simulated(partition: str) -> bool:
    return partition.endswith(".test")


def has_inbox(partition: str, view: MailboxView) -> bool:
    """Whether there is anything to be read of a mailbox."""
    return view["transport"] == "smtp" and not is_simulated(partition)


def let_in(email: str, among: Container[Failure]) -> None:
    """Raises `MailboxFailed`, of these failures, as a host does that refuses a mailbox."""
    failure = _tag(email)
    if failure in among:
        status = _NOBODY if failure == Failure.RECIPIENT_REFUSED else ""
        raise MailboxFailed(Failure(failure), status=status)


def handed_over(recipient: str) -> Accepted:
    """Raises `MailboxFailed` and `OutcomeUnknown`, as a conversation with a host does."""
    let_in(recipient, _OF_A_MAIL)
    if _tag(recipient) == _UNKNOWN:
        raise OutcomeUnknown
    return Accepted(None)


def proof() -> MailboxProof:
    """What a mail to itself would have told."""
    passed = dict.fromkeys(("spf", "dkim", "dmarc"), "pass")
    return MailboxProof.model_validate(
        {
            "at": clock.timestamp(),
            "found_in": "inbox",
            "sent_copy": "ours",
            "keeps_message_id": True,
            **passed,
        }
    )


def checks(domain: str) -> MailboxChecks:
    """What a domain would publish."""
    passed = DomainCheck(status="passed")
    return MailboxChecks(
        domain=domain,
        spf=passed,
        dkim=passed,
        dmarc=passed,
        alignment=passed,
        mx=passed,
        checked_at=clock.timestamp(),
    )


def _tag(address: str) -> str:
    return address.rpartition("@")[0].partition("+")[2]
