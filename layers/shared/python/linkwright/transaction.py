"""A write: one `TransactWriteItems`, or nothing.

Item order is meaning. Each conditional item names the error to raise if its condition fails, and
the lowest failed one wins: the idempotency record, then existence, then rules, then limits.
"""

import random
import re
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from uuid import uuid4

from linkwright import audit, clock, deadline, events, jobs
from linkwright.audit import Actor
from linkwright.client import core
from linkwright.errors import ServerError, Unavailable
from linkwright.expressions import placeholders
from linkwright.jobs import AlreadyDone, Work
from linkwright.table import Item, Key, Table, driver, run

Otherwise = Callable[[], Exception]

TRIES = 5
# Who meets others on one item knows that nothing was done, and that the next who is done lets one
# through: for as long as the budget lasts.
TRIES_OF_WHO_MEETS = 30
RETRY_BUDGET_S = 2.0
_LONGEST_WAIT_S = 0.5
MAX_OPERATIONS = 100  # DynamoDB's own limit

_PASSING = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"})


class RecordExists(Exception):
    """The idempotency record is there already: this request, or another one, was done before."""


class Contended(Unavailable):
    """Another transaction is under way on one of the items, so nothing was done."""


class Outrun(Exception):
    """What the change follows from was changed meanwhile: `@endpoint` has it made anew."""


