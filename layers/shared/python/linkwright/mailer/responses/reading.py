"""Reading mailboxes: about once a minute, what has come since, some messages after the others.

What was read is known by the folder's UIDs. Where a host numbers it anew, it is gone through again
from the day before it was read last: of a message that was heard there is a row, so it does nothing
twice.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from linkwright import clock, deadline, jobs, level
from linkwright.egress_limits import Deadline, EgressError
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.mailer.campaigns.limits import limits
from linkwright.mailer.inbound.parsing import Unreadable
from linkwright.mailer.items import mailbox_key
from linkwright.mailer.mailboxes import logging_in, simulation
from linkwright.mailer.responses import handling, reasoning
from linkwright.mailer.responses.candidates import Batch
from linkwright.mailer.sending import breaking, queue, transport
from linkwright.observability import count, log_failure
from linkwright.providers.mailbox.types import MailboxFailed
from linkwright.sealing import Unsealable
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Transaction

EVERY_S = 60
# Of one conversation with the host, and for what is written of it.
_CONVERSATION_S, _RESERVE_S = 20.0, 46.0
_INBOX = "INBOX"
# So many runs in a row fail for what passes.
_PASSING = 5
# A host's days are those of its own zone.
_BEFORE = timedelta(days=1)
# Where nothing comes, that it was read is noted so often.
_NOTED_EVERY = timedelta(hours=1)
# After each time in a row that it cannot be read; and for how long that may be so.
_RESTS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15))
_AWAY, _REFUSED = timedelta(days=1), timedelta(minutes=15)


def run(work: Work) -> None:
    """Nothing where another run is at it, or it is too early: another message is on its way."""
    row = get(Table.CORE, work.key)
    if row is None or jobs.is_left_alone(row):
        return
    partition = jobs.partition_of(work.pk)
    level.run(work.key, lambda run: _goes_on(partition, run))


def _goes_on(partition: str, run: Item) -> bool:
    """Read some. Returns whether the run goes on."""
    state = level.look(run)
    if state is None:
        return False
    mailbox = get(Table.CORE, mailbox_key(partition, state["sk"]))
    if mailbox is None:
        _forget(partition, state)
        return False
    view = mailbox["view"]
    if view["status"] != "active" or not simulation.has_inbox(partition, view):
        return not level.rest(state, None)
    if deadline.seconds_left() < _RESERVE_S:
        level.hand_over(state)
        return False
    try:
        read = _read(partition, mailbox, state)
    except (MailboxFailed, Unsealable, transport.Down, EgressError) as failure:
        return not level.rest(state, _trouble(partition, mailbox, state, failure))
    is_late = _is_late(partition, mailbox, state, read)
    _note(partition, state, read)
    if is_late:
        level.hand_over(state)
        return False
    if read.is_stopped:
        return not level.rest(state, _trouble(partition, mailbox, state, read.failure))
    return not (read.is_all and level.rest(state, clock.now() + EVERY_S * limits().second))


def _read(partition: str, mailbox: Item, state: Item) -> Batch:
    """What comes next. Raises `MailboxFailed`, `Unsealable`, `transport.Down` and `EgressError`."""
    within = Deadline(_CONVERSATION_S)
    by = transport.log_in(partition, mailbox, within)
    with logging_in.reading(mailbox["view"], by, within) as session:
        selected = session.select(_INBOX)
        if state.get("uid_validity") == selected.uid_validity:
            last = int(state["last_uid"])
            uids = session.above(last)
        else:
            uids = session.above(0, _since(mailbox, state))
            last = max(selected.uid_next - 1, 0)
        read = Batch(state, selected.uid_validity, last, uids)
        if read.uids:
            read.take(partition, mailbox, session)
        read.again(partition, mailbox, session)
        return read


def _is_late(partition: str, mailbox: Item, state: Item, read: Batch) -> bool:
    """Hear what was read, as much as a model can be asked about: another run goes on."""
    for at, (uid, raw) in enumerate(read.found):
        if at and deadline.seconds_left() < reasoning.NEEDS_S:
            read.facts["last_uid"] = uid - 1
            return True
        if not _is_seen_to(partition, mailbox, state, read, (uid, raw)):
            read.stop(uid)
            break
    return False


def _is_seen_to(
    partition: str, mailbox: Item, state: Item, read: Batch, message: tuple[int, bytes]
) -> bool:
    """One that raises, by a fault of ours, stops none behind it, and is heard later. Then its
    header says that somebody has answered, as of one that nobody can read. Returns False where
    nothing can be made of it, and as many wait as may: it is no message that is broken.
    """
    (uid, raw), is_last = message, read.is_spent(message[0])
    left = read.left(uid) if is_last else b""
    try:
        if _is_heard(partition, mailbox, state, raw):
            if raw != left:
                return True
        elif read.is_put_off(uid):
            return True
    except Unreadable:
        is_last = True
    if left := left or read.left(uid):
        with suppress(Unreadable):
            if left == raw or _is_heard(partition, mailbox, state, left) or is_last:
                # A header that names no mail of ours says nothing by the rules.
                _end(partition, mailbox, state, left)
                return True
    return is_last


def _is_heard(partition: str, mailbox: Item, state: Item, raw: bytes) -> bool:
    """Raises `Unreadable`, and `Unavailable` for what may pass."""
    return _is_done(lambda: handling.handle(partition, mailbox, raw), state, "mail_set_aside")


def _end(partition: str, mailbox: Item, state: Item, left: bytes) -> None:
    """Nothing that follows from an answer can be written: but that they are mailed no more."""
    _is_done(lambda: handling.end(partition, mailbox, left), state, "jobs_given_up")


def _is_done(work: Callable[[], None], state: Item, counted: str) -> bool:
    """What raises by a fault of ours is not, and is counted. Raises `Unreadable`, and `Unavailable`
    for what may pass.
    """
    try:
        work()
    except Unreadable:
        raise
    except Exception as failure:
        if _may_pass(failure, state):
            raise
        log_failure("a message cannot be handled", failure, mailbox=state["sk"])
        count(counted)
        return False
    return True


def _may_pass(failure: Exception, state: Item) -> bool:
    return isinstance(failure, Unavailable) and int(state.get("attempts", 0)) < _PASSING


def _since(mailbox: Item, state: Item) -> datetime:
    known = state.get("read_at") or mailbox["view"]["created_at"]
    return clock.parse(known) - _BEFORE


def _note(partition: str, state: Item, read: Batch) -> None:
    """Raises `level.Lost` where another run has it by now."""
    if read.withheld or "withheld" in state:
        read.facts["withheld"] = read.withheld
    is_as_known = all(state.get(name) == value for name, value in read.facts.items())
    is_fresh = "read_at" in state and clock.now() < clock.parse(state["read_at"]) + _NOTED_EVERY
    if is_as_known and is_fresh and "troubles" not in state:
        return
    tx = Transaction(partition, "")
    if read.is_stopped or read.makes_room:
        queue.write(tx, state, read.facts)
    else:
        facts = {**read.facts, "read_at": clock.timestamp()}
        queue.write(tx, state, facts, ("troubles", "troubled_since"))
    tx.commit()
    count("mails_heard", len(read.found))


def _trouble(
    partition: str, mailbox: Item, state: Item, failure: Exception | None
) -> datetime | None:
    """Until when it is left alone; None once it has failed. Without a failure it is our fault."""
    since = clock.parse(state.get("troubled_since", clock.timestamp()))
    is_passing = not isinstance(failure, Unsealable) and (
        not isinstance(failure, MailboxFailed) or failure.is_passing
    )
    count("mailbox_not_read")
    if failure is not None and clock.now() - since >= (_AWAY if is_passing else _REFUSED):
        reason = failure.failure.value if isinstance(failure, MailboxFailed) else "not_read"
        breaking.fail(partition, mailbox, reason)
        return None
    troubles = int(state.get("troubles", 0))
    tx = Transaction(partition, "")
    facts = {"troubles": troubles + 1, "troubled_since": clock.timestamp(since)}
    queue.write(tx, state, facts)
    tx.commit()
    return clock.now() + _RESTS[min(troubles, len(_RESTS) - 1)]


def _forget(partition: str, state: Item) -> None:
    """The mailbox was deleted."""
    tx = Transaction(partition, "")
    tx.delete(
        Table.CORE,
        Key(state["pk"], state["sk"]),
        condition=level.MINE,
        values={"lease": state["leased_until"]},
        otherwise=level.Lost,
    )
    tx.commit()
