"""A run of a mailbox's line: what is due is sent, one mail after the other, as far as the mailbox,
its campaigns and the readers' windows let it, until there is nothing or no time.
"""

from datetime import datetime, timedelta

from linkwright import clock, deadline, jobs, level, usage
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.mailer import items
from linkwright.mailer.campaigns import plan_limits, readiness
from linkwright.mailer.feedback import unsubscribing
from linkwright.mailer.mailboxes import held_up
from linkwright.mailer.sending import (
    breaking,
    claims,
    guard,
    message,
    outcomes,
    queue,
    steps,
    throttle,
    transport,
    unknown,
    verdicts,
)
from linkwright.mailer.sending.steps import Step
from linkwright.mailer.sending.verdicts import NotTried, Refused, Sent, Unknown, Withheld
from linkwright.observability import count, log_failure
from linkwright.providers.mail import MailRefused, new_id
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun
from linkwright.workspace.operations import signing_key, tenant

# With less time left nothing more is sent: what it may take, and what is written of it.
RESERVE_S = transport.CONVERSATION_S + 12.0
# So many rows are looked at between two looks at the line.
_LOOKED_AT = 10
# What is waited for by the run itself: another one would take longer.
_SHORT = timedelta(seconds=1.5)
# A mailbox that sends nothing now tells of it when it does; this is for who forgets to.
_LOOKED_AGAIN = timedelta(hours=1)
# What cannot be handled is a fault of ours, which somebody has to mend.
_SET_ASIDE = timedelta(hours=1)
# Nothing tells when a plan has more.
_NO_SENDS = timedelta(minutes=15)


def run(work: Work) -> None:
    """Send what is due of a mailbox. Nothing if another run is at it: that one looks again."""
    partition = jobs.partition_of(work.pk)
    level.run(work.key, lambda run: _goes_on(partition, run))


def _goes_on(partition: str, run: Item) -> bool:
    """Do what is next, if anything is. Returns whether the run goes on."""
    line = level.look(run)
    if line is None:
        return False
    if deadline.seconds_left() < RESERVE_S:
        level.hand_over(line)
        return False
    mailbox = get(Table.CORE, items.mailbox_key(partition, line["sk"]))
    if "flight" in line:
        until = unknown.settle(partition, line, mailbox)
        return until is None or _rests(line, until)
    rows = queue.first(partition, line["sk"], _LOOKED_AT)
    if not rows:
        return not level.rest(line, None)
    if mailbox is None:
        breaking.move_on(partition, rows)
        return True
    if mailbox["view"]["status"] != "active":
        return _rests(line, clock.now() + _LOOKED_AGAIN)
    if held_up.is_unread(partition, mailbox["view"]):
        count("mailbox_unread")
        return _rests(line, clock.now() + held_up.LOOKED_AGAIN)
    if guard.has_paused(partition, line, mailbox):
        return True
    return _first(partition, line, mailbox, rows[0])


def _rests(line: Item, until: datetime) -> bool:
    """Wait. Returns whether the run goes on."""
    wait = until - clock.now()
    if timedelta(0) < wait <= _SHORT:
        clock.sleep(wait.total_seconds())
        if clock.now() >= until:
            return True
    return not level.rest(line, until)


def _first(partition: str, line: Item, mailbox: Item, row: Item) -> bool:
    """See to the row that is due first. Returns whether the run goes on."""
    ready = max(steps.due_at(row), claims.mailbox_ready(partition, line, mailbox["view"]))
    if ready > clock.now():
        return _rests(line, ready)
    try:
        return _see_to(partition, line, mailbox, row)
    except (Unavailable, level.Lost):
        raise
    except Exception as failure:  # noqa: BLE001 -- what is wrong with one holds up no other
        log_failure("a lead's step is set aside", failure)
        count("steps_set_aside")
        steps.set_aside(partition, row, clock.now() + _SET_ASIDE)
        return True


def _see_to(partition: str, line: Item, mailbox: Item, row: Item) -> bool:
    step = steps.read(partition, row)
    if step is None:
        return True
    if not readiness.may_mail(step.campaign["view"], mailbox["view"]):
        steps.hold(partition, step.lead, "opt_in", step.campaign)
        return True
    opens = throttle.opens(step.campaign["view"], step.lead["view"], mailbox["view"], clock.now())
    ready = max(opens, claims.campaign_ready(partition, step.campaign["view"]))
    if ready - clock.now() > _SHORT:
        # It lets through who may go now.
        steps.move(partition, step.lead, ready, row)
        return True
    if ready > clock.now():
        return _rests(line, ready)
    return _send(partition, line, mailbox, step)


def _send(partition: str, line: Item, mailbox: Item, step: Step) -> bool:
    """Log in, claim, hand over, and write down what came of it: in this order."""
    try:
        with transport.opened(partition, mailbox) as send:
            _sent(partition, line, mailbox, step, send)
    except (Outrun, claims.Capped):
        # What was read has changed: it is read anew.
        return True
    except usage.Exhausted:
        plan_limits.note(partition, step.campaign, clock.now() + _NO_SENDS)
        return _rests(line, clock.now() + _NO_SENDS)
    except transport.Down:
        return _rests(line, breaking.note_trouble(partition, line))
    except transport.Broken as broken:
        breaking.fail(partition, mailbox, broken.reason)
    return True


def _sent(partition: str, line: Item, mailbox: Item, step: Step, send: transport.Send) -> None:
    message_id = new_id(mailbox["view"]["email"])
    flight = claims.claim(partition, line, step, mailbox, tenant(partition), message_id)
    try:
        letter = message.made(
            step.campaign["view"],
            step.lead["view"],
            step.email["view"],
            mailbox["view"],
            step.earlier,
            message_id,
            unsubscribing.url(signing_key(partition) or "", partition, step.lead),
        )
    except MailRefused as refused:
        outcomes.write(partition, line, flight, Refused(refused.reason))
        return
    try:
        outcome = send(letter)
    except transport.Broken:
        outcomes.write(partition, line, flight, NotTried())
        raise
    if isinstance(outcome, Unknown) and transport.files_copies(mailbox):
        # It can be looked for: the flight stays until it was.
        return
    if isinstance(outcome, Sent) and unknown.is_named_elsewhere(mailbox, outcome):
        unknown.look_for_name(partition, line, flight)
        breaking.note_success(partition, line)
        return
    judged = outcomes.write(partition, line, flight, outcome)
    if isinstance(judged, Withheld) and verdicts.is_given_up(line, mailbox):
        raise transport.Broken(judged.reason)
    if isinstance(outcome, NotTried):
        raise transport.Down
    if isinstance(outcome, Sent):
        breaking.note_success(partition, line)
        transport.file_copy(partition, mailbox, letter)
