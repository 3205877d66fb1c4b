"""A part of a message, as the parser makes it, with its content in bytes."""

import binascii
import quopri
import re
from email.message import Message

from linkwright.mailer.inbound.text import decoded

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


class Part(Message):
    """The library's `get_payload` would decode what is not ASCII by any charset that Python has."""

    _payload: "str | list[Message] | None"

    def messages(self) -> list["Part"]:
        """The parts within it."""
        within = self._payload
        return [one for one in within if isinstance(one, Part)] if isinstance(within, list) else []

    def content(self) -> bytes:
        """Nothing of what has parts."""
        if not isinstance(self._payload, str):
            return b""
        raw = self._payload.encode("ascii", "surrogateescape")
        encoding = str(self.get("Content-Transfer-Encoding", "")).strip().lower()
        if encoding == "base64":
            kept = _NOT_BASE64.sub(b"", raw)
            return binascii.a2b_base64(kept[: len(kept) - (len(kept) % 4 == 1)] + b"==")
        return quopri.decodestring(raw) if encoding == "quoted-printable" else raw

    def words(self, charset: str | None = None) -> str:
        return decoded(self.content(), charset or self.get_content_charset())
