"""A request that takes several transactions: one run of it at a time, whoever sends it again.

Each of them writes its head, which says whose run it is, and until when. So a run that was taken
over writes nothing more, and what one run refuses no other makes meanwhile. Decision 55.
"""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from linkwright import clock, idempotency
from linkwright.auth import Account
from linkwright.errors import Unavailable
from linkwright.idempotency import RETENTION_S
from linkwright.table import ConditionFailed, Item, Key, Table, update
from linkwright.transaction import Outrun, RecordExists, Transaction

# Longer than a part takes that is tried again; it begins anew with each part.
LEASE_S = 10


class Head:
    """Of the request that says this, in the run of the request of this id.

    What it says is kept as in its idempotency record: there may be passwords in it.
    """

    def __init__(self, where: Key, account: Account, said: str, request_id: str) -> None:
        self.where = where
        secret = account.cursor_key.encode()
        self._fingerprint = hmac.digest(secret, said.encode(), "sha256").hex()
        self._own = request_id
        self._seen: Item | None = None
        self._written: Item | None = None

    def know(self, row: Item | None) -> bool:
        """Take note of the head as it was read. Returns whether another run has written it: what
        was read no later than it may be from before that, and is to be read anew.

        Raises `RecordExists` where it is over, `Conflict` where the key was used for another
        request, or another run is at it.
        """
        now = clock.epoch()
        self._seen = row if row is not None and row["exp"] > now else None
        if self._seen is None:
            return False
        if self._seen["fp"] != self._fingerprint:
            raise idempotency.reused()
        if self._seen["is_done"]:
            raise RecordExists
        left = int(self._seen["lease"]) - now
        if left > 0 and not self._is_mine():
            raise idempotency.in_progress(left)
        return not self._is_mine()

    def write(self, tx: Transaction, *, is_last: bool = False, is_done: bool = False) -> None:
        """Add that this run goes on, or is over. Raises `Outrun` at the commit where the head is
        another one than was read. `is_last`: all is made but what is made with the answer, so that
        nobody who sends the request again has to wait: of two who end it one does.
        """
        now, seen = clock.epoch(), self._seen
        row: Item = {"fp": self._fingerprint, "is_done": is_done, "own": self._own}
        lease = 0 if is_last else now + LEASE_S
        row |= {"lease": lease, "exp": now + RETENTION_S, "ttl": now + RETENTION_S}
        condition, values = "attribute_not_exists(#pk) OR #exp <= :now", {"now": now}
        if seen is not None:
            condition = "#own = :own AND #lease = :lease"
            values = {"own": seen["own"], "lease": seen["lease"]}
        row = {**self.where.attributes(), **row}
        tx.put(Table.CORE, row, condition=condition, values=values, otherwise=Outrun)
        self._written = row

    def has_written(self) -> None:
        """What was added is committed."""
        self._seen = self._written

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Where this run fails, whoever sends the request again need not wait for its lease."""
        try:
            yield
        except Outrun:
            raise  # this very request tries again
        except Exception:
            self._let_go()
            raise

    def _is_mine(self) -> bool:
        return self._seen is not None and self._seen["own"] == self._own

    def _let_go(self) -> None:
        if self._seen is None or not self._is_mine():
            return
        with suppress(ConditionFailed, Unavailable):
            update(
                Table.CORE,
                self.where,
                "SET #lease = :none",
                condition="#own = :own AND #lease = :lease",
                values={"none": 0, "own": self._own, "lease": self._seen["lease"]},
            )
