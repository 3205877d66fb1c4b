"""The scan: when somebody asks for it, and each hour for as long as the plan has AI.

The hourly one is a job of its workspace and mode, which puts itself off.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

from linkwright import clock, deadline, ids, jobs
from linkwright.ai.scan import looking, writing
from linkwright.ai.scan.letters import Told
from linkwright.ai.scan.looking import Looked
from linkwright.ai.scan.models import Scanned
from linkwright.auth import Account
from linkwright.errors import Unavailable
from linkwright.jobs import AlreadyDone, Work
from linkwright.table import CALL_BUDGET_S, Item, Key, Table
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import operations as workspace

EVERY_S = 3_600
# With less left no further page is looked at: each of its links may take a call.
_A_PAGE_S = CALL_BUDGET_S + 5
_SOON = timedelta(minutes=1)
_TRIES = 3
# What a run leaves to the next one of the same scan.
_OF_SCAN = ("reached", "often", "scan", "told")


def key(partition: str) -> Key:
    return Key(f"W#{partition}#SCAN", partition)


def scan(account: Account, tx: Transaction) -> Scanned:
    """For as long as there is time; what it did not come to, the job does at once."""
    found = _look(account.partition)
    scan = Told(ids.new("scan"), goes_on=not found.is_whole)
    told = writing.write(tx, found.changes, scan)
    if scan.goes_on:
        _ask(tx, scan._replace(before=told))
    return Scanned(new_alerts=told)


def begin(partition: str) -> None:
    """Have a workspace scanned each hour, if its plan has AI and it is not already. Raises
    `Unavailable`.
    """
    for _ in range(_TRIES):
        tenant = workspace.tenant(partition)
        if not tenant.plan.ai_credits:
            return
        tx = Transaction(partition, "")
        workspace.require_unchanged(tx, partition, tenant)
        job = {**key(partition).attributes(), "runs": 0, **_due(partition, _next(partition))}
        tx.put(Table.CORE, job, condition="attribute_not_exists(#gsi2pk)", otherwise=AlreadyDone)
        with suppress(Outrun):
            with suppress(AlreadyDone):
                tx.commit()
            return
    raise Unavailable


def run(work: Work) -> None:
    """Do the job, and put it off; end it where the plan has no AI. Raises `Unavailable`."""
    for _ in range(_TRIES):
        job = jobs.stored(work.key)
        if not jobs.is_due(job) or jobs.is_left_alone(job):
            return
        partition = jobs.partition_of(work.pk)
        tx = Transaction(partition, "")
        if workspace.tenant(partition).plan.ai_credits:
            found = _look(partition, job.get("reached"), job.get("often"))
            scan = Told(
                job.get("scan") or ids.new("scan"), int(job.get("told", 0)), not found.is_whole
            )
            told = writing.write(tx, found.changes, scan)
            _put_off(tx, job, found, scan._replace(before=scan.before + told))
        else:
            tx.finish(work.key)
        with suppress(Outrun):
            with suppress(AlreadyDone):
                tx.commit()
            return
    raise Unavailable


def _look(
    partition: str, behind: Item | None = None, often: Mapping[str, int] | None = None
) -> Looked:
    def zone() -> ZoneInfo:
        return ZoneInfo(workspace.tenant(partition).settings.time_zone)

    def may_go_on() -> bool:
        return deadline.seconds_left() > _A_PAGE_S

    return looking.look(partition, zone, may_go_on, behind, often)


def _put_off(tx: Transaction, job: Item, found: Looked, scan: Told) -> None:
    moment = _next(tx.partition) if found.is_whole else clock.now() + _SOON
    written: Item = {**_due(tx.partition, moment), "runs": job["runs"] + 1}
    if scan.goes_on:
        # What it finds from there on is told in one mail with what it has found.
        written |= _of_scan(scan)
    if found.reached is not None:
        written["reached"] = found.reached
        if found.often is not None:
            written["often"] = found.often
    removed = [name for name in (*jobs.ATTRIBUTES, *_OF_SCAN) if name not in written]
    tx.update(
        Table.CORE,
        key(tx.partition),
        "SET "
        + ", ".join(f"#{name} = :{name}" for name in written)
        + f" REMOVE {', '.join(f'#{name}' for name in removed)}",
        condition="#runs = :seen",
        values={**written, "seen": job["runs"]},
        otherwise=AlreadyDone,
    )


def _of_scan(scan: Told) -> Item:
    return {"scan": scan.id, "told": scan.before}


def _ask(tx: Transaction, scan: Told) -> None:
    """Have the job done now. A run that is at it is to come to nothing: it may be past it."""
    facts = {**jobs.requested(jobs.SCAN, tx.partition), **_of_scan(scan)}
    tx.update(
        Table.CORE,
        key(tx.partition),
        "SET "
        + ", ".join(f"#{name} = :{name}" for name in facts)
        + " REMOVE #next_at ADD #runs :one",
        values={**facts, "one": 1},
    )


def _due(partition: str, moment: datetime) -> Item:
    return {**jobs.due(jobs.SCAN, partition, moment), **jobs.waits_until(moment)}


def _next(partition: str) -> datetime:
    """Within an hour: workspaces are spread over it."""
    now, at = clock.epoch(), crc32(partition.encode()) % EVERY_S
    return datetime.fromtimestamp(now - (now - at) % EVERY_S + EVERY_S, UTC)
