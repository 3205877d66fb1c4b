"""Reading and filing by IMAP (RFC 3501), within bounds: a mailbox holds what strangers wrote."""

import imaplib
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, NamedTuple, cast

from linkwright.egress_limits import Deadline
from linkwright.providers.mailbox import imap_answers as answers
from linkwright.providers.mailbox.imap_answers import Folder
from linkwright.providers.mailbox.lines import Line, dialled
from linkwright.providers.mailbox.types import Bearer, Failure, Login, MailboxFailed, Server

PORTS = frozenset({993})
# As many mails of a folder are looked through, the newest.
MAX_LOOKED_THROUGH = 500
MAX_HEADER_BYTES = 64 * 1024
MAX_PART_BYTES = 256 * 1024
MAX_TOP_BYTES = 16 * 1024
# Of one command's answer, and of a piece of it that says its length before it comes.
_MAX_ANSWER_BYTES = 1_500_000
_MAX_LITERAL_BYTES = 512 * 1024
_MAX_LINE_BYTES = 1_000_000
# Of one command's answer: the shortest cost as much as others to read.
_MAX_LINES = 20_000
_MAX_FOLDERS = 1000
# A command's line is to stay below 8 kB.
_UIDS_AT_ONCE = 100
_UID_CHARS = 10

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Selected(NamedTuple):
    """UIDs say something only beside their `uid_validity`."""

    uid_validity: int
    exists: int
    # The UID that the next mail will have; 0 where the host does not say.
    uid_next: int = 0


