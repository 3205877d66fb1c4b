"""An event becomes a delivery to each endpoint that wants it.

The event is the job: it is done by the transaction with the last of its deliveries. So there is one
for each endpoint, however often this is begun.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from linkwright import jobs
from linkwright.errors import Unavailable
from linkwright.jobs import AlreadyDone, Work
from linkwright.table import Item, Table, get
from linkwright.transaction import Transaction
from linkwright.webhooks import deliveries, endpoints, event_types, health, queue

_TRIES = 5
# Three operations for each endpoint, of the hundred of a transaction.
_AT_ONCE = 30


class _Moved(Exception):
    """An endpoint was deleted, or has this delivery already."""


def deliver(work: Work) -> None:
    """Have an event delivered. Raises `Unavailable` where the endpoints change faster."""
    event = get(Table.CORE, work.key)
    if event is None or not jobs.is_due(event):
        return
    for attempt in range(_TRIES):
        with suppress(_Moved):
            _deliver(work, event, is_first=attempt == 0)
            return
    raise Unavailable


def _deliver(work: Work, event: Item, *, is_first: bool) -> None:
    partition = jobs.partition_of(work.pk)
    wanted = [item for item in endpoints.of(partition) if _is_told(item, event)]
    # Mostly there are none yet: who had this begun before, or a replay, may have made some.
    is_likely = is_first and len(wanted) <= _AT_ONCE
    missing = [item["sk"] for item in wanted if is_likely or _is_new(event, item)]
    *others, last = list(_in_parts(missing)) or [[]]
    for part in others:
        _requested(partition, event, part).commit()
    tx = _requested(partition, event, last)
    tx.finish(work.key)
    with suppress(AlreadyDone):
        tx.commit()


def _is_told(endpoint: Item, event: Item) -> bool:
    """Whether it has an event unasked. Those that take nothing would else all be told of each
    other, of each event; a replay has that.
    """
    is_of_others = event["type"].startswith(event_types.OF_WEBHOOKS)
    return is_wanted(endpoint, event) and not (is_of_others and health.is_dead(endpoint))


def is_wanted(endpoint: Item, event: Item) -> bool:
    """Whether an endpoint is to have an event. It is not told of itself: it would not hear it."""
    if endpoint["status"] == "disabled" or endpoint["sk"] in _concerned(event):
        return False
    return event_types.is_wanted(event["type"], endpoint["view"]["events"])


def _concerned(event: Item) -> set[str]:
    stored = event["object"]
    return {str(stored.get(name)) for name in ("id", "webhook_id")}


def _is_new(event: Item, endpoint: Item) -> bool:
    delivery_id = deliveries.id_of(event["id"], endpoint["sk"])
    partition = jobs.partition_of(event["pk"])
    return deliveries.find(partition, endpoint["sk"], delivery_id) is None


def _in_parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]


def _requested(partition: str, event: Item, webhooks: Sequence[str]) -> Transaction:
    tx = Transaction(partition, event["request_id"])
    for webhook_id in webhooks:
        deliveries.request(tx, webhook_id, event, _Moved)
        queue.ring(tx, webhook_id, otherwise=_Moved)
    return tx
