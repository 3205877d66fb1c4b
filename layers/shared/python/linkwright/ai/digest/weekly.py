"""The job of a workspace that wants a digest: due each Monday, for as long as it does.

It sends as the endpoint does, and is charged the same, once for a week whenever and however often
it runs. Who has no credits left, or a key of their own that gets no answer, is mailed what is
computed, for nothing; whose plan has no AI, nothing. One that is late sends of the last week alone.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from linkwright import clock, jobs, weeks
from linkwright.ai import on_behalf
from linkwright.ai.answers import Chosen
from linkwright.ai.digest import sending
from linkwright.ai.digest.sending import Mailing
from linkwright.credits.operations import Allowed, Charge, seconds_left
from linkwright.errors import Conflict, OwnKeyFailed, QuotaExceeded, Unavailable
from linkwright.http import Request
from linkwright.jobs import Work
from linkwright.providers import llm
from linkwright.table import Item
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import operations
from linkwright.workspace.mailed import operations as mailed
from linkwright.workspace.operations import Tenant

_TRIES = 3
_CHARGE = Charge("weekly_digest")
_DONE = "REMOVE " + ", ".join(f"#{name}" for name in jobs.ATTRIBUTES)
# Of what is put off, all that the runs of a week have left.
_ANEW = "REMOVE " + ", ".join(f"#{name}" for name in ("outbox", "next_at", "swept", *jobs.FAILURES))


def run(work: Work) -> None:
    """Raises `NotYet` while somebody else is at it, and `Unavailable`."""
    job = jobs.stored(work.key)
    if not jobs.is_due(job):
        return
    partition, monday = jobs.partition_of(work.pk), clock.parse(job["mails_at"])
    if clock.now() < monday:
        # A message that came late, or a run that did not hear that it had put it off.
        if job["gsi2sk"] != clock.timestamp(monday):
            _wait(job, partition, monday)
        return
    tenant, now = operations.tenant(partition), clock.now()
    if tenant.settings.weekly_digest != "on":
        # Unless it is asked for just now.
        jobs.change(job, {}, _DONE)
        return
    if tenant.plan.ai_credits:
        _send(partition, tenant)
    monday = weeks.next_mailing(now, ZoneInfo(tenant.settings.time_zone))
    _wait(job, partition, monday)


def _wait(job: Item, partition: str, monday: datetime) -> None:
    """Unless somebody else has moved it."""
    jobs.change(job, mailed.next_digest(partition, monday), _ANEW)


def _send(partition: str, tenant: Tenant) -> None:
    for _ in range(_TRIES):
        try:
            mailing = sending.mailing(partition, tenant)
        except Conflict:
            return  # there is nobody to mail
        if not mailing.to:
            return
        with suppress(Outrun):
            _charged(partition, tenant, mailing)
            return
    raise Unavailable


def _charged(partition: str, tenant: Tenant, mailing: Mailing) -> None:
    """As one request for each week, whichever run makes it."""
    request = Request(
        *(f"digest-{mailing.week.label}", "POST", "", "", "/api/ai/weekly-digest/send"),
        *({}, {}, "", "", False),
    )
    account = on_behalf.account(partition, tenant, "schedule")
    try:
        _CHARGE.answer(account, request, {}, 200, mailing.generation)
    except (QuotaExceeded, OwnKeyFailed):
        told, _ = mailing.told(Allowed(seconds_left()), Chosen(llm.DETERMINISTIC))
        tx = Transaction(partition, request.id)
        mailing.ask(tx, told)
        tx.commit()
    except Conflict as busy:
        after = timedelta(seconds=int(busy.headers["Retry-After"]))
        raise clock.NotYet(clock.now() + after) from None