class _Client(imaplib.IMAP4):
    """The library's words over a line of ours, which it neither opens nor closes."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._reader = line.makefile("rb")
        self.begin()
        super().__init__()

    def begin(self) -> None:
        """A command, of whose answer so much is taken."""
        self._line.allow(_MAX_ANSWER_BYTES)
        self._lines_left = _MAX_LINES

    def open(self, host: str = "", port: int = 993, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        self.sock = cast(socket.socket, self._line)

    def read(self, size: int) -> bytes:
        if size > _MAX_LITERAL_BYTES:
            raise MailboxFailed(Failure.TOO_LARGE)
        return self._reader.read(size)

    def readline(self) -> bytes:
        line = self._reader.readline(_MAX_LINE_BYTES + 1)
        self._lines_left -= 1
        if len(line) > _MAX_LINE_BYTES or self._lines_left < 0:
            raise MailboxFailed(Failure.TOO_LARGE)
        return line

    def send(self, data: Any) -> None:  # noqa: ANN401 -- the type of a buffer is new in 3.12
        self._line.sendall(data)

    def shutdown(self) -> None:
        return


class Session:
    """Of who has logged in. Every method raises `MailboxFailed`."""

    def __init__(self, client: _Client) -> None:
        self._client = client

    def folders(self) -> list[Folder]:
        answer = self._ask("LIST", '""', "*")
        return list(answers.folders(answer[:_MAX_FOLDERS]))

    def select(self, folder: str) -> Selected:
        """To read it: nothing of it is changed, nor marked as seen."""
        self._client.begin()
        with _spoken():
            kind, answer = self._client.select(answers.quoted(folder), readonly=True)
            validity = self._client.response("UIDVALIDITY")[1]
            following = self._client.response("UIDNEXT")[1]
        _require_ok(kind, answer, Failure.FOLDER_MISSING)
        told = (validity, answer, following)
        return Selected(*(answers.number(one) for one in told))

    def since(self, moment: datetime) -> list[int]:
        """The UIDs of the newest mails that came on the day of a moment or later, rising."""
        return self._found("SINCE", _day(moment))[-MAX_LOOKED_THROUGH:]

    def above(self, uid: int, since: datetime | None = None) -> list[int]:
        """All UIDs above one, rising; of mails that came on the day of a moment or later."""
        words = ["UID", f"{uid + 1}:*", *(["SINCE", _day(since)] if since else [])]
        # The last mail is of any such range.
        return [one for one in self._found(*words) if one > uid]

    def tops(self, uids: Sequence[int], names: Iterable[str]) -> dict[int, bytes]:
        """Of a few mails the header lines of these names, cut where they are long."""
        fields = f"HEADER.FIELDS ({' '.join(names).upper()})"
        wanted = f"(UID BODY.PEEK[{fields}]<0.{MAX_TOP_BYTES}>)"
        return answers.literals(self._fetch(uids, wanted)) if uids else {}

    def headers(self, uids: Sequence[int], names: Iterable[str]) -> dict[int, bytes]:
        """Of each mail the header lines of these names, where it has any."""
        wanted = f"(UID BODY.PEEK[HEADER.FIELDS ({' '.join(names).upper()})])"
        found: dict[int, bytes] = {}
        for at in range(0, len(uids), _UIDS_AT_ONCE):
            found |= answers.literals(self._fetch(uids[at : at + _UIDS_AT_ONCE], wanted))
        return {uid: found[uid] for uid in uids if uid in found}

    def header(self, uid: int) -> bytes:
        """The whole header of a mail, cut where it is too long."""
        wanted = f"(UID BODY.PEEK[HEADER]<0.{MAX_HEADER_BYTES}>)"
        return answers.literals(self._fetch([uid], wanted)).get(uid, b"")

    def size(self, uid: int) -> int:
        return answers.size(self._fetch([uid], "(UID RFC822.SIZE)"))

    def part(self, uid: int) -> bytes:
        """The beginning of a mail, or all of it."""
        wanted = f"(UID BODY.PEEK[]<0.{MAX_PART_BYTES}>)"
        return answers.literals(self._fetch([uid], wanted)).get(uid, b"")

    def append(self, folder: str, content: bytes) -> None:
        """File a mail that was sent, as seen."""
        self._client.begin()
        with _spoken():
            kind, answer = self._client.append(answers.quoted(folder), "(\\Seen)", "", content)
        _require_ok(kind, answer, Failure.FOLDER_MISSING)

    def _found(self, *words: str) -> list[int]:
        found = self._uid("SEARCH", *words)
        numbers = b" ".join(one for one in found if isinstance(one, bytes)).split()
        return sorted({int(one) for one in numbers if one.isdigit() and len(one) <= _UID_CHARS})

    def _fetch(self, uids: Sequence[int], wanted: str) -> list[Any]:
        return self._uid("FETCH", ",".join(map(str, uids)), wanted)

    def _uid(self, *words: str) -> list[Any]:
        return self._judged(lambda: self._client.uid(*words))

    def _ask(self, *words: str) -> list[Any]:
        return self._judged(lambda: self._client.list(*words[1:]))

    def _judged(self, ask: Any) -> list[Any]:  # noqa: ANN401 -- the library's own answers
        self._client.begin()
        with _spoken():
            kind, answer = ask()
        _require_ok(kind, answer, Failure.PROTOCOL_ERROR)
        return [one for one in answer if one is not None]


@contextmanager
def logged_in(server: Server, login: Login, within: Deadline) -> Iterator[Session]:
    """Raises `MailboxFailed`."""
    with dialled(server, PORTS, within) as connection:
        with _spoken():
            client = _Client(connection.line)
            _authenticate(client, login)
            _introduce(client)
        yield Session(client)
        with suppress(MailboxFailed), _spoken():
            client.logout()


def _authenticate(client: _Client, login: Login) -> None:
    """By one mechanism: what refuses one is not asked by the next."""
    offered = {f"{one}".upper() for one in client.capabilities}
    try:
        if isinstance(login, Bearer):
            _require("AUTH=XOAUTH2" in offered)
            # A second question is why it was refused, which is answered by nothing.
            words = iter([login.sentence, b""])
            client.authenticate("XOAUTH2", lambda _: next(words, b""))
        elif "AUTH=PLAIN" in offered:
            plain = f"\0{login.username}\0{login.password}".encode()
            client.authenticate("PLAIN", lambda _: plain)
        else:
            _require("LOGINDISABLED" not in offered and (login.username + login.password).isascii())
            client.login(login.username, login.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as refused:
        is_passing = answers.is_for_now(f"{refused}")
        kind = Failure.LOGIN_UNAVAILABLE if is_passing else Failure.LOGIN_REFUSED
        raise MailboxFailed(kind) from None


def _introduce(client: _Client) -> None:
    """Hosts as NetEase's let nobody into a folder who has not said what they are (RFC 2971)."""
    if "ID" in {f"{one}".upper() for one in client.capabilities}:
        client.begin()
        try:
            client.xatom("ID", '("name" "Linkwright")')
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            # Who offers it and does not understand it goes on as without.
            return


def _day(moment: datetime) -> str:
    return f"{moment.day}-{_MONTHS[moment.month - 1]}-{moment.year}"


def _require(is_offered: bool) -> None:
    if not is_offered:
        raise MailboxFailed(Failure.LOGIN_METHOD_MISSING)


@contextmanager
def _spoken() -> Iterator[None]:
    try:
        yield
    except imaplib.IMAP4.abort:
        raise MailboxFailed(Failure.HOST_UNREACHABLE) from None
    except imaplib.IMAP4.error as refused:
        _require_ok("", [f"{refused}".encode(errors="replace")], Failure.PROTOCOL_ERROR)
    except (ValueError, TypeError, IndexError):
        # The library reads what comes as if it were well formed.
        raise MailboxFailed(Failure.PROTOCOL_ERROR) from None


def _require_ok(kind: str, answer: Sequence[Any], otherwise: Failure) -> None:
    """Raises `DEFERRED` where a host says that it is about now, and not about what was asked."""
    if kind != "OK":
        said = b" ".join(one for one in answer if isinstance(one, bytes))
        is_for_now = answers.is_for_now(said.decode(errors="replace"))
        raise MailboxFailed(Failure.DEFERRED if is_for_now else otherwise) from None
