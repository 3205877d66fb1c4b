"""Mail that a job sends to several people, to each once.

Each is noted on the job before they are mailed: a run that is killed then, or hears nothing of SES,
leaves somebody without the mail, never with two. Whom SES did not take it for is noted no longer,
and mailed by the next run.
"""

from linkwright.errors import Unavailable, Unheard
from linkwright.observability import count, log_failure
from linkwright.providers.mail.letter import Mail, MailRefused
from linkwright.providers.mail.ses import send
from linkwright.table import ConditionFailed, Key, Table, update


def send_once(job: Key, person_id: str, letter: Mail) -> None:
    """The job's `mailed` is a set of texts. Raises `MailNotConfigured` and `Unavailable`."""
    try:
        update(
            Table.CORE,
            job,
            "ADD #mailed :one",
            condition="NOT contains(#mailed, :person)",
            values={"one": {person_id}, "person": person_id},
        )
    except ConditionFailed:
        return  # another run is at it
    try:
        send(letter)
    except MailRefused as refusal:
        count("mail_refused")
        log_failure("mail refused", refusal, reason=refusal.reason)
    except Unheard:
        raise
    except Unavailable:
        update(Table.CORE, job, "DELETE #mailed :one", values={"one": {person_id}})
        raise
