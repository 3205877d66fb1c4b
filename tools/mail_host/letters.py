"""The letters that came, each with its envelope; they outlive the host."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from pathlib import Path
from typing import Any

# More than anybody looks at, in a page or a test.
SHOWN = 1000


@dataclass(frozen=True)
class Letter:
    sender: str
    recipients: Sequence[str]
    received_at: str
    content: bytes

    def shown(self) -> dict[str, Any]:
        """With its headers decoded; of several of a name, all, by commas."""
        # Not by the library's newer policy, in which a hostile header takes minutes.
        message = message_from_bytes(self.content)
        headers: dict[str, str] = {}
        for name, value in message.items():
            before = f"{headers[name]}, " if name in headers else ""
            headers[name] = before + _decoded(value)
        bodies = {kind: _body(message, f"text/{kind}") for kind in ("plain", "html")}
        return {
            "to": list(self.recipients),
            "from": parseaddr(str(message.get("From", "")))[1] or self.sender,
            "subject": _decoded(message.get("Subject", "")),
            "headers": headers,
            "text": bodies["plain"],
            "html": bodies["html"],
            "received_at": self.received_at,
        }


class Letters:
    """In a folder: the letter as it came in one file, its envelope in another."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = threading.Lock()
        self._all = [_read(file) for file in sorted(folder.glob("*.json"))]

    def add(self, sender: str, recipients: Sequence[str], content: bytes) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        letter = Letter(sender, recipients, now, content)
        with self._lock:
            file = self._folder / f"{now.replace(':', '')}-{len(self._all):06}.json"
            file.with_suffix(".eml").write_bytes(content)
            # Last, and at once: a letter without an envelope was not taken.
            envelope = {"from": sender, "to": list(recipients), "received_at": now}
            fresh = file.with_suffix(".new")
            fresh.write_text(json.dumps(envelope))
            fresh.replace(file)
            self._all.append(letter)

    def newest(self, to: str | None = None) -> Iterator[Letter]:
        """Those to an address, or all."""
        with self._lock:
            known = self._all[::-1]
        for letter in known:
            if to is None or to.lower() in map(str.lower, letter.recipients):
                yield letter


def _read(file: Path) -> Letter:
    envelope = json.loads(file.read_text())
    content = file.with_suffix(".eml").read_bytes()
    return Letter(envelope["from"], envelope["to"], envelope["received_at"], content)


def _decoded(value: Any) -> str:  # noqa: ANN401 -- a text, or what the library takes for a header
    text = "".join(str(value).splitlines())
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, UnicodeError, ValueError):
        return text


def _body(message: Message, kind: str) -> str | None:
    for part in message.walk():
        if part.get_content_type() == kind and part.get_filename() is None:
            content = part.get_payload(decode=True)
            charset = part.get_content_charset("utf-8")
            if isinstance(content, bytes):
                try:
                    text = content.decode(charset, errors="replace")
                except LookupError:
                    text = content.decode(errors="replace")
                return text.replace("\r\n", "\n")
    return None
