"""What always holds of AI credits, of whatever is stored: docs/credits.md."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from linkwright.credits import items
from linkwright.credits.items import Balance
from linkwright.table import Item

TABLES = ("CoreTable", "IdemTable", "LedgerTable")
Stored = Mapping[str, Sequence[Item]]
_PENDING = "PENDING"


def violated(stored: Stored, partition: str) -> list[str]:
    """The invariants that do not hold, one line each."""
    where = items.balance_key(partition)
    of_ledger = [row for row in stored["LedgerTable"] if row["pk"] == where.pk]
    known = [row for row in of_ledger if row["sk"] == where.sk]
    lines = [row for row in of_ledger if row["sk"].startswith("L#")]
    holds = _holds(stored, partition)
    if not known:
        return [f"lines without a balance: {lines}"] if lines or holds else []
    return [
        *_sums(Balance.of(known[0]), lines, holds),
        *_ends(lines, holds),
        *_records(stored, holds),
        *_days(stored, partition, holds),
    ]


def held(stored: Stored) -> int:
    """What all balances have reserved."""
    return sum(int(row["reserved"]) for row in stored["LedgerTable"] if row["sk"] == "BAL")


def _holds(stored: Stored, partition: str) -> dict[str, Item]:
    where = items.hold_key(partition, "").pk
    return {row["id"]: row for row in stored["CoreTable"] if row["pk"] == where}


def _sums(now: Balance, lines: list[Item], holds: Mapping[str, Item]) -> list[str]:
    found: list[str] = []
    sums = {pool: sum(int(row[pool]) for row in lines) for pool in ("monthly", "extra", "held")}
    if sums != {"monthly": now.granted - now.spent, "extra": now.extra, "held": now.reserved}:
        found.append(f"I1: the ledger's sums {sums} are not the balance {now}")
    if min(now.spent, now.extra, now.reserved) < 0:
        found.append(f"I2: less than nothing in {now}")
    pending = [hold for hold in holds.values() if hold["st"] == _PENDING]
    if (took := sum(int(hold["monthly"] + hold["extra"]) for hold in pending)) != now.reserved:
        found.append(f"I3: pending holds took {took}, and {now.reserved} are reserved")
    spent = sum(
        int(hold["monthly"])
        for hold in holds.values()
        if hold["st"] != "RELEASED" and hold["period"] == now.period
    )
    if spent != now.spent:
        found.append(f"I10: {spent} are held and charged in this cycle, and {now.spent} spent")
    bought = sum(int(row["extra"]) for row in lines if row["type"] == "grant")
    taken = sum(int(hold["extra"]) for hold in holds.values() if hold["st"] != "RELEASED")
    if bought - taken != now.extra:
        found.append(f"I10: of {bought} extra ones {taken} were taken, and {now.extra} are left")
    return found


def _ends(lines: list[Item], holds: Mapping[str, Item]) -> list[str]:
    kinds = {row["sk"]: row["type"] for row in lines}
    ends = {_PENDING: None, "COMMITTED": "settle", "RELEASED": "release"}
    found: list[str] = []
    for name, hold in holds.items():
        two = [kinds.get(items.entry_key("", name, step).sk) for step in (0, 1)]
        if two != ["hold", ends[hold["st"]]]:
            found.append(f"I4: the lines of a hold that is {hold['st']} are {two}")
    return found


def _days(stored: Stored, partition: str, holds: Mapping[str, Item]) -> list[str]:
    """What keys with a limit took is what their holds say."""
    taken: Counter[str] = Counter()
    for hold in holds.values():
        if "day" in hold and hold["st"] != "RELEASED":
            where = items.day_key(partition, hold["day"])
            taken[where.sk] += int(hold["monthly"] + hold["extra"])
    pk = items.day_key(partition, "").pk
    counted = {row["sk"]: int(row["committed"]) for row in stored["CoreTable"] if row["pk"] == pk}
    return [
        f"I10: on the day of {sk} {taken[sk]} were taken, and {counted.get(sk, 0)} are counted"
        for sk in {*taken, *counted}
        if taken[sk] != counted.get(sk, 0)
    ]


def _handed(stored: Stored, holds: Mapping[str, Item]) -> Iterator[str]:
    """Of a hold that was handed to a job: it ends with that, and is charged for a result."""
    rows = {(row["pk"], row["sk"]): row for row in stored["CoreTable"]}
    for hold in holds.values():
        if "job" in hold:
            job = rows.get(tuple(hold["job"]), {})
            is_due = str(job.get("gsi2pk", "")).startswith("DUE#")
            if hold["st"] != _PENDING and is_due and "ended_at" not in job:
                yield f"I12: a hold is {hold['st']}, and its job may go on"
            if (hold["st"] == "COMMITTED") > ("result" in job):
                yield "I12: it was charged for what has no result"
            if hold["st"] == _PENDING and "ended_at" in job:
                yield "I12: its job is over, and the hold is not"


def _records(stored: Stored, holds: Mapping[str, Item]) -> list[str]:
    """Of those of the partition whose holds these are."""
    done = [row for row in stored["IdemTable"] if row["st"] == "DONE" and row.get("own") in holds]
    found: list[str] = []
    for record in done:
        state = holds[record["own"]]["st"]
        if "held" not in record and state != ("COMMITTED" if record["charged"] else "RELEASED"):
            found.append(f"I6: a record is done, of a hold that is {state}")
    found += _handed(stored, holds)
    paid = Counter(hold["record"] for hold in holds.values() if hold["st"] == "COMMITTED")
    posted = {name: n for name, n in paid.items() if n > 1 and "#GEN#" not in name}
    return found + [f"I5: {n} paid holds of one key" for n in posted.values()]
