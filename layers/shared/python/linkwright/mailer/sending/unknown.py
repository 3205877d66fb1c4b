"""A send that nobody has answered for: a run was killed behind its claim, or the host fell silent;
or one that was taken by a host that gives names of its own, and did not say which.

It is never sent again. Where the host files what is sent it is looked for; what is not found then
may have been sent all the same, and counts as that.
"""

from datetime import datetime, timedelta

from linkwright import clock
from linkwright.mailer.lines import Flight
from linkwright.mailer.sending import message, outcomes, queue, transport
from linkwright.mailer.sending.verdicts import Sent, Unknown
from linkwright.providers.mailbox.looking import Trace
from linkwright.table import Item
from linkwright.transaction import Transaction

# When it is looked for, after it was claimed: hosts file what is sent within half a minute.
LOOKS = (timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=15))


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
