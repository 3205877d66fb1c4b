"""The balance: read, and brought to the cycle, the plan and the purchases that hold now."""

import hashlib

from linkwright import clock, ids, jobs, plans
from linkwright.credits import items
from linkwright.credits.items import Balance
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import operations
from linkwright.workspace.operations import Tenant

_TRIES = 5
_AS_SEEN = (
    "#period = :seen_period AND #granted = :seen_granted AND #spent = :seen_spent"
    " AND #facts_v = :seen_v"
)


def find(partition: str) -> Balance | None:
    """By one strong read; None of who never had one."""
    item = get(Table.LEDGER, items.balance_key(partition))
    return Balance.of(item) if item is not None else None


def current(partition: str, period: str) -> Balance:
    """That of the cycle: where it is of an earlier one, or not there yet, it is granted now.

    Which cycle it is now, the workspace says: a credential that knows another one grants nothing.
    Raises `Unavailable`.
    """
    for _ in range(_TRIES):
        balance = find(partition)
        if balance is not None and balance.period >= period:
            return balance
        tenant = operations.tenant(partition)
        if balance is not None and balance.period >= plans.period(tenant.anchor_day).label:
            return balance
        _begin(partition, balance, tenant)
    raise Unavailable


def shown(partition: str, anchor_day: int, granted: int) -> Balance:
    """As `current`, but nothing is written: what it would be."""
    period, balance = plans.period(anchor_day).label, find(partition)
    if balance is not None and balance.period >= period:
        return balance
    extra, held = (balance.extra, balance.reserved) if balance else (0, 0)
    return Balance(period, granted, 0, extra, held, 0)


def renew(work: Work) -> None:
    """Do the job that is due at the end of a cycle, if nobody asked for credits before."""
    job = jobs.stored(work.key)
    if not jobs.is_due(job):
        return
    partition = jobs.partition_of(work.pk)
    tenant = operations.tenant(partition)
    current(partition, plans.period(tenant.anchor_day).label)
    # It may have been renewed long ago, and the job left behind by a message that came late.
    later = _due(partition, tenant)
    if job["gsi2sk"] < later["gsi2sk"]:
        jobs.change(job, later)


def follow_plan(partition: str) -> None:
    """Grant what the plan grants now in place of what it granted before, once for each change.

    What is spent stays spent: going down and up again gives nothing. Raises `Unavailable`.
    """
    for _ in range(_TRIES):
        balance, tenant = find(partition), operations.tenant(partition)
        if balance is None or balance.facts_v >= tenant.facts_v:
            return
        difference = tenant.plan.ai_credits - balance.granted
        tx = Transaction(partition, "")
        tx.update(
            Table.LEDGER,
            items.balance_key(partition),
            "SET #granted = :granted, #facts_v = :v",
            condition=_AS_SEEN,
            values={"granted": tenant.plan.ai_credits, "v": tenant.facts_v, **_seen(balance)},
            otherwise=Outrun,
        )
        if difference:
            _write(tx, "adjust", ids.new("led"), monthly=difference, period=balance.period)
        if _is_committed(tx):
            return
    raise Unavailable


def add(partition: str, amount: int, reference: str) -> bool:
    """Grant extra credits, once for each reference; False if it was done before."""
    period = plans.period(operations.tenant(partition).anchor_day).label
    current(partition, period)
    digest = hashlib.sha256(reference.encode()).hexdigest()
    tx = Transaction(partition, "")
    known = {**items.reference_key(partition, digest).attributes(), "amount": amount}
    tx.put(Table.LEDGER, known, otherwise=jobs.AlreadyDone)
    tx.update(
        Table.LEDGER,
        items.balance_key(partition),
        "ADD #extra :amount",
        condition="attribute_exists(#pk)",
        values={"amount": amount},
    )
    _write(tx, "grant", ids.new("led"), extra=amount, period=period)
    try:
        tx.commit()
    except jobs.AlreadyDone:
        return False
    return True


def _begin(partition: str, seen: Balance | None, tenant: Tenant) -> None:
    """Begin the cycle of now; nothing if somebody else has, or the plan was changed meanwhile."""
    period, granted = plans.period(tenant.anchor_day).label, tenant.plan.ai_credits
    tx = Transaction(partition, "")
    operations.require_unchanged(tx, partition, tenant)
    entry = ids.new("led")
    where = items.balance_key(partition)
    begun: Item = {"period": period, "granted": granted, "spent": 0, "facts_v": tenant.facts_v}
    if seen is None:
        item = {**where.attributes(), **begun, "extra": 0, "reserved": 0}
        tx.put(Table.LEDGER, item, otherwise=Outrun)
    else:
        tx.update(
            Table.LEDGER,
            where,
            "SET " + ", ".join(f"#{name} = :{name}" for name in begun),
            condition=_AS_SEEN,
            values={**begun, **_seen(seen)},
            otherwise=Outrun,
        )
        if left := seen.granted - seen.spent:
            kind = "expire" if left > 0 else "adjust"
            _write(tx, kind, entry, monthly=-left, period=seen.period)
    _write(tx, "grant", entry, step=1, monthly=granted, period=period)
    job = {**items.renewal_key(partition).attributes(), **_due(partition, tenant)}
    tx.put(Table.CORE, job, condition="")
    _is_committed(tx)


def _due(partition: str, tenant: Tenant) -> dict[str, str]:
    return jobs.due(jobs.RENEWAL, partition, plans.period(tenant.anchor_day).end)


def _write(
    tx: Transaction,
    kind: str,
    entry: str,
    *,
    step: int = 0,
    monthly: int = 0,
    extra: int = 0,
    period: str,
) -> None:
    key = items.entry_key(tx.partition, entry, step)
    facts = {"period": period, "at": clock.timestamp()}
    tx.put(Table.LEDGER, items.entry(key, kind, facts, monthly=monthly, extra=extra))


def _seen(balance: Balance) -> Item:
    return {
        "seen_period": balance.period,
        "seen_granted": balance.granted,
        "seen_spent": balance.spent,
        "seen_v": balance.facts_v,
    }


def _is_committed(tx: Transaction) -> bool:
    try:
        tx.commit()
    except Outrun:
        return False
    return True
