"""Holds: credits are taken before an answer is made, and charged or given back after it.

Each of the three is one transaction, with the idempotency record that the attempt works for: so a
charge, its line in the ledger and the answer that a repetition gets exist together or not at all.
A hold ends once, by its condition; safety never depends on a clock, which tells only when another
attempt may give a hold back.
"""

from contextlib import suppress
from dataclasses import replace

from linkwright import clock, ids, jobs, plans, usage
from linkwright.auth import Account
from linkwright.credits import balances, days, free_answers, items
from linkwright.credits.items import COMMITTED, PENDING, RELEASED, Balance, Hold
from linkwright.credits.records import Kept, Record, RecordGone
from linkwright.errors import QuotaExceeded, Unavailable
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import RecordExists, Transaction

DIMENSION = "ai_credits"
_TRIES = 5
_KEPT_S = 7 * 24 * 3600


class Moved(Exception):
    """The balance is another by now: look again."""


class Ended(Exception):
    """The hold was charged or given back before."""


def reserve(account: Account, operation: str, cost: int, record: Record, request_id: str) -> Hold:
    """Take what it costs, or nothing. Raises `QuotaExceeded`, `RecordExists`, `Unavailable`."""
    period = plans.period(account.anchor_day)
    for _ in range(_TRIES):
        balance = balances.current(account.partition, period.label)
        # By its time the ledger is sorted: what is taken stands behind what was granted just now.
        hold_id = ids.new("hold")
        if balance.remaining < cost:
            raise _refused(record, _used_up(account, balance, cost))
        monthly = min(cost, balance.monthly)
        hold = Hold(
            id=hold_id,
            partition=account.partition,
            operation=operation,
            monthly=monthly,
            extra=cost - monthly,
            period=balance.period,
            record=record.key.pk,
            request_id=request_id,
            credential_id=account.credential_id,
            lease=record.lease(),
            remaining=balance.remaining - cost,
            day=days.of(account),
            free=free_answers.so_far(balance),
        )
        with suppress(Moved):
            return _reserve(account, hold, balance, record)
    raise Unavailable


def _reserve(account: Account, hold: Hold, balance: Balance, record: Record) -> Hold:
    tx = Transaction(hold.partition, hold.request_id)
    _take(tx, hold, balance)
    if hold.day is not None and (exceeded := days.take(tx, account, hold)):
        raise _refused(record, exceeded)
    due = jobs.due(jobs.HOLD, hold.id, clock.from_epoch_ms(hold.lease * 1000))
    tx.put(Table.CORE, {**hold.item(), **due})
    tx.put(
        Table.LEDGER,
        items.entry(
            *(items.entry_key(hold.partition, hold.id, 0), "hold", _facts(hold)),
            monthly=-hold.monthly,
            extra=-hold.extra,
            held=hold.credits,
        ),
    )
    record.begin(tx, hold)
    try:
        tx.commit()
    except Unavailable:
        # The reply may be lost and the hold taken: whose the record is tells.
        if not record.is_worked_on_by(hold.id):
            raise
    return hold


def _take(tx: Transaction, hold: Hold, balance: Balance) -> None:
    # Of the extra ones nothing is taken while any of the month are left.
    enough: tuple[str, Item] = ("", {})
    if hold.extra:
        values = {"most": balance.spent, "extra": hold.extra}
        enough = " AND #spent = :most AND #extra >= :extra", values
    elif hold.monthly:
        enough = " AND #spent <= :most", {"most": balance.granted - hold.monthly}
    is_enough, limits = enough
    tx.update(
        Table.LEDGER,
        items.balance_key(hold.partition),
        "ADD #spent :monthly, #reserved :credits, #extra :less",
        condition=f"#period = :period AND #granted = :granted{is_enough}",
        values={
            "monthly": hold.monthly,
            "credits": hold.credits,
            "less": -hold.extra,
            "period": balance.period,
            "granted": balance.granted,
            **limits,
        },
        otherwise=Moved,
    )


def charge(hold: Hold, answer: Kept) -> None:
    """Keep what was taken: the answer is there. Raises `Ended`, `Unavailable`."""
    tx = Transaction(hold.partition, hold.request_id)
    _end(tx, hold, COMMITTED)
    tx.update(
        Table.LEDGER,
        items.balance_key(hold.partition),
        "ADD #reserved :less",
        condition="#reserved >= :credits",
        values={"less": -hold.credits, "credits": hold.credits},
    )
    _tell(tx, hold, "settle", monthly=0, extra=0)
    answer.keep(tx, hold, charged=hold.credits)
    if hold.monthly:
        used = {"reserved": 0, "used": hold.monthly}
        usage.settle(hold.partition, hold.period, DIMENSION, **used, tx=tx)
    tx.commit()


