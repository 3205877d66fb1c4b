"""Where credits lie, and what their items hold.

The balance is one item of the ledger's table, beside entries that are only ever put. A hold is a
job, so it lies in the core table: it is due when its lease is over. See docs/credits.md.
"""

from dataclasses import asdict, dataclass

from linkwright.table import Item, Key

# The states of a hold.
PENDING = "PENDING"
COMMITTED = "COMMITTED"
RELEASED = "RELEASED"


def balance_key(partition: str) -> Key:
    return Key(f"CR#{partition}", "BAL")


def entry_key(partition: str, entry_id: str, step: int = 0) -> Key:
    """Entries sort by time, whatever they are of; what became of a hold stands behind it."""
    moment = entry_id.partition("_")[2]
    return Key(f"CR#{partition}", f"L#{moment}#{step}")


def reference_key(partition: str, reference: str) -> Key:
    """That a purchase was granted: a second time it is not."""
    return Key(f"CR#{partition}", f"REF#{reference}")


def hold_key(partition: str, hold_id: str) -> Key:
    return Key(f"W#{partition}#HOLD", hold_id)


def renewal_key(partition: str) -> Key:
    return Key(f"W#{partition}#RNW", partition)


def day_key(partition: str, day: str) -> Key:
    """What one key has taken on a day, UTC; only of keys that have a limit."""
    return Key(f"W#{partition}#CRD", day)


@dataclass(frozen=True)
class Balance:
    """What a partition has.

    `granted` is the plan's for the cycle `period`, `spent` what is taken of it, held or used.
    `extra` does not expire. `reserved` is what all pending holds took of both. `free` answers were
    given in the hour `free_hour`, about: of two at once one may not be counted.
    """

    period: str
    granted: int
    spent: int
    extra: int
    reserved: int
    facts_v: int
    free_hour: str = ""
    free: int = 0

    @property
    def monthly(self) -> int:
        """Negative nowhere: a lower plan leaves less than what is spent already."""
        return max(self.granted - self.spent, 0)

    @property
    def remaining(self) -> int:
        return self.monthly + self.extra

    @classmethod
    def of(cls, item: Item) -> "Balance":
        return cls(
            period=item["period"],
            granted=int(item["granted"]),
            spent=int(item["spent"]),
            extra=int(item["extra"]),
            reserved=int(item["reserved"]),
            facts_v=int(item["facts_v"]),
            free_hour=item.get("free_hour", ""),
            free=int(item.get("free", 0)),
        )


@dataclass(frozen=True)
class Hold:
    """Credits that one attempt has taken until it is known whether it answers.

    `monthly` and `extra` say of which pool, `period` of which cycle. `record` is the key of the
    idempotency record it works for; `day` that of the day of its key, if that has a limit.
    `lease` is when another attempt may give it back, in seconds since 1970; `job` that of who has
    taken it over. `free` is how many answers cost nothing in the hour before.
    """

    id: str
    partition: str
    operation: str
    monthly: int
    extra: int
    period: str
    record: str
    request_id: str
    credential_id: str
    lease: int
    remaining: int
    day: str | None = None
    free: int = 0
    job: Key | None = None

    @property
    def credits(self) -> int:
        return self.monthly + self.extra

    @property
    def key(self) -> Key:
        return hold_key(self.partition, self.id)

    @property
    def record_key(self) -> Key:
        return Key(self.record, "-")

    def item(self) -> Item:
        facts = {name: value for name, value in asdict(self).items() if value is not None}
        return {**self.key.attributes(), **facts, "st": PENDING}

    @classmethod
    def of(cls, item: Item) -> "Hold":
        return cls(
            id=item["id"],
            partition=item["partition"],
            operation=item["operation"],
            monthly=int(item["monthly"]),
            extra=int(item["extra"]),
            period=item["period"],
            record=item["record"],
            request_id=item["request_id"],
            credential_id=item["credential_id"],
            lease=int(item["lease"]),
            remaining=int(item["remaining"]),
            day=item.get("day"),
            free=int(item.get("free", 0)),
            job=Key(*item["job"]) if "job" in item else None,
        )


def entry(
    key: Key, kind: str, facts: Item, *, monthly: int = 0, extra: int = 0, held: int = 0
) -> Item:
    """One line of the ledger: what it adds to each pool, and to what is held."""
    changes = {"monthly": monthly, "extra": extra, "held": held}
    return {**key.attributes(), "type": kind, **changes, **facts}
