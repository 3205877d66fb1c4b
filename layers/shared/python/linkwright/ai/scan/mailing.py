"""Mail of what a scan has found: one to each who wants alerts, of all that it found."""

from contextlib import suppress
from functools import partial

from linkwright import jobs
from linkwright.ai.scan.letters import MOST_LINES
from linkwright.ai.wording import values
from linkwright.jobs import AlreadyDone, Work
from linkwright.providers import mail
from linkwright.providers.mail import Mail, MailNotConfigured, one_click
from linkwright.settings import settings
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.workspace import operations as workspace
from linkwright.workspace.mailed import operations as mailed

_TEXT = """\
Of the short links of your workspace {workspace}, in {mode} mode, somebody should look at these:

{lines}
{rest}
GET /api/notifications has each of them.

Unsubscribe from these mails:
{unsubscribe}
"""


def send(work: Work) -> None:
    """Mail it to those who are not mailed yet. Raises `NotYet` and `Unavailable`."""
    job = jobs.stored(work.key)
    if not jobs.is_due(job):
        return
    partition = jobs.partition_of(work.pk)
    with suppress(MailNotConfigured):
        people = workspace.in_charge(partition)
        mail.send_to_each(job, {one.id: partial(_mail, partition, job, one) for one in people})
    tx = Transaction(partition, "")
    tx.finish(work.key)
    with suppress(AlreadyDone):
        tx.commit()


def _mail(partition: str, job: Item, person: workspace.InCharge) -> Mail:
    sender = mailed.sender(partition, person.id, "alerts")
    unsubscribe = f"{settings().api_url.rstrip('/')}{sender.unsubscribe}"
    lines, found = sorted(job["lines"])[:MOST_LINES], int(job["found"])
    more = found - len(lines)
    text = _TEXT.format(
        workspace=values.name(sender.workspace, "en"),
        mode="test" if partition.endswith(".test") else "live",
        lines="\n".join(f"- {line}" for line in lines),
        rest=f"- and {more} more alerts\n" if more > 0 else "",
        unsubscribe=unsubscribe,
    )
    subject = (
        "An alert about a short link of yours"
        if found == 1
        else f"{found} alerts about short links of yours"
    )
    return Mail(
        *(person.email, subject, text),
        tenant=partition.partition(".")[0],
        headers=one_click(unsubscribe),
        tags={"kind": "link_alert"},
    )
