"""What the API shows of credits."""

from linkwright import clock, pagination, plans
from linkwright.auth import Account
from linkwright.credits import balances, items
from linkwright.credits.items import PENDING, Hold
from linkwright.credits.models import (
    Credits,
    CreditsQuery,
    Extra,
    HeldCredits,
    Ledger,
    LedgerEntry,
    Monthly,
)
from linkwright.credits.weights import WEIGHTS
from linkwright.pagination import MAX_READS, ListQuery
from linkwright.table import Item, Table, pages

_ROUTE = "credits"
_PAGE = 100


def find(account: Account, asked: CreditsQuery) -> Credits:
    """What is not read at one moment may have moved on: the ledger is the oldest of it."""
    where = items.entry_key(account.partition, "").pk
    fetch = pagination.partition(Table.LEDGER, where, between=("L#", "L#~"))
    of_ledger = ListQuery.model_construct(limit=asked.limit, cursor=asked.cursor)
    page = pagination.paged(account, _ROUTE, of_ledger, fetch, _entry)
    balance = balances.shown(account.partition, account.anchor_day, account.plan.ai_credits)
    return Credits(
        remaining=balance.remaining,
        monthly=Monthly(
            granted=balance.granted,
            used=balance.spent,
            remaining=balance.monthly,
            resets_at=clock.timestamp(plans.period(account.anchor_day).end),
        ),
        extra=Extra(remaining=balance.extra),
        held=balance.reserved,
        holds=[_hold(hold) for hold in _pending(account.partition, balance.reserved)],
        weights=dict(WEIGHTS),
        ledger=Ledger(data=page.data, next_cursor=page.next_cursor),
    )


def _pending(partition: str, reserved: int) -> list[Hold]:
    """Those that make up what is reserved, the newest first, however long the run of one waits."""
    found: list[Hold] = []
    where = items.hold_key(partition, "").pk
    read = pages(Table.CORE, where, between=("hold_", "hold_~"), limit=_PAGE, strong=True)
    for _ in range(MAX_READS):
        if sum(hold.credits for hold in found) >= reserved:
            break
        found += [Hold.of(row) for row in next(read, []) if row["st"] == PENDING]
    return found


def _hold(hold: Hold) -> HeldCredits:
    ends = clock.timestamp(clock.from_epoch_ms(hold.lease * 1000))
    return HeldCredits(id=hold.id, operation=hold.operation, credits=hold.credits, expires_at=ends)


def _entry(row: Item) -> LedgerEntry:
    _, moment, step = row["sk"].split("#")
    return LedgerEntry(
        id=f"led_{moment}{step}",
        type=row["type"],
        monthly=row["monthly"],
        extra=row["extra"],
        held=row["held"],
        operation=row.get("operation"),
        request_id=row.get("request_id"),
        credential_id=row.get("credential_id"),
        created_at=row["at"],
    )
