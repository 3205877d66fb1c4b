"""The host of all mailboxes: takes mails over a network that fails, and files copies, or not."""

import base64
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from typing import Any

from linkwright.egress_limits import Deadline
from linkwright.providers.mailbox.headers import parsed
from linkwright.providers.mailbox.imap import Selected
from linkwright.providers.mailbox.imap_answers import Folder
from linkwright.providers.mailbox.looking import MARK
from linkwright.providers.mailbox.types import (
    Accepted,
    Failure,
    Login,
    MailboxFailed,
    OutcomeUnknown,
    Server,
)
from linkwright.table import Item
from tests.client import queue_event
from tests.faults.injection import Killed
from tests.simulation.cloud import DELIVERIES, VISIBILITY_S, Cloud
from tests.simulation.mail import ses
from tests.simulation.mail.ses import Ses

_AWAY, _SLOW, _FULL, _SHUT = "away", "too slow", "lets nobody in just now", "refuses the log-in"
_KILLED, _KILLED_AFTER = "killed", "killed behind the last dot"
_AT_THE_DOOR = (*[_AWAY, _SLOW, _FULL, _KILLED] * 4, _SHUT)
_LOST, _TAKEN, _LATE = "silent, and lost", "silent, and taken", "silent, and taken later"
_REFUSALS = {
    "450": (Failure.DEFERRED, 450, "4.2.1"),
    "550": (Failure.RECIPIENT_REFUSED, 550, "5.1.1"),
    "5.7.1": (Failure.RECIPIENT_REFUSED, 550, "5.7.1"),
    "554": (Failure.CONTENT_REFUSED, 554, ""),
    "5.4.5": (Failure.RECIPIENT_REFUSED, 550, "5.4.5"),
    "4.7.0": (Failure.DEFERRED, 421, "4.7.0"),
    "hangs up before": (Failure.HOST_UNREACHABLE, None, ""),
    "stops before": (Failure.TIMED_OUT, None, ""),
}
_OF_SENDERS = ("5.4.5", "5.7.1")
_OF_A_MAIL = (
    *[*_REFUSALS, "450", "450", *_OF_SENDERS * 2],
    *[_KILLED, _KILLED_AFTER, _LOST, _LOST, _TAKEN, _LATE, _LATE] * 4,
)
_SENT = "Sent"
# Who is no reader of anybody's, what is said of them, and what speaks of who sends alone.
GONE = "gone"
NOBODY, QUOTA = "550", "5.4.5"


@dataclass(frozen=True)
class Manners:
    """How the host treats a mailbox: files what it sends, gives it an id of its own, says which."""

    files: bool = False
    renames: bool = False
    tells: bool = False


@dataclass(frozen=True)
class Taken:
    """A mail as it arrived: `mark` is of which step, `named` by what it is known there."""

    sender: str
    recipient: str
    mail: EmailMessage
    mark: str
    named: str
    at: datetime
    # Whether it came to who reads it, and did not come back.
    is_read: bool = True


