"""Which of the messages in a mailbox may be about what was sent: the others are nobody's business
here, and no more than these headers of them is read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from linkwright import clock
from linkwright.egress_limits import EgressError
from linkwright.errors import Unavailable
from linkwright.mailer import items
from linkwright.mailer.inbound import fields
from linkwright.mailer.responses import matching
from linkwright.observability import count, log_failure
from linkwright.providers.mailbox import headers, looking
from linkwright.providers.mailbox.imap import Session
from linkwright.providers.mailbox.types import Failure, MailboxFailed
from linkwright.table import Item, Table, query

AT_ONCE = 20
# When a message that its host did not give is asked for again, at once at first, as some give
# nothing once; and of how many that is done.
_AGAIN = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 2, 5, 15, 30, 60))
_MOST_WITHHELD = 20
NAMES = (
    *("message-id", "in-reply-to", "references", "from", "date", "content-type", "return-path"),
    *("x-failed-recipients", looking.MARK.lower()),
)
_OF_A_HOST = re.compile(r"(?:mailer-?daemon|postmaster|mail-?daemon|bounces?)[+@-]", re.IGNORECASE)

_Headers = Mapping[str, Sequence[str]]


def among(partition: str, mailbox: Item, tops: Mapping[int, bytes]) -> Iterator[int]:
    """The UIDs of those that answer a message of ours, may report on one, or come from a lead."""
    found = {uid: headers.parsed(top) for uid, top in sorted(tops.items())}
    named = {uid: matching.chosen(_ids(one)) for uid, one in found.items()}
    ours = matching.known(partition, mailbox["sk"], {one for ids in named.values() for one in ids})
    for uid, one in found.items():
        if looking.MARK.lower() in one:
            # What we sent ourselves, to a mailbox of ours.
            continue
        if ours.keys() & set(named[uid]) or _reports(one) or _is_of_a_lead(partition, one):
            yield uid


def _ids(known: _Headers) -> list[str]:
    return [
        found
        for name in ("in-reply-to", "references")
        for value in known.get(name, [])
        for found in fields.ids(value)
    ]


def is_report(top: bytes) -> bool:
    return _reports(headers.parsed(top))


def _reports(known: _Headers) -> bool:
    """Whether a host may say in it that a message was not delivered, or not wanted."""
    return (
        any(one.lower().startswith("multipart/report") for one in known.get("content-type", []))
        or any(one.replace(" ", "") == "<>" for one in known.get("return-path", []))
        or "x-failed-recipients" in known
        or any(_OF_A_HOST.search(one) for one in known.get("from", []))
    )


def _is_of_a_lead(partition: str, known: _Headers) -> bool:
    """Whether who it says it is from was ever pushed: then what it quotes tells the rest."""
    named = fields.addresses(" ".join(known.get("from", [])[:1]))
    if not named:
        return False
    where = items.address_partition(partition, items.hashed(named[0]))
    return bool(query(Table.CORE, where, limit=1)[0])


class Batch:
    """What a conversation told: messages by their UIDs, and how far it came.

    `withheld` are those that the host did not give, or that cannot be handled by a fault of ours:
    nothing behind them waits, and they are asked for again. Beyond many nothing is read until there
    is room: `is_stopped`. A host that withholds many is in trouble.
    """

    def __init__(self, state: Item, validity: int, last: int, uids: Sequence[int]) -> None:
        is_known = state.get("uid_validity") == validity
        is_singly = is_known and last < int(state.get("singly_to", 0))
        self.uids = uids[: 1 if is_singly else AT_ONCE]
        # Without a message the next one is above what there is.
        self.facts: Item = {"uid_validity": validity}
        self.facts["last_uid"] = self.uids[-1] if self.uids else last
        self.is_all = len(self.uids) == len(uids)
        self.is_stopped = False
        self.failure: MailboxFailed | None = None
        self.found: list[tuple[int, bytes]] = []
        self._is_broken = False
        self.withheld: list[Item] = list(state.get("withheld", [])) if is_known else []
        if not is_known and "singly_to" in state:
            self.facts["singly_to"] = 0
        self.makes_room = self._is_full() and self.due() is not None
        if self.makes_room:
            # Nothing new is read before one of these was asked for.
            self.uids, self.is_all, self.facts["last_uid"] = [], False, last
        # Of each that was asked for again, how often; and the headers that were read.
        self._tries: dict[int, int] = {}
        self._tops: dict[int, bytes] = {}

    def _is_full(self) -> bool:
        return len(self.withheld) >= _MOST_WITHHELD

    def due(self) -> Item | None:
        now = clock.now()
        return next((one for one in self.withheld if clock.parse(one["at"]) <= now), None)

    def take(self, partition: str, mailbox: Item, session: Session) -> None:
        """Messages that may be about ours. Of all others no more than a few headers is read."""
        found: list[tuple[int, bytes]] = []
        with _noted(mailbox) as went:
            self._tops = session.tops(self.uids, NAMES)
            wanted = list(among(partition, mailbox, self._tops))
            found = [(uid, session.part(uid)) for uid in wanted]
            went.well = True
        if not went.well:
            self._is_broken = True
            if len(self.uids) == 1:
                self._set_aside(self.uids[0], is_ours=went.is_ours)
            else:
                # It may be one of them alone: they are read one by one.
                self.facts |= {"last_uid": self.uids[0] - 1, "singly_to": self.uids[-1]}
                self.is_all = False
            return
        empty = {uid for uid, raw in found if not raw} | {
            one for one in self.uids if not self._tops.get(one)
        }
        for uid in sorted(empty):
            if not self.is_stopped:
                self._set_aside(uid)
        read = int(self.facts["last_uid"])
        self.found += [(uid, raw) for uid, raw in found if raw and uid <= read]

    def again(self, partition: str, mailbox: Item, session: Session) -> None:
        """Ask for one that was withheld, if it is time. The last time its header says that somebody
        has answered, if nothing else does.
        """
        one = self.due() if self.is_all or self.makes_room else None
        if one is None or self._is_broken:
            return
        uid, raw = int(one["uid"]), b""
        self.withheld.remove(one)
        self._tries[uid] = int(one["tries"])
        with _noted(mailbox):
            self._tops[uid] = top = session.tops([uid], NAMES).get(uid, b"")
            if top and not list(among(partition, mailbox, {uid: top})):
                return
            raw = session.part(uid)
        if not raw and not self.is_put_off(uid):
            raw = self.left(uid)
        if raw:
            # Before all others, as it is not among those that are read anew.
            self.found.insert(0, (uid, raw))
        self.is_all = self.is_all and self.due() is None

    def is_put_off(self, uid: int) -> bool:
        """Have it asked for again, unless it was as often as it may be, or others wait."""
        tries = self._tries.get(uid, 0)
        if self.is_spent(uid):
            count("mails_passed_over")
            return False
        if self._is_full():
            return False
        at = clock.timestamp(clock.now() + _AGAIN[tries])
        self.withheld.append({"uid": uid, "tries": tries + 1, "at": at})
        return True

    def is_spent(self, uid: int) -> bool:
        """Whether it was asked for as often as it may be."""
        return self._tries.get(uid, 0) >= len(_AGAIN)

    def left(self, uid: int) -> bytes:
        """What is left of one that cannot be handled: its header, unless it is a report."""
        top = self._tops.get(uid, b"")
        try:
            return b"" if is_report(top) else top
        except Exception as failure:  # noqa: BLE001 -- whatever somebody wrote
            log_failure("a header cannot be handled", failure)
            return top

    def stop(self, uid: int, failure: MailboxFailed | None = None) -> None:
        """Let reading go on from this one, once others were asked for again. `failure` is what its
        host has to do with that.
        """
        self.facts["last_uid"] = uid - 1
        self.is_stopped, self.failure = True, failure

    def _set_aside(self, uid: int, *, is_ours: bool = False) -> None:
        if any(one["uid"] == uid for one in self.withheld):
            return
        if self.is_put_off(uid):
            count("mails_withheld")
        else:
            self.stop(uid, None if is_ours else MailboxFailed(Failure.PROTOCOL_ERROR))


@dataclass
class _Went:
    well: bool = False
    is_ours: bool = False


@contextmanager
def _noted(mailbox: Item) -> Iterator[_Went]:
    """What a host refuses stops nothing, and neither does what cannot be handled. One that is busy
    speaks of no message.
    """
    went = _Went()
    try:
        yield went
    except MailboxFailed as failure:
        if failure.failure is Failure.DEFERRED:
            raise
        return
    except (EgressError, Unavailable):
        raise
    except Exception as failure:  # noqa: BLE001 -- whatever somebody wrote
        log_failure("headers cannot be handled", failure, mailbox=mailbox["sk"])
        count("mail_set_aside")
        went.is_ours = True
