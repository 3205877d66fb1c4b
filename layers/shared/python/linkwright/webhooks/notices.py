"""Notices: the owners of a workspace are mailed when an endpoint begins to fail, and at its end.

A notice is a job of its own, asked for in the transaction of what it tells. Each address is noted
before it is mailed: a run that is killed then, or hears nothing of SES, leaves somebody without the
mail, never with two; the events and the endpoint itself tell the same. Whom SES did not take it for
is noted no longer, and mailed by the next run.
"""

from contextlib import suppress

from linkwright import jobs
from linkwright.errors import Unavailable, Unheard
from linkwright.jobs import AlreadyDone, Work
from linkwright.observability import count, log_failure
from linkwright.providers import mail
from linkwright.providers.mail import Mail, MailNotConfigured, MailRefused
from linkwright.table import ConditionFailed, Item, Key, Table, update
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
    """Mail a notice to those who are not mailed yet. Raises `Unavailable`."""
    notice = jobs.stored(work.key)
    if not jobs.is_due(notice):
        return
    with suppress(MailNotConfigured):
        partition = jobs.partition_of(work.pk)
        for person in workspace.in_charge(partition):
            if person.id not in notice["mailed"]:
                _send_to(work.key, person.id, _mail(partition, notice, person.email))
    tx = Transaction(jobs.partition_of(work.pk), "")
    tx.finish(work.key)
    with suppress(AlreadyDone):
        tx.commit()


def _send_to(notice: Key, person_id: str, letter: Mail) -> None:
    try:
        update(
            Table.CORE,
            notice,
            "ADD #mailed :one",
            condition="NOT contains(#mailed, :person)",
            values={"one": {person_id}, "person": person_id},
        )
    except ConditionFailed:
        return  # another run is at it
    try:
        mail.send(letter)
    except MailRefused as refusal:
        count("mail_refused")
        log_failure("mail refused", refusal, reason=refusal.reason)
    except Unheard:
        raise
    except Unavailable:
        update(Table.CORE, notice, "DELETE #mailed :one", values={"one": {person_id}})
        raise


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
    return Mail(address, _SUBJECTS[notice["told"]], text)
