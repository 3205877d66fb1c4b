"""Mail that accounts send by the host: who has logged in, over TLS, from their own address."""

import asyncio
import base64
import re
from binascii import Error
from collections.abc import Awaitable, Callable
from email.utils import make_msgid
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tools.mail_host.accounts import Accounts, Manners

# Who sends, to whom, and what.
Deliver = Callable[[str, list[str], bytes], Awaitable[None]]

_SENTENCE = re.compile(rb"user=([^\x01]+)\x01auth=Bearer ([^\x01]+)\x01\x01")
_MESSAGE_ID = re.compile(rb"^Message-ID:[^\n]*(?:\n[ \t][^\n]*)*\n", re.IGNORECASE | re.MULTILINE)


class Submission:
    """What aiosmtpd asks of whoever takes mail."""

    def __init__(self, accounts: Accounts, manners: Manners, deliver: Deliver) -> None:
        self._accounts, self._manners, self._deliver = accounts, manners, deliver

    def authenticator(
        self, _server: SMTP, session: Session, _envelope: Envelope, _how: str, said: object
    ) -> AuthResult:
        if not isinstance(said, LoginPassword):
            return AuthResult(success=False, handled=False)
        address, password = said.login.decode(), said.password.decode()
        self._watch("AUTH", session, address)
        return self._judged(address, is_good=self._accounts.lets_in(address, password))

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        said = args[1].encode() if len(args) > 1 else b""
        try:
            sentence = _SENTENCE.fullmatch(base64.b64decode(said, validate=True))
        except Error:
            sentence = None
        if sentence is None:
            return AuthResult(success=False, handled=False)
        address, token = sentence[1].decode(), sentence[2].decode()
        self._watch("AUTH", server.session, address)
        judged = self._judged(address, is_good=self._accounts.lets_in_by_token(address, token))
        if not judged.success:
            # Why, as JSON; the answer to it is empty.
            await server.challenge_auth(b'{"status":"401","schemes":"bearer"}')
        return judged

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        if address != session.auth_data:
            return "553 5.7.1 Not yours"
        self._watch("MAIL", session)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._manners.replies.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._watch("RCPT", session)
        if "RCPT" in self._manners.replies:
            return self._manners.replies["RCPT"]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self._watch("DATA", session)
        if "DATA" in self._manners.replies:
            return self._manners.replies["DATA"]
        content = envelope.content
        assert isinstance(content, bytes)  # noqa: S101 -- as long as nothing is decoded
        named = ""
        if self._manners.replaces_ids:
            named = make_msgid(domain="localhost")
            content = _MESSAGE_ID.sub(b"", content, count=1)
            content = f"Message-ID: {named}\r\n".encode() + content
        await self._deliver(envelope.mail_from or "", envelope.rcpt_tos, content)
        if self._manners.drops and server.transport is not None:
            cast(asyncio.Transport, server.transport).abort()
        return f"250 2.0.0 OK {named}".rstrip()

    def _watch(self, word: str, session: Session | None, address: str | None = None) -> None:
        if session is not None and session.peer:
            said_by = address or str(session.auth_data)
            self._manners.watch(word, said_by, int(session.peer[1]))

    def _judged(self, address: str, *, is_good: bool) -> AuthResult:
        refused = self._manners.replies.get("AUTH")
        if refused is not None:
            return AuthResult(success=False, handled=False, message=refused)
        return AuthResult(success=is_good, handled=is_good, auth_data=address)
