"""A run of a mailbox's line: what is due is sent, one mail after the other, as far as the mailbox,
its campaigns and the readers' windows let it, until there is nothing or no time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from linkwright import clock, deadline, jobs, level, usage
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.mailer import items, lines
from linkwright.mailer.campaigns import plan_limits, readiness
from linkwright.mailer.feedback import unsubscribing
from linkwright.mailer.leads import waiting
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
from linkwright.mailer.sending.throttle import Capped
from linkwright.mailer.sending.verdicts import NotTried, Refused, Sent, Unknown, Withheld
from linkwright.observability import count, log_failure
from linkwright.providers.mail import Mail, MailRefused, new_id
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace.operations import signing_key, tenant

# With less time left nothing more is sent: what it may take, and what is written of it.
RESERVE_S = transport.CONVERSATION_S + 12.0
# So many rows are moved on between two looks at the line.
_LOOKED_AT = 10
# Until those groups are looked at that a look had no room for.
_OTHERS = timedelta(seconds=10)
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
        until = unknown.settled(partition, line, mailbox)
        return until is None or _rests(line, until)
    if unknown.takes_up(partition, line):
        return True
    if mailbox is None:
        return _moves_on(partition, line)
    if mailbox["view"]["status"] != "active":
        # For whoever waits; else it is over, and rung once the mailbox is active.
        heads, _ = queue.heads(partition, line["sk"])
        return _rests(line, clock.now() + _LOOKED_AGAIN if heads else None)
    if held_up.is_unread(partition, mailbox["view"]):
        count("mailbox_unread")
        held_up.have_read(partition, line["sk"])
        return _rests(line, clock.now() + held_up.LOOKED_AGAIN)
    if guard.has_paused(partition, line, mailbox):
        return True
    if unknown.is_full(line):
        return _rests(line, None)
    return _first(partition, line, mailbox)


def _moves_on(partition: str, line: Item) -> bool:
    """The mailbox was deleted: who waits for it has another one."""
    rows = queue.movable(partition, line["sk"], _LOOKED_AT)
    for row in rows:
        with _set_aside_where_broken(partition, row):
            if (step := steps.read(partition, row)) is not None:
                breaking.move_on(partition, step)
    if rows:
        return True
    heads, _ = queue.heads(partition, line["sk"])
    return _rests(line, clock.now() + _SET_ASIDE if heads else None)


def _rests(line: Item, until: datetime | None) -> bool:
    """Wait, or end. Returns whether the run goes on."""
    moments = [one for one in (until, unknown.again_at(line)) if one]
    if not moments:
        return not level.rest(line, None)
    until = min(moments)
    wait = until - clock.now()
    if timedelta(0) < wait <= _SHORT:
        clock.sleep(wait.total_seconds())
        if clock.now() >= until:
            return True
    return not level.rest(line, until)


def _first(partition: str, line: Item, mailbox: Item) -> bool:
    """See to who is due first of those that may go. Returns whether the run goes on."""
    heads, is_all = queue.heads(partition, line["sk"], line.get("served", ""))
    if not heads:
        return _rests(line, None)
    now = clock.now()
    ready = claims.mailbox_ready(partition, line, mailbox["view"])
    moments = [steps.due_at(row) for row in heads]
    if ready > now or min(moments) > now:
        return _rests(line, max(ready, min(moments)))
    later = [moment for moment in moments if moment > now]
    for row in sorted(heads, key=steps.due_at):
        if steps.due_at(row) > now:
            break
        opens = None
        with _set_aside_where_broken(partition, row):
            opens = _opens(partition, mailbox, row, now)
        if opens is None:
            return True
        if opens <= now:
            return _see_to(partition, line, mailbox, row)
        # All of its group wait for that: they are passed over, and none of them is moved.
        later.append(opens)
    if not is_all:
        tx = Transaction(partition, "")
        queue.write(tx, line, {"served": lines.group_at(heads[-1]["sk"])})
        tx.commit()
        return _rests(line, now + _OTHERS)
    return _rests(line, min(later))


def _opens(partition: str, mailbox: Item, row: Item, now: datetime) -> datetime:
    """When the group of a row may go next: by its window, and its campaign's gap and caps."""
    campaign_id, zone = lines.campaign_at(row["sk"])
    campaign = get(Table.CORE, items.campaign_key(partition, campaign_id)) if campaign_id else None
    if campaign is None or campaign["state"] != "active":
        return now
    view = campaign["view"]
    if mailbox["sk"] not in view["mailbox_ids"]:
        return now
    window = throttle.opens(view, zone, mailbox["view"], now)
    return max(window, claims.campaign_ready(partition, view))


@contextmanager
def _set_aside_where_broken(partition: str, row: Item) -> Iterator[None]:
    """What is wrong with one holds up no other."""
    try:
        yield
    except (Unavailable, level.Lost):
        raise
    except Exception as failure:  # noqa: BLE001 -- whatever it is
        log_failure("a lead's step is set aside", failure)
        count("mail_set_aside")
        steps.set_aside(partition, row, clock.now() + _SET_ASIDE)


def _see_to(partition: str, line: Item, mailbox: Item, row: Item) -> bool:
    """Returns whether the run goes on."""
    with _set_aside_where_broken(partition, row):
        step = steps.read(partition, row)
        if step is None:
            return True
        if mailbox["sk"] not in step.campaign["view"]["mailbox_ids"]:
            breaking.move_on(partition, step)
        elif not readiness.may_mail(step.campaign["view"], mailbox["view"]):
            steps.hold(partition, step.lead, "opt_in", step.campaign)
        elif waiting.group(step.lead) != lines.group_at(row["sk"]):
            # Its zone has changed: it waits for another window now.
            steps.move(partition, step.lead, steps.due_at(row), row)
        else:
            return _send(partition, line, mailbox, step)
    return True


def _send(partition: str, line: Item, mailbox: Item, step: Step) -> bool:
    """Log in, claim, hand over, and write down what came of it: in this order."""
    try:
        with transport.opened(partition, mailbox) as send:
            _sent(partition, line, mailbox, step, send)
    except (Outrun, Capped):
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
    # Before it is claimed: who cannot be written to was sent nothing, and nobody has to find out.
    letter = _letter(partition, mailbox, step, message_id)
    flight = claims.claim(partition, line, step, mailbox, tenant(partition), message_id)
    if isinstance(letter, Refused):
        outcomes.write(partition, line, flight, letter)
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


def _letter(partition: str, mailbox: Item, step: Step, message_id: str) -> Mail | Refused:
    url = unsubscribing.url(signing_key(partition) or "", partition, step.lead)
    views = step.campaign["view"], step.lead["view"], step.email["view"], mailbox["view"]
    try:
        return message.made(*views, step.earlier, message_id, url)
    except MailRefused as refused:
        return Refused(refused.reason)
