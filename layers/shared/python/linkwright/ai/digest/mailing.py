"""Mailing a digest to one member: noted before it is sent, so that nobody gets it twice.

A run that is killed in between leaves them without it. While another run may be at it nobody goes
on; of what SES did not take the note is taken away, and the next run mails it.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from linkwright import clock, jobs
from linkwright.ai.digest import letter
from linkwright.errors import Unavailable, Unheard
from linkwright.jobs import AlreadyDone, Work
from linkwright.observability import count, log_failure
from linkwright.providers import mail
from linkwright.providers.mail import MailNotConfigured, MailRefused
from linkwright.settings import settings
from linkwright.table import ConditionFailed, Item, Key, Table, update
from linkwright.transaction import Transaction
from linkwright.workspace.mailed import operations as mailed
from linkwright.workspace.mailed.operations import Recipient

# Longer than a run may take.
_IN_DOUBT = timedelta(seconds=90)
# By which SES, or we, say that it is the address that is not good.
_OF_ADDRESS = frozenset({"bad_address", "rejected"})


def send(work: Work) -> None:
    """Raises `NotYet` while another run may be at it, and `Unavailable`."""
    job = jobs.stored(work.key)
    if not jobs.is_due(job):
        return
    partition, member_id = jobs.partition_of(work.pk), work.sk.partition("#")[2]
    if "noted_at" in job:
        # It was sent, or its run was killed: which of both, nobody knows.
        _require_over(clock.parse(job["noted_at"]))
    else:
        recipient = mailed.find(partition, member_id)
        if recipient is not None and not recipient.is_refused:
            _send_to(work.key, partition, recipient, job["told"])
    tx = Transaction(partition, "")
    tx.finish(work.key)
    with suppress(AlreadyDone):
        tx.commit()


def _require_over(noted: datetime) -> None:
    if clock.now() < noted + _IN_DOUBT:
        raise clock.NotYet(noted + _IN_DOUBT)


def _send_to(job: Key, partition: str, recipient: Recipient, told: Item) -> None:
    sender = mailed.sender(partition, recipient.id)
    unsubscribe = f"{settings().api_url.rstrip('/')}{sender.unsubscribe}"
    made = letter.made(recipient.email, sender.workspace, partition, told, unsubscribe)
    noted = clock.timestamp()
    try:
        update(
            Table.CORE,
            job,
            "SET #noted_at = :now",
            condition="attribute_not_exists(#noted_at) AND attribute_exists(#gsi2pk)",
            values={"now": noted},
        )
    except ConditionFailed:
        raise clock.NotYet(clock.now() + _IN_DOUBT) from None
    try:
        mail.send(made)
    except MailNotConfigured:
        return
    except MailRefused as refusal:
        count("mail_refused")
        log_failure("mail refused", refusal, reason=refusal.reason)
        if refusal.reason in _OF_ADDRESS:
            mailed.refuse(partition, recipient)
    except Unheard:
        raise
    except Unavailable:
        update(Table.CORE, job, "REMOVE #noted_at")
        raise
