"""A host of mail in memory, in place of the network: whoever has its password sends and reads.

`tests/unit/test_mailbox_*` hold the clients against servers that misbehave, and
`tests/integration/test_mailbox_host.py` all of it against the local mail host.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from linkwright.egress_limits import Deadline
from linkwright.providers.mailbox import imap, smtp, xoauth2
from linkwright.providers.mailbox.headers import parsed
from linkwright.providers.mailbox.imap import Selected
from linkwright.providers.mailbox.imap_answers import Folder
from linkwright.providers.mailbox.smtp import PORTS
from linkwright.providers.mailbox.types import (
    Accepted,
    Failure,
    Login,
    MailboxFailed,
    Password,
    Server,
)
from linkwright.providers.mailbox.xoauth2 import Access, Grant

HOST = "mail.example.com"
PASSWORD = "mbx-T3stOnlyT3stOnly"
REFRESH, NEXT_REFRESH = "1//T3stOnlyRefresh-one", "1//T3stOnlyRefresh-two"
CLIENT_SECRET = "GOCSPX-T3stOnlyT3st"
_TOKEN = "ya29.T3stOnlyT3stOnly"
# What nobody may find anywhere but sealed.
SECRET = json.dumps(
    {
        "password": PASSWORD,
        "refresh": REFRESH,
        "next": NEXT_REFRESH,
        "client": CLIENT_SECRET,
        "token": _TOKEN,
    }
)


def wanted(email: str = "dana@example.com", **changes: Any) -> dict[str, Any]:
    """A mailbox at the host, as a request makes it."""
    made = {
        "email": email,
        "smtp": {"host": HOST, "port": 465, "password": PASSWORD},
        "imap": {"host": HOST, "port": 993},
    }
    return made | changes


def by_oauth(email: str = "dana@example.com", provider: str = "google") -> dict[str, Any]:
    oauth = {"provider": provider, "client_id": "client.apps.example"}
    oauth |= {"client_secret": CLIENT_SECRET, "refresh_token": REFRESH}
    return wanted(email, smtp={"host": HOST, "port": 587, "oauth": oauth})


class Host:
    """`sent` is all that was handed over, `told` the log-ins that were tried. `does` is asked
    before each word, and may raise; `files` is whether it files what is sent by itself.
    """

    def __init__(self) -> None:
        self.folders: dict[str, dict[str, list[bytes]]] = {}
        self.sent: list[tuple[str, str, bytes]] = []
        self.told: list[tuple[str, Server]] = []
        # Of which messages more than the header was asked for.
        self.fetched: list[int] = []
        self.refreshed: list[Grant] = []
        self.does: Callable[[str], None] = lambda word: None
        # Of which message it gives nothing: asked before a "top" and a "part", and may raise.
        self.withholds: Callable[[str, int], bool] = lambda word, uid: False
        self.files = False
        self.loses = False
        self.replaces_ids = False
        self.inbox = "INBOX"
        self.validity = 1
        self.results = (
            b"Authentication-Results: mx.example.com; spf=pass; dkim=pass; dmarc=pass\r\n"
        )

    def of(self, address: str) -> dict[str, list[bytes]]:
        empty: dict[str, list[bytes]] = {"INBOX": [], "Sent": [], "Junk": []}
        return self.folders.setdefault(address, empty)

    def access(self, grant: Grant, _timeout_s: float) -> Access:
        self.does("token")
        self.refreshed.append(grant)
        if grant.refresh_token not in {REFRESH, NEXT_REFRESH}:
            raise MailboxFailed(Failure.TOKEN_REFUSED)
        return Access(_TOKEN, NEXT_REFRESH)

    @contextmanager
    def smtp(self, server: Server, login: Login, _within: Deadline) -> Iterator["_Smtp"]:
        self._let_in("smtp", server, login, PORTS)
        yield _Smtp(self)

    @contextmanager
    def imap(self, server: Server, login: Login, _within: Deadline) -> Iterator["_Imap"]:
        self._let_in("imap", server, login, imap.PORTS)
        yield _Imap(self, self.of(login.username))

    def _let_in(self, how: str, server: Server, login: Login, ports: frozenset[int]) -> None:
        if server.host != HOST or server.port not in ports:
            raise MailboxFailed(Failure.HOST_NOT_ALLOWED)
        assert server.starts_plain == (server.port == 587)
        self.told.append((how, server))
        self.does(how)
        said = login.password if isinstance(login, Password) else login.token
        if said not in {PASSWORD, _TOKEN}:
            raise MailboxFailed(Failure.LOGIN_REFUSED, 535)


class _Smtp:
    def __init__(self, host: Host) -> None:
        self._host = host

    def send(self, sender: str, recipient: str, content: bytes) -> Accepted:
        host = self._host
        host.does("send")
        host.sent.append((sender, recipient, content))
        if host.replaces_ids:
            content = content.replace(b"Message-ID: <", b"Message-ID: <host.")
        if not host.loses:
            host.of(recipient)[host.inbox].append(host.results + content)
        if host.files:
            host.of(sender)["Sent"].append(content)
        host.does("sent")
        return Accepted(None)


class _Imap:
    def __init__(self, host: Host, folders: dict[str, list[bytes]]) -> None:
        self._host, self._folders, self._at = host, folders, "INBOX"

    def folders(self) -> list[Folder]:
        self._host.does("list")
        flags = {"Sent": {"\\sent"}, "Junk": {"\\junk"}}
        return [Folder(name, frozenset(flags.get(name, ()))) for name in self._folders]

    def select(self, folder: str) -> Selected:
        self._at = folder
        self._host.does("select")
        count = len(self._folders[folder])
        return Selected(self._host.validity, count, count + 1)

    def since(self, _moment: datetime) -> list[int]:
        return list(range(1, len(self._folders[self._at]) + 1))

    def above(self, uid: int, since: datetime | None = None) -> list[int]:
        return [one for one in self.since(since or datetime.now(UTC)) if one > uid]

    def tops(self, uids: Sequence[int], names: Sequence[str]) -> dict[int, bytes]:
        given = [uid for uid in uids if not self._host.withholds("top", uid)]
        return self.headers(given, names)

    def part(self, uid: int) -> bytes:
        self._host.does("part")
        if self._host.withholds("part", uid):
            return b""
        self._host.fetched.append(uid)
        return self._folders[self._at][uid - 1]

    def headers(self, uids: Sequence[int], names: Sequence[str]) -> dict[int, bytes]:
        lower = {name.lower() for name in names}
        found = {}
        for uid in uids:
            known = parsed(self.header(uid)).items()
            said = [f"{name}: {one}\r\n" for name, all in known if name in lower for one in all]
            found[uid] = "".join([*said, "\r\n"]).encode()
        return found

    def append(self, folder: str, content: bytes) -> None:
        self._host.does("append")
        self._folders[folder].append(content)

    def header(self, uid: int) -> bytes:
        return self._folders[self._at][uid - 1].partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def current() -> Host:
    """The one that the running test has."""
    return _hosts[-1]


@contextmanager
def host(patch: pytest.MonkeyPatch) -> Iterator[Host]:
    """In place of the network, until `patch` is undone."""
    made = Host()
    patch.setattr(smtp, "logged_in", made.smtp)
    patch.setattr(imap, "logged_in", made.imap)
    patch.setattr(xoauth2, "access", made.access)
    _hosts.append(made)
    yield made
    _hosts.remove(made)


@contextmanager
def there() -> Iterator[Host]:
    """The running test's, or one for whatever is prepared before it."""
    if _hosts:
        yield _hosts[-1]
        return
    with pytest.MonkeyPatch.context() as patch, host(patch) as made:
        yield made


_hosts: list[Host] = []
