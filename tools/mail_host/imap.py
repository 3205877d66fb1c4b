"""The host's mailboxes by IMAP, over pymap. Its service is not used, which keeps no reference to
what it starts, hashes passwords, asks DNS for its name, and tells of no folder what it is for.
"""

import argparse
import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config, Session
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.concurrent import Subsystem
from pymap.exceptions import AuthorizationFailure, InvalidAuth
from pymap.imap import IMAPServer
from pymap.interfaces.login import LoginInterface
from pymap.listtree import ListEntry
from pymap.parsing.message import AppendMessage
from pysasl import SASLAuth
from pysasl.creds.external import ExternalVerificationRequired
from pysasl.creds.plain import PlainCredentials
from pysasl.mechanism.login import LoginMechanism
from pysasl.mechanism.oauth import OAuth2Mechanism
from pysasl.mechanism.plain import PlainMechanism

from tools.mail_host.accounts import Accounts

SENT, JUNK = "Sent", "Junk"
_USES = {SENT: b"Sent", JUNK: b"Junk"}


class Mailboxes:
    """Of each account a set of folders, made where it is first asked for. In the loop's thread."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._sets: dict[str, MailboxSet] = {}

    async def of(self, address: str) -> MailboxSet:
        if address not in self._sets:
            made = self._sets[address] = MailboxSet()
            for folder in _USES:
                await made.add_mailbox(folder)
        return self._sets[address]

    async def file(self, address: str, folder: str, content: bytes) -> None:
        mailbox = await (await self.of(address)).get_mailbox(folder)
        await mailbox.append(AppendMessage(content, datetime.now(UTC), frozenset()))

    async def reset(self, address: str) -> None:
        """Have its inbox numbered anew, as a host does that was moved."""
        folders = await self.of(address)
        old, fresh = folders._inbox, MailboxSet()._inbox
        fresh._uid_validity = old.uid_validity + 1
        async for message in old.messages():
            if message._content is not None:
                when = message.internal_date
                await fresh.append(
                    AppendMessage(bytes(message._content), when, message.permanent_flags)
                )
        folders._inbox = fresh


class Imap:
    def __init__(self, accounts: Accounts, mailboxes: Mailboxes) -> None:
        config = _config()
        login = _Login(config, accounts, mailboxes)
        self._server = IMAPServer(cast(LoginInterface, login), config)
        self._running: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int, tls: ssl.SSLContext) -> asyncio.Server:
        return await asyncio.start_server(self._take, host, port, ssl=tls)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # With a reference of ours: one that only waits may else be collected.
        info = SocketInfoLocal(writer.transport)
        task = asyncio.create_task(self._server(reader, writer, info))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        # Who hung up in the middle of a word is no trouble of ours.
        if not task.cancelled():
            task.exception()


class _Config(Config):
    @property
    def greeting(self) -> bytes:
        return b"localhost ready"

    @property
    def tls_auth(self) -> SASLAuth:
        return SASLAuth([PlainMechanism(), LoginMechanism(), OAuth2Mechanism()])


class _Login:
    def __init__(self, config: Config, accounts: Accounts, mailboxes: Mailboxes) -> None:
        self._config, self._accounts, self._mailboxes = config, accounts, mailboxes

    @property
    def tokens(self) -> Any:  # noqa: ANN401 -- pymap asks for it, and uses it for nothing here
        return None

    async def authenticate(self, credentials: Any) -> "_Identity":  # noqa: ANN401 -- of any kind
        if isinstance(credentials, PlainCredentials):
            address = credentials.authcid
            is_good = self._accounts.lets_in(address, credentials._secret)
        else:
            address = credentials.authzid
            try:
                is_good = bool(credentials.verify(None))
            except ExternalVerificationRequired as bearer:
                is_good = self._accounts.lets_in_by_token(address, bearer.token or "")
        if not is_good:
            raise InvalidAuth
        return _Identity(address, self._config, self._mailboxes)

    async def authorize(self, authenticated: "_Identity", authzid: str) -> "_Identity":
        if authzid != authenticated.name:
            raise AuthorizationFailure
        return authenticated


class _Identity:
    roles: frozenset[str] = frozenset()

    def __init__(self, name: str, config: Config, mailboxes: Mailboxes) -> None:
        self.name, self._config, self._mailboxes = name, config, mailboxes

    @asynccontextmanager
    async def new_session(self) -> AsyncIterator[Session]:
        folders = await self._mailboxes.of(self.name)
        yield Session(self.name, self._config, folders, FilterSet())


def _config() -> Config:
    arguments = argparse.Namespace(passlib_cfg=None, proxy_protocol=None, debug=False)
    return _Config(
        arguments,
        host=None,
        port=0,
        demo_data=False,
        demo_user="",
        demo_password="",
        tls_enabled=False,
        reject_dnsbl=False,
        invalid_user_sleep=0,
        cpu_subsystem=Subsystem.for_asyncio(),
    )


def _attributes(entry: ListEntry) -> list[bytes]:
    """Those that pymap says, and what a folder is for (RFC 6154)."""
    children = b"HasChildren" if entry.has_children else b"HasNoChildren"
    use = [_USES[entry.name]] if entry.name in _USES else []
    return [*([] if entry.exists else [b"Noselect"]), children, *use]


ListEntry.attributes = property(_attributes)  # type: ignore[method-assign,assignment]
