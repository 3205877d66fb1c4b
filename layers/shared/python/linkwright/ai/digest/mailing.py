"""Mailing a digest to one member: once, as `providers/mail/once.py` has it.

Whose address SES takes no mail for is mailed no digest until they have another one.
"""

from contextlib import suppress
from functools import partial

from linkwright import jobs
from linkwright.ai.digest import letter
from linkwright.jobs import AlreadyDone, Work
from linkwright.providers import mail
from linkwright.providers.mail import Mail, MailNotConfigured, MailRefused
from linkwright.settings import settings
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.workspace.mailed import operations as mailed
from linkwright.workspace.mailed.operations import Recipient

# By which SES, or we, say that it is the address that is not good: of all else nobody is to blame
# whom it was for.
_OF_ADDRESS = "bad_address"


def send(work: Work) -> None:
    """Raises `NotYet` while another run may be at it, and `Unavailable`."""
    job = jobs.stored(work.key)
    if not jobs.is_due(job):
        return
    partition, member_id = jobs.partition_of(work.pk), work.sk.partition("#")[2]
    recipient = mailed.find(partition, member_id)
    if recipient is not None and not recipient.is_refused:
        _send_to(job, partition, recipient)
    tx = Transaction(partition, "")
    tx.finish(work.key)
    with suppress(AlreadyDone):
        tx.commit()


def _send_to(job: Item, partition: str, recipient: Recipient) -> None:
    try:
        mail.send_once(job, recipient.id, partial(_letter, job, partition, recipient))
    except MailNotConfigured:
        return
    except MailRefused as refusal:
        if refusal.reason == _OF_ADDRESS:
            mailed.refuse(partition, recipient)


def _letter(job: Item, partition: str, recipient: Recipient) -> Mail:
    sender = mailed.sender(partition, recipient.id, "weekly_digest")
    unsubscribe = f"{settings().api_url.rstrip('/')}{sender.unsubscribe}"
    return letter.made(recipient.email, sender.workspace, partition, job["told"], unsubscribe)
