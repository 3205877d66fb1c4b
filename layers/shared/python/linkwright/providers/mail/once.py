"""Mail that a job sends, to each whom it is for once.

That somebody is mailed is noted on the job before they are: a run that is killed then, or hears
nothing of SES, leaves them without the mail, never with two. While another run may be at it, nobody
ends the job: of what SES did not take the note is taken away, and the next run mails it. So who is
noted when the job is done was mailed, or may have been, and nobody else.
"""

from collections.abc import Callable
from datetime import timedelta

from linkwright import clock
from linkwright.errors import Unavailable, Unheard
from linkwright.observability import count, log_failure
from linkwright.providers.mail.letter import Mail, MailHeldUp, MailRefused
from linkwright.providers.mail.ses import MailNotConfigured, send
from linkwright.table import ConditionFailed, Item, Key, Table, update

# Longer than a run may take.
IN_DOUBT = timedelta(seconds=90)


def send_once(job: Item, person_id: str, write: Callable[[], Mail]) -> None:
    """The job was just read; its `mailed` is a set of texts. Raises `MailNotConfigured`,
    `MailRefused`, `NotYet` while another run may be at it, and `Unavailable`.
    """
    if person_id in job["mailed"]:
        # They were mailed, or the run was killed: which of both, nobody knows.
        if clock.now() < (over := clock.parse(job["noted_at"]) + IN_DOUBT):
            raise clock.NotYet(over)
        return
    letter, where, one = write(), Key(job["pk"], job["sk"]), {"one": {person_id}}
    try:
        update(
            *(Table.CORE, where, "SET #noted_at = :now ADD #mailed :one"),
            condition="NOT contains(#mailed, :person) AND attribute_exists(#gsi2pk)",
            values={**one, "person": person_id, "now": clock.timestamp()},
        )
    except ConditionFailed:
        raise clock.NotYet(clock.now() + IN_DOUBT) from None
    try:
        send(letter)
    except Unheard:
        raise
    except (MailNotConfigured, MailRefused, Unavailable) as failure:
        if isinstance(failure, MailHeldUp | MailRefused):
            count("mail_refused")
            log_failure("mail refused", failure, reason=failure.reason)
        update(Table.CORE, where, "DELETE #mailed :one", values=one)
        raise


def send_to_each(job: Item, letters: dict[str, Callable[[], Mail]]) -> None:
    """By the ids of whom they are for; whoever is in doubt or refused holds up nobody. Raises as
    `send_once`, but for `MailRefused`.
    """
    in_doubt: clock.NotYet | None = None
    for person_id, write in letters.items():
        try:
            send_once(job, person_id, write)
        except clock.NotYet as later:
            in_doubt = later
        except MailRefused:
            continue  # told there
    if in_doubt:
        raise in_doubt
