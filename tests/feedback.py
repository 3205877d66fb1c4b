"""What SES tells of mails, as its documentation shows it, and the worker that hears it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytest

from linkwright import settings
from linkwright.mailer import items
from linkwright.table import Table, get
from tests import mailing
from tests.client import invoke, queue_event
from tests.stack import CONFIGURATION_SET, FEEDBACK_TOPIC

WORKER = "hear_feedback"
READER = "noa@example.org"
# Of which the local cloud, and no test, has a name.
SES_NAME = "0100018c7c191be4-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000"
_AT = "2027-02-03T10:00:03.123Z"


class _Owner(Protocol):
    @property
    def partition(self) -> str: ...


def put_ses_mailbox(owner: _Owner, **view: Any) -> str:
    """Write a mailbox that mails by SES; returns its id."""
    return mailing.put_mailbox(owner, transport="ses", smtp=None, imap=None, proof={}, **view)


@contextmanager
def told_of() -> Iterator[None]:
    """As the worker has it that sends campaigns: SES is to tell of what is sent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAIL_CONFIGURATION_SET", CONFIGURATION_SET)
        settings.settings.cache_clear()
        yield
    settings.settings.cache_clear()


def tags(owner: _Owner, lead: str, seq: int = 1) -> dict[str, str]:
    """Those that a step was sent with."""
    send = get(Table.CORE, items.send_key(owner.partition, lead, seq)) or {}
    name = str(send["message_id"]).partition("@")[0]
    return {"workspace": owner.partition, "lead": lead, "seq": str(seq), "mail": name}


def mail(of: dict[str, str], to: str = READER, *, with_headers: bool = True) -> dict[str, Any]:
    """The object `mail` of an event."""
    told: dict[str, Any] = {
        "timestamp": "2027-02-03T10:00:01.000Z",
        "source": f"Dana <{mailing.SENDER}>",
        "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/example.com",
        "sendingAccountId": "123456789012",
        "messageId": SES_NAME,
        "destination": [to],
        "tags": {
            "ses:source-tls-version": ["TLSv1.3"],
            "ses:operation": ["SendRawEmail"],
            "ses:configuration-set": [CONFIGURATION_SET],
            "ses:source-ip": ["192.0.2.0"],
            "ses:from-domain": ["example.com"],
            "ses:caller-identity": ["linkwright-SendsMailRole"],
            **{name: [value] for name, value in of.items()},
        },
    }
    if with_headers:
        subject, own = "An idea 1", f"<{of.get('mail', 'other')}@example.com>"
        told |= {
            "headersTruncated": False,
            "headers": [
                {"name": "From", "value": f"Dana <{mailing.SENDER}>"},
                {"name": "To", "value": to},
                {"name": "Message-ID", "value": own},
                {"name": "Subject", "value": subject},
                {"name": "MIME-Version", "value": "1.0"},
            ],
            "commonHeaders": {
                **{"from": [f"Dana <{mailing.SENDER}>"], "to": [to]},
                **{"messageId": own, "subject": subject},
            },
        }
    return told


def bounce(
    of: dict[str, str], kind: str = "Permanent", sub: str = "General", to: str = READER, **more: Any
) -> dict[str, Any]:
    told = {
        "bounceType": kind,
        "bounceSubType": sub,
        "bouncedRecipients": [
            {
                **{"emailAddress": to, "action": "failed", "status": "5.1.1"},
                "diagnosticCode": "smtp; 550-5.1.1 The account\n550 5.1.1 does not exist.",
            }
        ],
        "timestamp": _AT,
        "feedbackId": "0100018c7c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
        "reportingMTA": "dsn; a8-70.smtp-out.amazonses.com",
        **more,
    }
    return {"eventType": "Bounce", "bounce": told, "mail": mail(of)}


def complaint(of: dict[str, str], kind: str | None = "abuse", to: str = READER) -> dict[str, Any]:
    told = {
        "complainedRecipients": [{"emailAddress": to}],
        "timestamp": _AT,
        "feedbackId": "0100018c7c44f1a2-1c3b2b7a-9237-11e6-8f96-7be8aexample-000000",
        "complaintSubType": None,
        "userAgent": "Amazon SES Mailbox Simulator",
        "arrivalDate": _AT,
    }
    of_type = {} if kind is None else {"complaintFeedbackType": kind}
    return {"eventType": "Complaint", "complaint": told | of_type, "mail": mail(of)}


def delivery(of: dict[str, str]) -> dict[str, Any]:
    told = {
        **{"timestamp": _AT, "processingTimeMillis": 2318, "recipients": [READER]},
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "a8-70.smtp-out.amazonses.com",
    }
    return {"eventType": "Delivery", "delivery": told, "mail": mail(of)}


def rejected(of: dict[str, str]) -> dict[str, Any]:
    return {"eventType": "Reject", "reject": {"reason": "Bad content"}, "mail": mail(of)}


def envelope(told: object, topic: str = FEEDBACK_TOPIC) -> str:
    """As SNS puts it into a queue."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "d05b5d3f-44c9-5fd4-9ff6-0b5d6a2e3c11",
            "TopicArn": topic,
            "Subject": "Amazon SES Email Event Notification",
            "Message": told if isinstance(told, str) else json.dumps(told),
            "Timestamp": _AT,
            "SignatureVersion": "1",
            "Signature": "EXAMPLElDMXvB8r9R83tGoNn0ecwd5Ujlls",
            "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService.pem",
            "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        }
    )


def hear(*bodies: str) -> Any:
    """What the worker says of these messages."""
    return invoke(WORKER, queue_event(list(bodies)))


def tell(*told: dict[str, Any]) -> None:
    """Have them heard, each."""
    assert hear(*map(envelope, told)) == {"batchItemFailures": []}
