"""What becomes of a mailbox: it is proven, and what its domain publishes is looked at again."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, NoReturn

from linkwright import clock, jobs
from linkwright.dns import Look, Unanswered
from linkwright.egress_limits import Deadline
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.mailer import lines
from linkwright.mailer.mailboxes import checks, items, logging_in, probing, simulation
from linkwright.mailer.mailboxes.items import MailboxView
from linkwright.mailer.mailboxes.known_models import MailboxChecks, MailboxProof
from linkwright.mailer.mailboxes.probing import Elsewhere
from linkwright.providers.mailbox.types import Failure, MailboxFailed
from linkwright.sealing import Unsealable
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Outrun, Transaction

# For so long a mail to itself may be on its way, and a host that is away may come back.
PROVEN_WITHIN = timedelta(hours=1)
# Records are set by hand, and take a while to be known.
PUBLISHED_WITHIN = timedelta(days=3)
# Between two looks: so much longer each time as it has taken already.
_SOONEST, _LATEST = timedelta(seconds=2), timedelta(minutes=10)
# When DNS is looked at again: all is well, and it is not.
_TRIES = 3
AGAIN, SOONER = timedelta(days=1), timedelta(minutes=10)


class _Failed(Exception):
    """It is not to be used; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def tend(work: Work) -> None:
    """Raises `NotYet` and `Unavailable`."""
    for _ in range(_TRIES):
        row = get(Table.CORE, work.key)
        if row is None or not jobs.is_due(row) or jobs.is_left_alone(row):
            return
        with suppress(Elsewhere):
            if row["view"]["status"] == "verifying":
                _settle(work, row)
            elif row["view"]["status"] == "active":
                _write(work, row, {})
            return
    raise Unavailable


def _settle(work: Work, row: Item) -> None:
    try:
        proof = _found_out(work, row)
    except _Failed as failed:
        _write(work, row, {"status": "failed", "status_reason": failed.reason})
        return
    _write(work, row, {"status": "active"} | ({"proof": proof.model_dump()} if proof else {}))


def _found_out(work: Work, row: Item) -> MailboxProof | None:
    """What a mail to itself told, if there is one.

    Raises `_Failed`, `NotYet` while it is under way, and `Elsewhere`.
    """
    if simulation.is_simulated(jobs.partition_of(work.pk)):
        return _simulated(row["view"])
    if row["view"]["transport"] == "ses":
        _published(row)
        return None
    return _proven(row)


def _simulated(view: MailboxView) -> MailboxProof | None:
    try:
        simulation.let_in(view["email"], frozenset(Failure))
    except MailboxFailed as failure:
        raise _Failed(failure.failure.value) from None
    return simulation.proof() if view["transport"] == "smtp" else None


def _proven(row: Item) -> MailboxProof | None:
    """Raises as `_found_out` does."""
    view, partition = row["view"], jobs.partition_of(row["pk"])
    try:
        by = logging_in.log_in(partition, row, Deadline(probing.CONVERSATION_S))
        proof = probing.found(view, probing.probe(row, by), by)
    except Unsealable:
        raise _Failed("secret_lost") from None
    except logging_in.Outdated:
        raise Elsewhere from None
    except MailboxFailed as failure:
        if not failure.is_passing:
            raise _Failed(failure.failure.value) from None
        _wait(row, PROVEN_WITHIN, failure.failure.value)
    if proof is None:
        _wait(row, PROVEN_WITHIN, "probe_not_received")
    return proof


def _published(row: Item) -> None:
    """By `ses` a domain is mailed from by whoever proves it. Raises as `_found_out` does."""
    try:
        texts = Look().texts(f"{items.PROOF}.{items.domain(row['view'])}")
    except Unanswered:
        texts = []
    if items.proof(row["sk"]) not in texts:
        _wait(row, PUBLISHED_WITHIN, "domain_not_proven")


def _wait(row: Item, longest: timedelta, reason: str) -> NoReturn:
    """Raises `NotYet`, or `_Failed` once it has taken too long."""
    waited = clock.now() - clock.parse(row["since"])
    if waited >= longest:
        raise _Failed(reason)
    raise clock.NotYet(clock.now() + min(max(waited / 2, _SOONEST), _LATEST))


def _write(work: Work, row: Item, told: Item) -> None:
    """What was found, what is told of it, and when DNS is looked at next. Raises
    `Elsewhere`.
    """
    view: Any = {
        name: value for name, value in row["view"].items() if name != "status_reason"
    } | told
    due: Item = {}
    if view["status"] == "active":
        look = _look(work, view)
        view["checks"] = look.model_dump(mode="json")
        due = _next(row["sk"], is_well=checks.are_passed(look))
    is_moved = view["status"] != row["view"]["status"]
    version = row["v"] + 1 if is_moved else row["v"]
    if is_moved:
        view |= {"version": version, "updated_at": clock.timestamp()}
    written: Item = {"view": view, "v": version, **due}
    tx = Transaction(jobs.partition_of(work.pk), "")
    gone = [name for name in ("probe", *jobs.ATTRIBUTES) if name not in written]
    tx.update(
        Table.CORE,
        Key(row["pk"], row["sk"]),
        "SET "
        + ", ".join(f"#{name} = :{name}" for name in written)
        + f" REMOVE {', '.join(f'#{name}' for name in gone)}",
        condition="#v = :seen AND #gsi2sk = :due",
        values={**written, "seen": row["v"], "due": row["gsi2sk"]},
        otherwise=Outrun,
    )
    if is_moved:
        tx.emit("mailbox.state_changed", items.stored_shown(row | written), sequence=version)
    if is_moved and view["status"] == "active":
        # What waits for it does not wait for its line's next look.
        lines.begin_anew(tx, row["sk"], is_read=simulation.has_inbox(tx.partition, view))
    try:
        tx.commit()
    except Outrun:
        raise Elsewhere from None


def _look(work: Work, view: MailboxView) -> MailboxChecks:
    if simulation.is_simulated(jobs.partition_of(work.pk)):
        return simulation.checks(items.domain(view))
    return checks.look(view)


def _next(mailbox_id: str, *, is_well: bool) -> dict[str, str]:
    moment = clock.whole_second(clock.now() + (AGAIN if is_well else SOONER))
    return {**jobs.due(jobs.MAILBOX, mailbox_id, moment), **jobs.waits_until(moment)}
