"""Mail by SES, from `MailFrom`, which SES must know as ours. Where that is empty, none is sent."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from linkwright import aws
from linkwright.errors import Unheard
from linkwright.providers.mail import tenants
from linkwright.providers.mail.letter import Mail, MailHeldUp, MailRefused, judged, message
from linkwright.settings import settings
from linkwright.startup import in_advance

in_advance(aws.ses)

# What SES takes in a tag.
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_NOT_VERIFIED, _PAUSED = "not verified", "paused"


class MailNotConfigured(Exception):
    """The deployment has no `MailFrom`: nobody is mailed anything."""


def send(mail: Mail, sender: str | None = None) -> str:
    """Hand it to SES, and return its id there. `sender` is another one than `MailFrom`.

    Raises `MailNotConfigured`, `MailRefused`, `Unheard`, after which it may have been sent, and
    `Unavailable`, after which it was not, as `MailHeldUp` where somebody has to do something.
    That somebody wants no mail of ours, SES tells later, as a bounce.
    """
    sender = sender or settings().mail_from
    if not sender:
        raise MailNotConfigured
    wanted: dict[str, Any] = {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": [judged(mail.to)]},
        "Content": {"Raw": {"Data": base64.b64encode(message(mail, sender)).decode()}},
        "EmailTags": [{"Name": name, "Value": value} for name, value in _tags(mail).items()],
    }
    if configuration_set := settings().mail_configuration_set:
        wanted["ConfigurationSetName"] = configuration_set
    answer = tenants.send(wanted, mail.tenant)
    if "__type" in answer:
        raise _refusal(mail, answer["__type"], f"{answer.get('message')}")
    if not isinstance(answer.get("MessageId"), str):
        raise Unheard
    return str(answer["MessageId"])


def message_id(name: str) -> str:
    """By which a mail is known to its reader, of its id at SES: that stands in place of ours."""
    region = settings().aws_region
    host = "email" if region == "us-east-1" else region
    return f"{name}@{host}.amazonses.com"


def _refusal(mail: Mail, kind: str, said: str) -> Exception:
    """Of the same kind are a pause of the account, a sender that is not verified, and a mail that
    is not fit. Only who is named is to blame: what is said of no address may be of our own.
    """
    if "NotVerified" in kind or _NOT_VERIFIED in said:
        return MailHeldUp("sender_not_verified")
    if _PAUSED in said:
        return MailHeldUp("sending_paused")
    is_of_address = kind.startswith("BadRequest") and judged(mail.to) in said
    return MailRefused("bad_address" if is_of_address else "rejected")


def _tags(mail: Mail) -> Mapping[str, str]:
    """Raises `ValueError`: they are made by us."""
    for text in (*mail.tags, *mail.tags.values()):
        if not _TAG.fullmatch(text):
            raise ValueError("a tag has other characters than SES takes")
    return mail.tags
