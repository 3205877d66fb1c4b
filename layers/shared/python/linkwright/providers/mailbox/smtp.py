"""Sending by SMTP (RFC 5321, 4954), a word at a time, so that it is known how far it came.

The library's own `login` tries one mechanism after the other, and its `sendmail` tells a mail that
was not handed over from one that nobody answered for by nothing: neither is used.
"""

import base64
import re
import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

from linkwright.egress_limits import Deadline
from linkwright.providers.mailbox.lines import Dialled, Line, dialled
from linkwright.providers.mailbox.types import (
    Accepted,
    Bearer,
    Failure,
    Login,
    MailboxFailed,
    OutcomeUnknown,
    Server,
)

PORTS = frozenset({465, 587})
MAX_CONTENT_BYTES = 10 * 1024 * 1024
# All that a host may say in one conversation.
_MAX_INPUT_BYTES = 64 * 1024
# We have no name to say that would be true, and asking for that of the machine asks DNS.
_OUR_NAME = "[127.0.0.1]"
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
# RFC 3463: class, subject and detail.
_STATUS = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
_NAMED = re.compile(rb"<[!-;=?-~]{1,300}@[!-;=?-~]{1,300}>")
_ADDRESS = re.compile(r"[!-;=?-~]{1,64}@[A-Za-z0-9.-]{1,255}")


class _Client(smtplib.SMTP):
    """The library's words over a line of ours, which it neither opens nor closes."""

    def __init__(self, line: Line) -> None:
        super().__init__(local_hostname=_OUR_NAME)
        self.over(line)

    def over(self, line: Line) -> None:
        """Knowing nothing of what was said before."""
        line.allow(_MAX_INPUT_BYTES)
        self.sock = cast(socket.socket, line)
        self.file = None
        self.ehlo_resp = self.helo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def close(self) -> None:
        return


class Session:
    """Of who has logged in."""

    def __init__(self, client: _Client, line: Line) -> None:
        self._client = client
        self._line = line

    def send(self, sender: str, recipient: str, content: bytes) -> Accepted:
        """Raises `MailboxFailed` where it was certainly not sent, and `OutcomeUnknown`."""
        if len(content) > MAX_CONTENT_BYTES or not all(
            map(_ADDRESS.fullmatch, (sender, recipient))
        ):
            raise MailboxFailed(Failure.CONTENT_REFUSED)
        body = as_sent(content)
        with _spoken():
            _require_sender(self._client.docmd("MAIL", f"FROM:<{sender}>"))
            _require(self._client.docmd("RCPT", f"TO:<{recipient}>"), Failure.RECIPIENT_REFUSED)
            _require(self._client.docmd("DATA"), Failure.CONTENT_REFUSED, of=3)
            self._line.sendall(body)
        return _outcome(self._last_dot())

    def _last_dot(self) -> tuple[int, bytes]:
        try:
            with _spoken():
                self._line.sendall(b".\r\n")
                return self._client.getreply()
        except MailboxFailed:
            raise OutcomeUnknown from None


def as_sent(content: bytes) -> bytes:
    """All that goes before the last dot: no line of it can be taken for that."""
    whole = _LINE_ENDS.sub(b"\r\n", content)
    if not whole.endswith(b"\r\n"):
        whole += b"\r\n"
    return _LEADING_DOT.sub(b"..", whole)


@contextmanager
def logged_in(server: Server, login: Login, within: Deadline) -> Iterator[Session]:
    """Raises `MailboxFailed`. Nothing secret is said before there is TLS."""
    with dialled(server, PORTS, within) as connection:
        with _spoken():
            client = _greeted(server, connection)
            _authenticate(client, login)
        yield Session(client, connection.line)
        # It is done; whether they heard that we go does not matter.
        with suppress(MailboxFailed), _spoken():
            client.docmd("QUIT")


def _greeted(server: Server, connection: Dialled) -> _Client:
    client = _Client(connection.line)
    _require(client.getreply(), Failure.PROTOCOL_ERROR)
    _require(client.ehlo(), Failure.PROTOCOL_ERROR)
    if server.starts_plain:
        if not client.has_extn("starttls") or client.docmd("STARTTLS")[0] != 220:
            raise MailboxFailed(Failure.STARTTLS_MISSING)
        connection.secure()
        client.over(connection.line)
        _require(client.ehlo(), Failure.PROTOCOL_ERROR)
    return client


def _authenticate(client: _Client, login: Login) -> None:
    offered = client.esmtp_features.get("auth", "").upper().split()
    if isinstance(login, Bearer):
        mechanism, first, answers = "XOAUTH2", login.sentence, [b""]
    elif "PLAIN" in offered:
        plain = f"\0{login.username}\0{login.password}".encode()
        mechanism, first, answers = "PLAIN", plain, []
    else:
        mechanism, first = "LOGIN", None
        answers = [login.username.encode(), login.password.encode()]
    if mechanism not in offered:
        raise MailboxFailed(Failure.LOGIN_METHOD_MISSING)
    words = mechanism if first is None else f"{mechanism} {_base64(first)}"
    reply = client.docmd("AUTH", words)
    while reply[0] == 334 and answers:
        reply = client.docmd(_base64(answers.pop(0)))
    if not 200 <= reply[0] < 300:
        is_passing = 400 <= reply[0] < 500
        kind = Failure.LOGIN_UNAVAILABLE if is_passing else Failure.LOGIN_REFUSED
        raise MailboxFailed(kind, reply[0])


def _require(reply: tuple[int, bytes], otherwise: Failure, *, of: int = 2) -> None:
    code, text = reply
    if code // 100 != of:
        told = _STATUS.match(text)
        status = told[0].decode() if told else ""
        kind = Failure.DEFERRED if code // 100 == 4 else otherwise
        raise MailboxFailed(kind, code, status, text.decode(errors="replace"))


def _require_sender(reply: tuple[int, bytes]) -> None:
    try:
        _require(reply, Failure.SENDER_REFUSED)
    except MailboxFailed as refused:
        raise refused.of_sender() from None


def _outcome(reply: tuple[int, bytes]) -> Accepted:
    code, text = reply
    if code // 100 not in {2, 4, 5}:
        raise OutcomeUnknown
    _require(reply, Failure.CONTENT_REFUSED)
    named = _NAMED.search(text)
    return Accepted(named[0].decode() if named else None)


@contextmanager
def _spoken() -> Iterator[None]:
    try:
        yield
    except (smtplib.SMTPException, ValueError):
        raise MailboxFailed(Failure.PROTOCOL_ERROR) from None


def _base64(words: bytes) -> str:
    return base64.b64encode(words).decode()
