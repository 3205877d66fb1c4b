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
from typing import NamedTuple

from linkwright import clock, deadline, jobs, level
from linkwright.jobs import Work
from linkwright.observability import count
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.webhooks import deliveries, event_types, health, queue, receivers
from linkwright.webhooks.deliveries import Moved
from linkwright.webhooks.health import Failed
from linkwright.webhooks.logs import event_log
from linkwright.webhooks.models import EndedReason
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


class _Attempt(NamedTuple):
    """A message on its way to where the endpoint is."""

    delivery: Item
    event: Item
    to: str
    send: Send


def run(work: Work) -> None:
    """Send what is due to an endpoint. Nothing if another run is at it: that one looks again."""
    partition = jobs.partition_of(work.pk)
    level.run(work.key, lambda run: _goes_on(partition, run))


def _goes_on(partition: str, run: Item) -> bool:
    """Do what is next, if anything is. Returns whether the run goes on."""
    endpoint = level.look(run)
    if endpoint is None:
        return False
    rows = queue.first(partition, endpoint["sk"], _LOOKED_AT)
    if not rows or endpoint["status"] == "paused":
        return not level.rest(endpoint, None)
    if deadline.seconds_left() < RESERVE_S:
        level.hand_over(endpoint)
        return False
    if endpoint["status"] == "disabled":
        for row in rows:
            delivery = _waiting(partition, endpoint, row)
            if delivery and not _end_unsent(partition, endpoint, delivery, "webhook_disabled"):
                break
        return True
    ready = max(queue.due_at(rows[0]["sk"]), clock.from_epoch_ms(health.rests_until(endpoint)))
    if ready > clock.now():
        return not level.rest(endpoint, ready)
    due = [row for row in rows if queue.due_at(row["sk"]) <= clock.now()]
    _send(partition, endpoint, due[: 1 if "failing" in endpoint else AT_ONCE])
    return True


def _send(partition: str, endpoint: Item, rows: Sequence[Item]) -> None:
    """Send what the rows stand for, all at once, and note what came of it, one by one."""
    attempts: list[_Attempt] = []
    for row in rows:
        if (delivery := _waiting(partition, endpoint, row)) is not None:
            event = _event(partition, delivery)
            if event is None or deliveries.is_expired(delivery):
                _expire(partition, endpoint, delivery, event)
            elif not _is_wanted(endpoint, delivery, event):
                _end_unsent(partition, endpoint, delivery, "not_wanted")
            else:
                send = receivers.prepared(endpoint, event, deliveries.asked(delivery))
                attempts.append(_Attempt(delivery, event, _receiver(endpoint), send))
    outcomes = _together([attempt.send for attempt in attempts])
    now: Item | None = endpoint
    for attempt, outcome in zip(attempts, outcomes, strict=True):
        if now is not None:
            now = _settle(partition, now, attempt, outcome)


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


def _receiver(endpoint: Item) -> str:
    view = endpoint["view"]
    return str(view.get("url") or view.get("arn"))


def _end_unsent(partition: str, endpoint: Item, delivery: Item, reason: EndedReason) -> bool:
    """End what is not to be sent as the endpoint is; False if that was changed meanwhile."""
    tx = Transaction(partition, "")
    queue.require(tx, endpoint, otherwise=_Lost)
    deliveries.fail(tx, delivery, None, reason)
    try:
        tx.commit()
    except Moved:
        return True
    except _Lost:
        return False
    return True


def _expire(partition: str, endpoint: Item, delivery: Item, event: Item | None) -> None:
    """End a delivery whose time is over, without sending it."""

    def noted(tx: Transaction, now: Item) -> Item:
        view = deliveries.fail(tx, delivery, None, "expired")
        if event is not None and _is_sample(event):
            return now
        event_id = _exhausted(tx, delivery, view)
        # What was never tried, as while its user had it paused, says nothing of the endpoint.
        return health.after_expiry(now, event_id) if delivery["tried"] else now

    _write(partition, endpoint, noted)


def _settle(partition: str, endpoint: Item, attempt: _Attempt, outcome: Outcome) -> Item | None:
    """Note an outcome. Returns the endpoint as it is then; None if this run has it no longer."""
    count("webhooks_sent" if outcome.is_taken else "webhooks_failed")
    return _write(partition, endpoint, lambda tx, now: _noted(tx, now, attempt, outcome))


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
            seen = level.look(seen)
        else:
            return after
    return None


def _noted(tx: Transaction, endpoint: Item, made: _Attempt, outcome: Outcome) -> Item:
    """Put an outcome into a transaction. Returns what becomes of the endpoint by it."""
    delivery, attempt = made.delivery, outcome.attempt
    if outcome.is_taken:
        deliveries.succeed(tx, delivery, attempt)
        return health.after_success(endpoint)
    if made.to != _receiver(endpoint):
        # It was moved meanwhile: what its old address says is said of that alone.
        deliveries.try_again(tx, delivery, attempt, clock.now() + timedelta(seconds=1))
        return endpoint
    failed = Failed(attempt, made.event["created_at"], wait_s=outcome.wait_s)
    if outcome.is_aborted:
        # It works: it just does not want this one.
        deliveries.fail(tx, delivery, attempt, "aborted")
        if (after := health.after_success(endpoint)) == endpoint:
            queue.require(tx, endpoint, otherwise=_Lost)
        return after
    if outcome.is_gone:
        deliveries.fail(tx, delivery, attempt, "gone")
        return health.after_failure(endpoint, failed._replace(is_gone=True))
    is_sample = _is_sample(made.event)
    # What is our own fault is not held against it either.
    is_evidence = not is_sample and attempt["error"] != "internal"
    most = deliveries.ATTEMPTS_OF_A_SAMPLE if is_sample else deliveries.ATTEMPTS
    if delivery["tried"] + 1 < most:
        deliveries.try_again(tx, delivery, attempt, _next(delivery, outcome))
        return health.after_failure(endpoint, failed) if is_evidence else endpoint
    view = deliveries.fail(tx, delivery, attempt, "exhausted")
    told = None if is_sample else _exhausted(tx, delivery, view)
    last = failed._replace(exhausted=told)
    return health.after_failure(endpoint, last) if is_evidence else endpoint


def _is_wanted(endpoint: Item, delivery: Item, event: Item) -> bool:
    """Whether it is still of a type that is sent there, or somebody asked for this very event."""
    is_asked_for = "by_name" in delivery or _is_sample(event)
    return is_asked_for or event_types.is_wanted(event["type"], endpoint["view"]["events"])


def _is_sample(event: Item) -> bool:
    """Whether it was sent as a test: that it is not taken says nothing of the endpoint."""
    return "only" in event


def _exhausted(tx: Transaction, delivery: Item, view: Item) -> str:
    """Tell that an event was not delivered in all its time. Returns which."""
    if not view["event_type"].startswith(event_types.OF_WEBHOOKS):
        # Else endpoints that take nothing would tell each other so for ever.
        tx.emit("webhook.delivery_exhausted", view, sequence=delivery["v"] + 1)
    event_id: str = view["event_id"]
    return event_id


def _next(delivery: Item, outcome: Outcome) -> datetime:
    jitter = random.uniform(1 - deliveries.JITTER, 1 + deliveries.JITTER)  # noqa: S311 -- not a secret
    seconds = deliveries.SCHEDULE_S[delivery["tried"]] * jitter
    return clock.now() + timedelta(seconds=max(seconds, outcome.wait_s))
