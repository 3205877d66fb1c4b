"""Mailing what somebody answered to a lead: once at most, whatever is killed."""

from contextlib import suppress
from datetime import timedelta

from linkwright import clock, jobs, usage
from linkwright.errors import Unavailable
from linkwright.jobs import AlreadyDone, Work
from linkwright.mailer import items as mailer_items
from linkwright.mailer.leads import leads, looking
from linkwright.mailer.responses import items
from linkwright.mailer.responses.items import MessageState
from linkwright.mailer.responses.replying import SENDS
from linkwright.mailer.sending import breaking, transport
from linkwright.mailer.sending import message as messages
from linkwright.mailer.sending.verdicts import Refused, Sent, Unknown
from linkwright.providers.mail import Mail, MailRefused, judged
from linkwright.providers.mailbox.looking import MARK
from linkwright.table import ConditionFailed, Item, Key, Table, get, update
from linkwright.transaction import Transaction

# Longer than a run may take.
_IN_DOUBT = timedelta(seconds=90)


class _Refused(Exception):
    """It is not mailed; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def mail(work: Work) -> None:
    """Raises `NotYet` while another run may be at it, and `Unavailable` where its host is away."""
    job = get(Table.CORE, work.key)
    if job is None or not jobs.is_due(job) or jobs.is_left_alone(job):
        return
    partition = jobs.partition_of(work.pk)
    if job["state"] == "claimed":
        # It was mailed, or its run was killed: which of both, nobody knows.
        if clock.now() < (over := clock.parse(job["claimed_at"]) + _IN_DOUBT):
            raise clock.NotYet(over)
        _finish(partition, job, "unknown")
        return
    try:
        mailbox, letter = _prepared(partition, job)
        _send(partition, job, mailbox, letter)
    except _Refused as refused:
        _finish(partition, job, "failed", refused.reason)


def give_up(work: Work) -> None:
    """Its host was away for a day."""
    job = get(Table.CORE, work.key)
    if job is not None and jobs.is_due(job):
        is_sent = job["state"] == "claimed"
        _finish(
            jobs.partition_of(work.pk), job, "unknown" if is_sent else "failed", "gave_up", work
        )


def _prepared(partition: str, job: Item) -> tuple[Item, Mail]:
    """Raises `_Refused` where it is not to be mailed any more."""
    mailbox = get(Table.CORE, mailer_items.mailbox_key(partition, job["mailbox"]))
    if mailbox is None or mailbox["view"]["status"] != "active":
        raise _Refused("mailbox_not_active")
    lead = leads.stored(partition, job["lead"])
    row = get(Table.CORE, items.message_key(partition, job["lead"], job["place"]))
    if lead is None or row is None:
        raise _Refused("lead_deleted")
    entry = get(Table.CORE, mailer_items.suppression_key(partition, lead["address_hash"]))
    if entry is not None and looking.holds(entry):
        raise _Refused("address_suppressed")
    where = mailer_items.campaign_key(partition, lead["view"]["campaign_id"])
    campaign = get(Table.CORE, where) or {"view": {}}
    try:
        return mailbox, Mail(
            to=judged(lead["view"]["email"]),
            subject=row["view"]["subject"],
            text=row["view"]["text"],
            headers={**job["headers"], MARK: messages.mark(job["lead"], int(job["seq"]))},
            automatic=False,
            # As in the mails that it answers to: else somebody else seems to have taken over.
            sender_name=campaign["view"].get("sender_name") or mailbox["view"].get("name") or "",
            message_id=job["message_id"],
        )
    except MailRefused as refused:
        raise _Refused(refused.reason) from None


def _send(partition: str, job: Item, mailbox: Item, letter: Mail) -> None:
    try:
        with transport.opened(partition, mailbox) as send:
            _claim(job)
            outcome = send(letter)
    except transport.Down:
        raise Unavailable from None
    except transport.Broken as broken:
        breaking.fail(partition, mailbox, broken.reason)
        raise _Refused(broken.reason) from None
    if isinstance(outcome, Refused):
        raise _Refused(outcome.reason)
    if not isinstance(outcome, Sent | Unknown):
        _note(job, {"state": "queued"}, "claimed")
        raise Unavailable
    _finish(partition, job, "sent" if isinstance(outcome, Sent) else "unknown")
    if isinstance(outcome, Sent):
        transport.file_copy(partition, mailbox, letter)


def _claim(job: Item) -> None:
    """Before any host hears of it: who finds that mails it no more."""
    _note(job, {"state": "claimed", "claimed_at": clock.timestamp()}, "queued")


def _note(job: Item, facts: Item, seen: str) -> None:
    try:
        update(
            Table.CORE,
            Key(job["pk"], job["sk"]),
            "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
            condition="#state = :seen AND attribute_exists(#gsi2pk)",
            values={**facts, "seen": seen},
        )
    except ConditionFailed:
        raise clock.NotYet(clock.now() + _IN_DOUBT) from None


def _finish(
    partition: str,
    job: Item,
    state: MessageState,
    reason: str | None = None,
    work: Work | None = None,
) -> None:
    """Write down what came of it; `work` is one that gives up."""
    tx = Transaction(partition, "")
    if work is not None:
        tx.give_up(work)
    else:
        tx.finish(Key(job["pk"], job["sk"]))
    where = items.message_key(partition, job["lead"], job["place"])
    row = get(Table.CORE, where)
    if row is not None:
        told = {"state": state} | ({"reason": reason} if reason else {})
        tx.update(
            Table.CORE,
            where,
            "SET #view = :view",
            condition="attribute_exists(#pk)",
            values={"view": row["view"] | told},
            otherwise=Unavailable,
        )
    if state == "failed":
        usage.release(tx, job["period"], SENDS, 1)
    else:
        usage.settle(partition, job["period"], SENDS, reserved=1, used=1, tx=tx)
    with suppress(AlreadyDone):
        tx.commit()
