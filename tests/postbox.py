"""SES in memory: what was sent, and how an address takes it."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from linkwright.errors import Unavailable
from linkwright.providers.mail import Mail
from linkwright.table import Item


class Postbox:
    """`sent` is all of it, by the address that it went to."""

    mails: list[tuple[str, EmailMessage]]

    def clear_letters(self) -> None:
        self.mails = []

    def letters(self, to: str) -> list[tuple[str, str]]:
        return [(mail["Subject"], _text(mail)) for who, mail in self.mails if who == to]

    def send_email(self, **wanted: Any) -> Item:
        (to,) = wanted["Destination"]["ToAddresses"]
        raw = base64.b64decode(wanted["Content"]["Raw"]["Data"])
        self.mails.append((to, message_from_bytes(raw, policy=policy.default)))
        return {"MessageId": f"{len(self.mails):016x}"}


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


class Busy:
    """In place of `mail.send`: has no time for the first mail; `tried` are the addresses."""

    def __init__(self) -> None:
        self.tried: list[str] = []

    def send(self, letter: Mail) -> str:
        self.tried.append(letter.to)
        if len(self.tried) == 1:
            raise Unavailable
        return "id"