class Host(Cloud):
    """Of SES too. `taken` hears of each mail that arrives; `is_shut` of whom it lets in no more."""

    def begin(self) -> None:
        self.manners: dict[str, Manners] = {}
        self.taken: Callable[[Taken], None] = lambda _: None
        self.shut: Callable[[str], None] = lambda _: None
        # What was said of mails to whom.
        self.refusals: dict[str, set[str]] = {}
        self._filed: dict[str, list[tuple[datetime, bytes]]] = {}
        self._numbers = 0
        self.ses: Ses

    @contextmanager
    def smtp(self, _server: Server, login: Login, _within: Deadline) -> Iterator["_Smtp"]:
        self._enter(login)
        yield _Smtp(self)

    @contextmanager
    def imap(self, _server: Server, login: Login, _within: Deadline) -> Iterator["_Imap"]:
        self._enter(login)
        yield _Imap(self, login.username)

    def _enter(self, login: Login) -> None:
        self._travel()
        fault = self._draw(*_AT_THE_DOOR)
        if fault is None:
            return
        self._note(f"the host of {login.username}: {fault}")
        if fault == _KILLED:
            raise Killed
        if fault == _SLOW:
            self._network.pass_time(15)
        if fault == _SHUT:
            self.shut(login.username)
        raise MailboxFailed(
            {
                _AWAY: Failure.HOST_UNREACHABLE,
                _SLOW: Failure.TIMED_OUT,
                _FULL: Failure.LOGIN_UNAVAILABLE,
                _SHUT: Failure.LOGIN_REFUSED,
            }[fault]
        )

    def _draw(self, *faults: str) -> str | None:
        return self._network.draw(*faults, at_least=self._network.weather.trouble)

    def _travel(self) -> None:
        self._network.pass_time(0.1 + self._network.latency())

    def send(self, sender: str, recipient: str, content: bytes) -> Accepted:
        self._travel()
        fault = NOBODY if GONE in recipient else self._draw(*_OF_A_MAIL)
        if fault is not None:
            self._note(f"a mail to {recipient}: {fault}")
            self._strike(fault, sender, recipient, content)
        named = self._take(sender, recipient, content)
        self._network.pass_time(0.05)
        return Accepted(f"<{named}>" if self._manners_of(sender).tells else None)

    def _strike(self, fault: str, sender: str, recipient: str, content: bytes) -> None:
        """Raises in any case."""
        if fault in _REFUSALS:
            self.refusals.setdefault(recipient, set()).add(fault)
            raise MailboxFailed(*_REFUSALS[fault])
        take = partial(self._take, sender, recipient, content)
        if fault in {_TAKEN, _KILLED_AFTER}:
            take()
        if fault == _LATE:
            self._scheduler.spawn(self._random.uniform(0.1, 20), lambda: _ignored(take))
        if fault in {_KILLED, _KILLED_AFTER}:
            raise Killed
        self._network.pass_time(self._random.uniform(1, 12))
        raise OutcomeUnknown

    def _take(
        self,
        sender: str,
        recipient: str,
        content: bytes,
        named: str | None = None,
        *,
        is_read: bool = True,
    ) -> str:
        mail = message_from_bytes(content, policy=policy.default)
        manners, named = self._manners_of(sender), named or str(mail["Message-ID"]).strip("<>")
        if manners.renames:
            self._numbers += 1
            ours, named = named, f"host-{self._numbers}@mail.example"
            content = content.replace(ours.encode(), named.encode())
        if manners.files:
            at = self._scheduler.now + timedelta(seconds=self._random.uniform(0, 25))
            self._filed.setdefault(sender, []).append((at, content))
        mark = str(mail[MARK])
        self._note(f"{mark} arrives at {recipient}")
        now = self._scheduler.now
        self.taken(Taken(sender, recipient, mail, mark, named, now, is_read))
        return named

    def _manners_of(self, sender: str) -> Manners:
        return self.manners.get(sender, Manners())

    def filed(self, address: str) -> list[bytes]:
        """What is in its Sent folder by now."""
        now = self._scheduler.now
        return [content for at, content in self._filed.get(address, []) if at <= now]

    def file(self, address: str, content: bytes) -> None:
        self._filed.setdefault(address, []).append((self._scheduler.now, content))

    # ---- SES ------------------------------------------------------------------------------------

    def send_email(self, **wanted: Any) -> Item:
        sender, (to,) = wanted["FromEmailAddress"], wanted["Destination"]["ToAddresses"]
        raw = base64.b64decode(wanted["Content"]["Raw"]["Data"])
        named, fate = self.ses.take(to, wanted["EmailTags"], is_gone=GONE in to)
        if fate != ses.REJECTED:
            known = f"{named}@email.amazonses.com"
            self._take(sender, to, raw, known, is_read=fate != ses.HARD)
        return {"MessageId": named}

    def feed(self, body: str) -> None:
        """Have the worker hear what is in the queue of feedback."""
        for number in range(1, DELIVERIES + 1):
            self._note(f"{ses.WORKER} gets a message, delivery {number}")
            if self._is_done(ses.WORKER, queue_event([body], received=number)):
                return
            self._scheduler.sleep(VISIBILITY_S)
        self._note("dead letter of feedback")
        self.dead.append((ses.WORKER, body))

    def _deliver(self, file: str, body: str) -> None:
        if file == ses.WORKER:
            self.feed(body)
        else:
            super()._deliver(file, body)


class _Smtp:
    def __init__(self, host: Host) -> None:
        self._host = host

    def send(self, sender: str, recipient: str, content: bytes) -> Accepted:
        return self._host.send(sender, recipient, content)


class _Imap:
    def __init__(self, host: Host, address: str) -> None:
        self._host, self._address = host, address

    def folders(self) -> list[Folder]:
        return [Folder(_SENT, frozenset({"\\sent"}))]

    def select(self, _folder: str) -> Selected:
        return Selected(1, len(self._host.filed(self._address)))

    def since(self, _moment: datetime) -> list[int]:
        return list(range(1, len(self._host.filed(self._address)) + 1))

    def headers(self, uids: Sequence[int], names: Sequence[str]) -> dict[int, bytes]:
        lower, filed = {name.lower() for name in names}, self._host.filed(self._address)
        found = {}
        for uid in uids:
            known = parsed(filed[uid - 1].partition(b"\r\n\r\n")[0] + b"\r\n\r\n").items()
            said = [f"{name}: {one}\r\n" for name, all in known if name in lower for one in all]
            found[uid] = "".join([*said, "\r\n"]).encode()
        return found

    def append(self, _folder: str, content: bytes) -> None:
        self._host.file(self._address, content)


def _ignored(act: Callable[[], object]) -> None:
    act()


def drawn(chance: random.Random) -> Manners:
    renames = chance.random() < 0.3
    files = chance.random() < 0.5
    return Manners(files, renames, tells=renames and chance.random() < 0.7)
