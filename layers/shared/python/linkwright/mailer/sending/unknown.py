"""A send that nobody has answered for: a run was killed behind its claim, or the host fell silent;
or one that was taken by a host that gives names of its own, and did not say which.

It is never sent again. Where the host files what is sent it is looked for; what is not found then
may have been sent all the same, and counts as that.
"""

from datetime import datetime, timedelta

from linkwright import clock, level
from linkwright.errors import Unavailable
from linkwright.mailer.lines import Flight
from linkwright.mailer.sending import filling, message, outcomes, queue, transport
from linkwright.mailer.sending.verdicts import Sent, Unknown
from linkwright.observability import count, log_failure, logger
from linkwright.providers.mailbox.looking import Trace
from linkwright.table import Item
from linkwright.transaction import Transaction

# When it is looked for, after it was claimed: hosts file what is sent within half a minute.
LOOKS = (timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=15))
# When one is tried again that cannot be settled; so many runs in a row fail for what passes; and
# so many may be set aside at once.
_AGAIN = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
_PASSING, _MOST = 5, 20


def is_named_elsewhere(mailbox: Item, sent: Sent) -> bool:
    """Whether only its copy in the Sent folder tells by what id a mail is known to its reader."""
    keeps = mailbox["view"].get("proof", {}).get("keeps_message_id", True)
    return sent.named is None and not keeps and transport.files_copies(mailbox)


def look_for_name(partition: str, line: Item, flight: Flight) -> None:
    tx = Transaction(partition, "")
    queue.write(tx, line, {"flight": {**flight, "is_taken": True}})
    tx.commit()


def settle(partition: str, line: Item, mailbox: Item | None) -> datetime | None:
    """Find out what became of the line's flight. Returns when it is to be looked for again, or None
    once that is written down.
    """
    flight: Flight = line["flight"]
    if mailbox is None or not transport.files_copies(mailbox):
        outcomes.write(partition, line, flight, Unknown())
        return None
    since, looks = clock.parse(flight["since"]), flight.get("looks", 0)
    if clock.now() < since + LOOKS[looks]:
        return since + LOOKS[looks]
    trace = Trace(f"<{flight['message_id']}>", message.mark(flight["lead"], flight["seq"]))
    try:
        found = transport.find(partition, mailbox, trace, since)
    except (transport.Down, transport.Broken):
        found = None
    if found is not None:
        outcomes.write(partition, line, flight, Sent(found.named))
        return None
    if looks + 1 == len(LOOKS):
        outcomes.write(partition, line, flight, Sent() if "is_taken" in flight else Unknown())
        return None
    tx = Transaction(partition, "")
    queue.write(tx, line, {"flight": {**flight, "looks": looks + 1}})
    tx.commit()
    return since + LOOKS[looks + 1]


def settled(partition: str, line: Item, mailbox: Item | None) -> datetime | None:
    """As `settle`; but one that raises each time, by a fault of ours, is set aside, and the line
    goes on. After some hours it is given up: nobody can say whether it was sent.
    """
    try:
        return settle(partition, line, mailbox)
    except level.Lost:
        raise
    except Exception as failure:
        if _may_pass(failure, line):
            raise
        log_failure("a send is set aside", failure, lead=line["flight"]["lead"])
    count("mail_set_aside")
    again = int(line["flight"].get("again", 0))
    if again < len(_AGAIN):
        _set_aside(partition, line, again)
    else:
        _give_up(partition, line)
    return None


def _set_aside(partition: str, line: Item, again: int) -> None:
    at = clock.timestamp(clock.now() + _AGAIN[again])
    tx = Transaction(partition, "")
    stuck = [*line.get("stuck", []), {**line["flight"], "again": again + 1, "at": at}]
    queue.write(tx, line, {"stuck": stuck}, ("flight",))
    tx.commit()


def takes_up(partition: str, line: Item) -> bool:
    """Whether a send that was set aside is the line's flight again, as it is time."""
    now, stuck = clock.timestamp(), line.get("stuck", [])
    one = next((one for one in stuck if one["at"] <= now), None)
    if one is None:
        return False
    tx = Transaction(partition, "")
    facts = {"flight": one, "stuck": [other for other in stuck if other != one]}
    queue.write(tx, line, facts, lacks="flight")
    tx.commit()
    return True


def again_at(line: Item) -> datetime | None:
    """When the next of those is due that were set aside: not before the one is settled that is
    under way.
    """
    if "flight" in line:
        return None
    return min((clock.parse(one["at"]) for one in line.get("stuck", [])), default=None)


def is_full(line: Item) -> bool:
    """Whether so many are set aside that no other is to follow them."""
    return len(line.get("stuck", [])) >= _MOST


def _may_pass(failure: Exception, line: Item) -> bool:
    return isinstance(failure, Unavailable) and int(line.get("attempts", 0)) < _PASSING


def _give_up(partition: str, line: Item) -> None:
    """It counts as sent: with what follows from that, or as much of it as can be written."""
    flight: Flight = line["flight"]
    ways = (_as_unknown, outcomes.close, outcomes.forget, outcomes.leave)
    for write in ways:
        try:
            write(partition, line, flight)
            break
        except level.Lost:
            raise
        except Exception as failure:
            if write is ways[-1] or _may_pass(failure, line):
                raise
            log_failure("what follows from a send is left out", failure, lead=flight["lead"])
    if write in ways[2:]:
        _look_again(partition, flight)
    logger().error("a send gave up", extra={"lead": flight["lead"], "seq": int(flight["seq"])})
    count("jobs_given_up")


def _look_again(partition: str, flight: Flight) -> None:
    """Have its campaign put the lead in line once that can be."""
    try:
        filling.look_again(partition, flight["campaign"])
    except Exception as failure:  # noqa: BLE001 -- whatever is broken, it is given up
        log_failure("a lead is left out of line", failure, lead=flight["lead"])


def _as_unknown(partition: str, line: Item, flight: Flight) -> None:
    outcomes.write(partition, line, flight, Unknown())
