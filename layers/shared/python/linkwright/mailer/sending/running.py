"""A run of a mailbox's line: what is due is sent, one mail after the other, as far as the mailbox,
its campaigns and the readers' windows let it, until there is nothing or no time.
"""

from datetime import datetime, timedelta

from linkwright import clock, deadline, jobs, level, plans, usage
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
from linkwright.observability import count
from linkwright.providers.mail import Mail, MailRefused, new_id
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun
from linkwright.workspace.operations import Tenant, signing_key, tenant

# With less time left nothing more is sent: what it may take, and what is written of it.
RESERVE_S = transport.CONVERSATION_S + 12.0
# So many rows are moved on between two looks at the line.
_LOOKED_AT = 10
# What is waited for by the run itself: another one would take longer.
_SHORT = timedelta(seconds=1.5)
# A mailbox that sends nothing now tells of it when it does; this is for who forgets to.
_LOOKED_AGAIN = timedelta(hours=1)
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
        return _all_wait(partition, line, clock.now() + _LOOKED_AGAIN)
    if held_up.is_unread(partition, mailbox["view"]):
        count("mailbox_unread")
        held_up.have_read(partition, line["sk"])
        return _all_wait(partition, line, clock.now() + held_up.LOOKED_AGAIN)
    if guard.has_paused(partition, line, mailbox):
        return True
    if unknown.is_full(line):
        return _all_wait(partition, line, None)
    return _first(partition, line, mailbox)


def _moves_on(partition: str, line: Item) -> bool:
    """The mailbox was deleted: who waits for it has another one."""
    rows = queue.movable(partition, line["sk"], _LOOKED_AT)
    for row in rows:
        with steps.set_aside_where_broken(partition, row):
            breaking.move_on(partition, row)
    if rows:
        return True
    heads, _ = queue.heads(partition, line["sk"])
    return _rests(line, clock.now() + steps.SET_ASIDE if heads else None)


def _all_wait(partition: str, line: Item, until: datetime | None) -> bool:
    """The mailbox sends nothing before a moment: who is to be mailed by another one waits there.
    Where nobody waits it is over: whoever is added rings. Returns whether the run goes on.
    """
    heads, is_all = found = queue.look(partition, line)
    if breaking.has_moved_one_on(partition, line["sk"], heads):
        return True
    moments = [steps.due_at(row) for row in heads]
    until = max(until, min(moments)) if until and moments else None
    is_over, until = queue.waits(partition, line, found, until)
    return _rests(line, until) if is_over else True


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
    now = clock.now()
    ready = claims.mailbox_ready(partition, line, mailbox["view"])
    if ready > now:
        return _all_wait(partition, line, ready)
    heads, _ = found = queue.look(partition, line)
    later = [moment for moment in map(steps.due_at, heads) if moment > now]
    for row in sorted(heads, key=steps.due_at):
        if steps.due_at(row) > now:
            break
        opens = None
        with steps.set_aside_where_broken(partition, row):
            opens = _opens(partition, mailbox, row, now)
        if opens is None:
            return True
        if opens <= now:
            return _see_to(partition, line, mailbox, row)
        # All of its group wait for that: they are passed over, and none of them is moved.
        later.append(opens)
    is_over, until = queue.waits(partition, line, found, min(later, default=None))
    return _rests(line, until) if is_over else True


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


def _see_to(partition: str, line: Item, mailbox: Item, row: Item) -> bool:
    """Returns whether the run goes on."""
    with steps.set_aside_where_broken(partition, row):
        step = steps.read(partition, row)
        if step is None:
            return True
        if mailbox["sk"] not in step.campaign["view"]["mailbox_ids"]:
            breaking.move_on(partition, row)
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
        of = _with_sends_left(partition)
        with transport.opened(partition, mailbox) as send:
            _sent(of, line, mailbox, step, send)
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


def _with_sends_left(partition: str) -> Tenant:
    """Before its host is asked to let us in, each time that somebody is added to the line."""
    of = tenant(partition)
    if not usage.left(partition, of.plan, claims.SENDS, plans.period(of.anchor_day).label):
        raise usage.Exhausted
    return of


def _sent(of: Tenant, line: Item, mailbox: Item, step: Step, send: transport.Send) -> None:
    partition = jobs.partition_of(line["pk"])
    message_id = new_id(mailbox["view"]["email"])
    # Before it is claimed: who cannot be written to was sent nothing, and nobody has to find out.
    letter = _letter(partition, mailbox, step, message_id)
    flight = claims.claim(partition, line, step, mailbox, of, message_id)
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
