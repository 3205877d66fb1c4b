"""A run of an endpoint: what is due is sent, two at a time, until there is nothing or no time.

An answer is noted in one transaction with what it means for the delivery and the endpoint. A run
that is killed before that has the message sent again, under the same id: at least once.
"""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import cache

from linkwright import clock, deadline, jobs
from linkwright.jobs import Work
from linkwright.observability import count
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.webhooks import deliveries, health, queue, receivers
from linkwright.webhooks.deliveries import Moved
from linkwright.webhooks.health import Failed
from linkwright.webhooks.logs import event_log
from linkwright.webhooks.sending import TIMEOUT_S, Outcome

# So many are sent to an endpoint at once; to one that fails, one.
AT_ONCE = 2
# With less time left nothing more is sent: what an attempt may take, and what is written of it.
RESERVE_S = TIMEOUT_S + 10.0
# So many are looked at, and ended without being sent, between two looks at the endpoint.
_LOOKED_AT = 20

Send = Callable[[], Outcome]


class _Lost(Exception):
    """The endpoint was changed meanwhile, or is another run's."""


def run(work: Work) -> None:
    """Send what is due to an endpoint. Nothing if another run is at it: that one looks again."""
    endpoint = queue.begin(work.key)
    if endpoint is None:
        return
    try:
        while _goes_on(jobs.partition_of(work.pk), endpoint):
            pass
    except Exception:
        queue.let_go(endpoint)
        raise


def _goes_on(partition: str, run: Item) -> bool:
    """Do what is next, if anything is. Returns whether the run goes on."""
    endpoint = queue.look(run)
    if endpoint is None:
        return False
    rows = queue.first(partition, endpoint["sk"], _LOOKED_AT)
    if not rows or endpoint["status"] == "paused":
        return not queue.rest(endpoint, None)
    if deadline.seconds_left() < RESERVE_S:
        queue.hand_over(endpoint)
        return False
    if endpoint["status"] == "disabled":
        for row in rows:
            _end(partition, endpoint, row, "webhook_disabled")
        return True
    ready = max(queue.due_at(rows[0]), clock.from_epoch_ms(health.rests_until(endpoint)))
    if ready > clock.now():
        return not queue.rest(endpoint, ready)
    due = [row for row in rows if queue.due_at(row) <= clock.now()]
    _send(partition, endpoint, due[: 1 if "failing" in endpoint else AT_ONCE])
    return True


def _send(partition: str, endpoint: Item, rows: Sequence[Item]) -> None:
    """Send what the rows stand for, all at once, and note what came of it, one by one."""
    sends: list[tuple[Item, Send]] = []
    for row in rows:
        if (delivery := _waiting(partition, endpoint, row)) is not None:
            if deliveries.is_expired(delivery) or (event := _event(partition, delivery)) is None:
                _end(partition, endpoint, row, "expired")
            else:
                asked = deliveries.asked(delivery)
                sends.append((delivery, receivers.prepared(endpoint, event, asked)))
    outcomes = _together([send for _, send in sends])
    now: Item | None = endpoint
    for (delivery, _), outcome in zip(sends, outcomes, strict=True):
        if now is not None:
            now = _settle(partition, now, delivery, outcome)


def _together(sends: Sequence[Send]) -> list[Outcome]:
    if len(sends) < 2:
        return [send() for send in sends]
    # Each in the context of this run, whose time is theirs.
    began = [_pool().submit(copy_context().run, send) for send in sends]
    return [one.result() for one in began]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE)


def _waiting(partition: str, endpoint: Item, row: Item) -> Item | None:
    """The delivery that waits there; none if it does not, and then nothing does."""
    delivery = deliveries.find(partition, endpoint["sk"], queue.delivery_at(row))
    if delivery is not None and delivery.get("place") == row["sk"]:
        return delivery
    tx = Transaction(partition, "")
    queue.leave(tx, endpoint["sk"], row["sk"])
    tx.commit()
    return None


def _event(partition: str, delivery: Item) -> Item | None:
    return event_log.stored(partition, delivery["view"]["event_id"])


def _end(partition: str, endpoint: Item, row: Item, reason: str) -> None:
    """End a delivery without sending it."""
    delivery = _waiting(partition, endpoint, row)
    if delivery is None:
        return

    def noted(tx: Transaction, now: Item) -> Item:
        view = deliveries.fail(tx, delivery, None, reason)
        if reason == "webhook_disabled":
            return now
        return health.after_expiry(now, _exhausted(tx, delivery, view))

    _write(partition, endpoint, noted)


def _settle(partition: str, endpoint: Item, delivery: Item, outcome: Outcome) -> Item | None:
    """Note an outcome. Returns the endpoint as it is then; None if this run has it no longer."""
    count("webhooks_sent" if outcome.is_taken else "webhooks_failed")
    return _write(partition, endpoint, lambda tx, now: _noted(tx, now, delivery, outcome))


def _write(
    partition: str, endpoint: Item, noted: Callable[[Transaction, Item], Item]
) -> Item | None:
    """What `noted` puts into a transaction, and the endpoint that it makes of the one that is."""
    seen: Item | None = endpoint
    while seen is not None:
        tx = Transaction(partition, "")
        after = health.write(tx, seen, noted(tx, seen), _Lost)
        try:
            tx.commit()
        except Moved:
            return seen
        except _Lost:
            seen = queue.look(seen)
        else:
            return after
    return None


def _noted(tx: Transaction, endpoint: Item, delivery: Item, outcome: Outcome) -> Item:
    """Put an outcome into a transaction. Returns what becomes of the endpoint by it."""
    attempt = outcome.attempt
    if outcome.is_taken:
        deliveries.succeed(tx, delivery, attempt)
        return health.after_success(endpoint)
    if outcome.is_aborted:
        # It works: it just does not want this one.
        deliveries.fail(tx, delivery, attempt, "aborted")
        return health.after_success(endpoint)
    if outcome.is_gone:
        deliveries.fail(tx, delivery, attempt, "gone")
        return health.after_failure(endpoint, Failed(attempt, is_gone=True))
    if delivery["tried"] + 1 < deliveries.ATTEMPTS:
        deliveries.try_again(tx, delivery, attempt, _next(delivery, outcome))
        return health.after_failure(endpoint, Failed(attempt, wait_s=outcome.wait_s))
    event_id = _exhausted(tx, delivery, deliveries.fail(tx, delivery, attempt, "exhausted"))
    return health.after_failure(endpoint, Failed(attempt, event_id, wait_s=outcome.wait_s))


def _exhausted(tx: Transaction, delivery: Item, view: Item) -> str:
    """Tell that an event was not delivered in all its time. Returns which."""
    tx.emit("webhook.delivery_exhausted", view, sequence=delivery["v"] + 1)
    event_id: str = view["event_id"]
    return event_id


def _next(delivery: Item, outcome: Outcome) -> datetime:
    jitter = random.uniform(1 - deliveries.JITTER, 1 + deliveries.JITTER)  # noqa: S311 -- not a secret
    seconds = deliveries.SCHEDULE_S[delivery["tried"]] * jitter
    return clock.now() + timedelta(seconds=max(seconds, outcome.wait_s))
