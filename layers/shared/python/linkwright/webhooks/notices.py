"""Notices: the owners of a workspace are mailed when an endpoint begins to fail, and at its end.

A notice is a job of its own, asked for in the transaction of what it tells. Each is mailed once or
not at all; the events and the endpoint itself tell the same.
"""

from contextlib import suppress
from functools import partial

from linkwright import jobs
from linkwright.jobs import AlreadyDone, Work
from linkwright.providers import mail
from linkwright.providers.mail import Mail, MailNotConfigured
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.workspace import operations as workspace

_SUBJECTS = {
    "webhook.failing": "A webhook of yours is failing",
    "webhook.disabled": "A webhook of yours was disabled",
}
_TEXTS = {
    "webhook.failing": """\
Your webhook {id} ({to}), of the workspace {workspace} in {mode} mode, has not taken what was sent
to it, {count} times in a row. The last answer: {answer}.

Each message is tried again for three days, less and less often.
""",
    "webhook.disabled": """\
Your webhook {id} ({to}), of the workspace {workspace} in {mode} mode, was disabled, since it did
not take what was sent to it: {answer}.

Nothing is sent to it any more. Once it works again, enable it by
PATCH /v1/webhooks/{id} {{"status": "enabled"}}, and have what it did not take sent again by
POST /v1/webhooks/{id}/replay {{"since": "{since}", "only": "missing"}}
""",
}


def send(work: Work) -> None:
    """Mail a notice to those who are not mailed yet. Raises `NotYet` and `Unavailable`."""
    notice = jobs.stored(work.key)
    if not jobs.is_due(notice):
        return
    with suppress(MailNotConfigured):
        partition = jobs.partition_of(work.pk)
        people = workspace.in_charge(partition)
        mail.send_to_each(
            notice, {one.id: partial(_mail, partition, notice, one.email) for one in people}
        )
    tx = Transaction(jobs.partition_of(work.pk), "")
    tx.finish(work.key)
    with suppress(AlreadyDone):
        tx.commit()


def _mail(partition: str, notice: Item, address: str) -> Mail:
    shown, failure = notice["object"], notice["object"].get("failure", {})
    answer = failure.get("last_status") or failure.get("last_error") or "none"
    text = _TEXTS[notice["told"]].format(
        id=shown["id"],
        workspace=partition.removesuffix(".test"),
        mode="test" if partition.endswith(".test") else "live",
        to=shown.get("url") or shown.get("arn"),
        count=failure.get("count", 0),
        since=failure.get("oldest_event_at", shown["created_at"]),
        answer=answer,
    )
    tenant = partition.partition(".")[0]
    return Mail(address, _SUBJECTS[notice["told"]], text, tenant=tenant)