class Transaction:
    """Collects the items of one change and writes them together.

    `partition` is the workspace's, in live or test mode; `request_id` goes into the events, with
    the actor into the audit log.
    """

    def __init__(self, partition: str, request_id: str, actor: Actor | None = None) -> None:
        self.partition = partition
        self.request_id = request_id
        self.actor = actor
        self._operations: list[Item] = []
        self._otherwise: list[Otherwise | None] = []
        self._keys: set[tuple[str, str, str]] = set()

    def put(
        self,
        table: Table,
        item: Item,
        *,
        condition: str = "attribute_not_exists(#pk)",
        values: Mapping[str, Any] | None = None,
        otherwise: Otherwise | None = None,
    ) -> None:
        """Write a whole item; unless told otherwise, only where there is none."""
        key = Key(item["pk"], item["sk"])
        self._add("put", table, key, {"item": item}, condition, values, otherwise)

    def update(
        self,
        table: Table,
        key: Key,
        expression: str,
        *,
        condition: str | None = None,
        values: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
        otherwise: Otherwise | None = None,
    ) -> None:
        """`names` has what is meant by those of the expression that are not meant as they are."""
        body = {"key": key.attributes(), "update_expression": expression}
        self._add("update", table, key, body, condition, values, otherwise, names)

    def delete(
        self,
        table: Table,
        key: Key,
        *,
        condition: str = "attribute_exists(#pk)",
        values: Mapping[str, Any] | None = None,
        otherwise: Otherwise | None = None,
    ) -> None:
        """Delete an item; unless told otherwise, it must be there."""
        self._add("delete", table, key, {"key": key.attributes()}, condition, values, otherwise)

    def require(
        self,
        table: Table,
        key: Key,
        condition: str = "attribute_exists(#pk)",
        *,
        values: Mapping[str, Any] | None = None,
        otherwise: Otherwise,
    ) -> None:
        """Let the change happen only if another item is as the condition says."""
        body = {"key": key.attributes()}
        self._add("condition_check", table, key, body, condition, values, otherwise)

    def emit(
        self, event_type: str, entity: Item, *, sequence: int, details: Item | None = None
    ) -> str:
        """Tell of the change: `entity` is the object as it is after it, as the API shows it.

        Returns the id of the event.
        """
        event = events.event(self.partition, event_type, entity, sequence, self.request_id)
        self.put(Table.CORE, event | {"details": details or {}})
        return str(event["id"])

    def audit(self, action: str, object_id: str, details: Item | None = None) -> None:
        """Write down who did it: `action` as "key.created", `details` without secrets."""
        if self.actor is None:
            raise ValueError("what is audited has an actor")
        self.put(
            Table.CORE,
            audit.entry(
                *(self.partition, action, object_id, details or {}, self.actor, self.request_id)
            ),
        )

    def finish(self, job: Key) -> None:
        """The job is done by this change. Raises `AlreadyDone` at the commit."""
        self.update(
            Table.CORE,
            job,
            "REMOVE " + ", ".join(f"#{name}" for name in jobs.ATTRIBUTES),
            condition="attribute_exists(#gsi2pk)",
            otherwise=AlreadyDone,
        )

    def give_up(self, work: Work, kept: Item | None = None) -> None:
        """The job is done no more, and kept for a while, with what whoever does it again must know:
        that is written once. Raises `AlreadyDone` at the commit.
        """
        now = clock.timestamp()
        facts: Item = {
            **(kept or {}),
            "gsi2pk": jobs.given_up_partition(work.kind),
            "gsi2sk": now,
            "given_up_at": now,
        }
        if not work.of_kind.is_more_than_a_job:
            facts["ttl"] = clock.epoch() + int(jobs.RETENTION.total_seconds())
        self.update(
            Table.CORE,
            work.key,
            f"SET {', '.join(f'#{name} = :{name}' for name in facts)}"
            " REMOVE #outbox, #next_at, #swept",
            # By where it stands: what has given up may have been asked for since.
            condition=" AND ".join(
                ["attribute_exists(#gsi2pk) AND #gsi2pk <> :gsi2pk"]
                + [f"attribute_not_exists(#{name})" for name in kept or ()]
            ),
            values=facts,
            otherwise=AlreadyDone,
        )

    def record(self, item: Item, condition: str, values: Mapping[str, Any]) -> None:
        """Put the idempotency record first, whatever was added before."""
        self.put(Table.IDEM, item, condition=condition, values=values, otherwise=RecordExists)
        self._operations.insert(0, self._operations.pop())
        self._otherwise.insert(0, self._otherwise.pop())

    def commit(self) -> None:
        """Write all of it, or raise the `otherwise` of the first item whose condition failed.

        Raises `Unavailable` when it cannot be known, or cannot be done now.
        """
        if self._operations:
            self._write_with_retries()

    def _write_with_retries(self) -> None:
        # One token over all tries: a lost reply must not turn a done effect into a refusal.
        token = uuid4().hex
        give_up_at = clock.monotonic() + min(RETRY_BUDGET_S, deadline.seconds_left())
        for attempt in count(1):
            try:
                self._write(token)
                return
            except Unavailable as fault:
                most = TRIES_OF_WHO_MEETS if isinstance(fault, Contended) else TRIES
                if attempt >= most or clock.monotonic() > give_up_at:
                    raise
            # Full jitter, so that those who met once do not meet again.
            longest = min(0.02 * 2**attempt, _LONGEST_WAIT_S)
            clock.sleep(random.uniform(0, longest))  # noqa: S311 -- not a secret

    def _write(self, token: str) -> None:
        try:
            run(lambda: driver().sync_transact_write(self._operations, client_request_token=token))
        except core.TransactionCanceledException as cancelled:
            raise self._explain(cancelled) from cancelled

    def _explain(self, cancelled: Exception) -> Exception:
        reasons = _reasons(cancelled)
        failed = [at for at, reason in enumerate(reasons) if reason == "ConditionalCheckFailed"]
        if failed and self._otherwise[failed[0]] is RecordExists:
            return RecordExists()
        if "TransactionConflict" in reasons:
            return Contended()
        if _PASSING.intersection(reasons):
            return Unavailable()
        otherwise = self._otherwise[failed[0]] if failed else None
        return otherwise() if otherwise else ServerError()

    def _add(
        self,
        kind: str,
        table: Table,
        key: Key,
        body: Item,
        condition: str | None,
        values: Mapping[str, Any] | None,
        otherwise: Otherwise | None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        if (identity := (table, *key)) in self._keys:
            raise ValueError("a transaction takes one operation on an item")
        if len(self._operations) == MAX_OPERATIONS:
            raise ValueError(f"a transaction takes {MAX_OPERATIONS} operations")
        self._keys.add(identity)
        operation = {"type": kind, "table": table.deployed_name, **body}
        if condition:
            operation["condition_expression"] = condition
        expressions = condition, body.get("update_expression")
        operation |= placeholders(*expressions, values=values, names=names)
        self._operations.append(operation)
        self._otherwise.append(otherwise)


def _reasons(cancelled: Exception) -> list[str]:
    # The client passes on the list of codes at the end of DynamoDB's message, in item order.
    found = re.search(r"\[([\w, ]*)\]\s*$", str(cancelled))
    return found[1].split(", ") if found else []