def give_back(hold: Hold, answer: Kept | None = None) -> None:
    """Nothing is charged: nothing was made, or an answer that costs nothing.

    What a cycle granted comes back to that cycle only. Raises `Ended`, `Unavailable`.
    """
    with_record = True
    for _ in range(_TRIES):
        balance = balances.find(hold.partition)
        if balance is None:
            raise LookupError("a hold without a balance")
        try:
            _give_back(hold, balance, answer, with_record=with_record)
        except Moved:
            continue
        except RecordGone:
            if answer is not None:
                raise
            with_record = False
            continue
        return
    raise Unavailable


def _give_back(hold: Hold, balance: Balance, answer: Kept | None, *, with_record: bool) -> None:
    monthly = hold.monthly if balance.period == hold.period else 0
    tx = Transaction(hold.partition, hold.request_id)
    _end(tx, hold, RELEASED)
    count, counted = free_answers.one_more(balance) if answer and answer.in_vain else ("", {})
    tx.update(
        Table.LEDGER,
        items.balance_key(hold.partition),
        f"{count}ADD #spent :less, #reserved :fewer, #extra :extra",
        condition="#period = :period AND #reserved >= :credits",
        values={
            "less": -monthly,
            "fewer": -hold.credits,
            "extra": hold.extra,
            "period": balance.period,
            "credits": hold.credits,
            **counted,
        },
        otherwise=Moved,
    )
    _tell(tx, hold, "release", monthly=monthly, extra=hold.extra)
    if hold.day is not None:
        days.give_back(tx, hold)
    if answer is not None:
        returned = replace(hold, remaining=hold.remaining + hold.credits)
        answer.keep(tx, returned, charged=0)
    else:
        if hold.job is not None:
            _require_over(tx, hold.job)
        if with_record:
            Record.release(tx, hold)
    tx.commit()


def _require_over(tx: Transaction, job: Key) -> None:
    """While it is to be done nobody else ends its hold. Raises `Unavailable` at the commit."""
    tx.require(
        *(Table.CORE, job, "attribute_not_exists(#gsi2pk) OR NOT begins_with(#gsi2pk, :due)"),
        values={"due": jobs.DUE},
        otherwise=Unavailable,
    )


def find(partition: str, hold_id: str) -> tuple[Hold, str] | None:
    """A hold and its state."""
    item = get(Table.CORE, items.hold_key(partition, hold_id))
    return (Hold.of(item), str(item["st"])) if item else None


def _end(tx: Transaction, hold: Hold, st: str) -> None:
    removed = ", ".join(f"#{name}" for name in jobs.ATTRIBUTES)
    now = {"pending": PENDING, "lease": hold.lease}
    tx.update(
        Table.CORE,
        hold.key,
        f"SET #st = :st, #ttl = :ttl REMOVE {removed}",
        # By its lease, too: who was slow ends nothing that was handed on since.
        condition="#st = :pending AND #lease = :lease",
        values={"st": st, "ttl": clock.epoch() + _KEPT_S, **now},
        otherwise=Ended,
    )


def _tell(tx: Transaction, hold: Hold, kind: str, *, monthly: int, extra: int) -> None:
    key = items.entry_key(hold.partition, hold.id, 1)
    amounts = {"monthly": monthly, "extra": extra, "held": -hold.credits}
    tx.put(Table.LEDGER, items.entry(key, kind, _facts(hold), **amounts), otherwise=Ended)


def _facts(hold: Hold) -> Item:
    return {
        "at": clock.timestamp(),
        "period": hold.period,
        "operation": hold.operation,
        "request_id": hold.request_id,
        "credential_id": hold.credential_id,
    }


def _refused(record: Record, error: QuotaExceeded) -> Exception:
    """What was answered once is answered again, also to who could not pay for it now."""
    return RecordExists() if record.is_known() else error


def _used_up(account: Account, balance: Balance, cost: int) -> QuotaExceeded:
    return QuotaExceeded(
        upgrade_to=account.plan.upgrade_to,
        remaining=balance.remaining,
        required=cost,
        resets_at=clock.timestamp(plans.period(account.anchor_day).end),
    )
