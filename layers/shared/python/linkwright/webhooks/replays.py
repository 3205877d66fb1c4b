"""Replays: events that are sent to an endpoint again, or that it never got.

One event is asked for at once. Those of a time are a job, which goes through them from the oldest
on, some in a transaction, with the place that it has come to: each is asked for once.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

from linkwright import clock, deadline, events, ids, jobs
from linkwright.auth import Account
from linkwright.clock import NotYet
from linkwright.errors import ResourceNotFound, ValidationFailed
from linkwright.jobs import AlreadyDone, Work
from linkwright.table import Item, Key, Table, pages
from linkwright.transaction import Otherwise, Outrun, Transaction
from linkwright.webhooks import (
    deliveries,
    endpoints,
    event_types,
    fan_out,
    health,
    queue,
)
from linkwright.webhooks.logs import delivery_log, event_log
from linkwright.webhooks.replay_models import Replay, ReplayWebhook

# More are not looked through while somebody waits for the answer.
MOST = 10_000
# Three operations each, of the hundred of a transaction.
_AT_ONCE = 30
_PAGE = 1_000
# With less time left the next message goes on.
_RESERVE_S = 15.0
_A_SECOND = timedelta(seconds=1)


class Chosen(NamedTuple):
    """An event that is meant, and its place among those that a replay goes through."""

    place: str
    event: Item


class _Moved(Exception):
    """A delivery is further on than it was read, or another run has come further."""


class _TooMany(Exception):
    """There is more to be looked through than `MOST`."""


def request(account: Account, webhook_id: str, wanted: ReplayWebhook, tx: Transaction) -> Replay:
    """Errors: no such endpoint or event (404), `webhook_disabled` (409), too many (400)."""
    endpoint = endpoints.existing(account.partition, webhook_id)
    delivery_log.require_enabled(endpoint)
    if wanted.event_id is not None:
        return _request_one(account, endpoint, wanted.event_id, tx)
    # What happened in this very second too.
    now = clock.now() + _A_SECOND
    since, until = wanted.since or now, wanted.until or now
    if since >= now:
        raise ValidationFailed("Field 'since' must be in the past.", field="since")
    item: Item = {
        **Key(f"W#{account.partition}#RPL", ids.new("rpl")).attributes(),
        "webhook_id": webhook_id,
        "since": clock.timestamp(since),
        "until": clock.timestamp(until),
        "types": wanted.types or ["*"],
        "only": wanted.only or "missing",
        "reached": "",
        "ttl": clock.epoch() + int(events.RETENTION.total_seconds()),
    }
    try:
        count = sum(1 for _ in chosen(account.partition, endpoint, item, MOST))
    except _TooMany:
        text = f"Field 'since' must leave at most {MOST} events: name a shorter time."
        raise ValidationFailed(text, field="since") from None
    if count:
        tx.put(Table.CORE, item | jobs.requested(jobs.REPLAY, item["sk"]))
        tx.audit("webhook.replayed", webhook_id, {"count": count, "only": item["only"]})
    shown = {name: item[name] for name in ("since", "until", "only")}
    return Replay(webhook_id=webhook_id, count=count, **shown)


def _request_one(account: Account, endpoint: Item, event_id: str, tx: Transaction) -> Replay:
    event = event_log.stored(account.partition, event_id)
    if event is None or event.get("only", endpoint["sk"]) != endpoint["sk"]:
        raise ResourceNotFound("There is no such event.", field="event_id")
    _ask(tx, endpoint, event, "all", Outrun, by_name=True)
    queue.ring(tx, endpoint["sk"], gone=health.RESTS, otherwise=endpoints.not_found)
    return Replay(webhook_id=endpoint["sk"], count=1)


def carry_on(work: Work) -> None:
    """Go on with a replay. Raises `NotYet` where there is no time to finish it."""
    partition = jobs.partition_of(work.pk)
    while (item := jobs.stored(work.key)) and jobs.is_due(item):
        with suppress(_Moved, AlreadyDone):
            _go_on(partition, item, work)


def _go_on(partition: str, item: Item, work: Work) -> None:
    """From the place that it has come to on. Raises `_Moved` where that is to be read anew."""
    reached, found = item["reached"], None
    while True:
        if deadline.seconds_left() < _RESERVE_S:
            raise NotYet(clock.now())
        endpoint = endpoints.stored(partition, item["webhook_id"])
        if endpoint is None or endpoint["status"] == "disabled":
            break
        found = found or chosen(partition, endpoint, item)
        if not (some := list(islice(found, _AT_ONCE))):
            break
        tx = Transaction(partition, "")
        for one in some:
            _ask(tx, endpoint, one.event, item["only"], _Moved)
        queue.ring(tx, endpoint["sk"], otherwise=_Moved)
        tx.update(
            Table.CORE,
            work.key,
            "SET #reached = :reached",
            condition="#reached = :seen",
            values={"reached": some[-1].place, "seen": reached},
            otherwise=_Moved,
        )
        tx.commit()
        reached = some[-1].place
    tx = Transaction(partition, "")
    tx.finish(work.key)
    tx.commit()


def _ask(
    tx: Transaction,
    endpoint: Item,
    event: Item,
    only: str,
    otherwise: Otherwise,
    *,
    by_name: bool = False,
) -> None:
    """Have an event sent, if it is still to be: by what is stored of its delivery now."""
    delivery_id = deliveries.id_of(event["id"], endpoint["sk"])
    delivery = deliveries.find(tx.partition, endpoint["sk"], delivery_id)
    if delivery is None:
        deliveries.request(tx, endpoint["sk"], event, otherwise, by_name=by_name)
    elif _is_meant(delivery, only):
        deliveries.request_again(tx, delivery, otherwise, by_name=by_name)


def chosen(partition: str, endpoint: Item, item: Item, most: int | None = None) -> Iterator[Chosen]:
    """What a replay means, from the place that it has come to, oldest first.

    Raises `_TooMany` where more than `most` are to be looked through for it.
    """
    types = item["types"]
    if item["only"] == "failed":
        found = _failed(partition, endpoint, item, most)
    else:
        found = _told(partition, endpoint, item, most)
    return (one for one in found if event_types.is_wanted(one.event["type"], types))


def _failed(partition: str, endpoint: Item, item: Item, most: int | None) -> Iterator[Chosen]:
    name = deliveries.status_partition(partition, endpoint["sk"], "failed")
    for rows in _pages(name, "dlv", item, most, index="gsi3"):
        for row in rows:
            event = {"id": row["view"]["event_id"], "type": row["view"]["event_type"]}
            if event_types.is_wanted(event["type"], endpoint["view"]["events"]):
                yield Chosen(row["sk"], event)


def _told(partition: str, endpoint: Item, item: Item, most: int | None) -> Iterator[Chosen]:
    for rows in _pages(events.key(partition, "").pk, "evt", item, most):
        known: set[str] = set()
        if item["only"] == "missing" and rows:
            known = _delivered(partition, endpoint["sk"], rows[0]["id"], rows[-1]["id"])
        for event in rows:
            is_known = deliveries.id_of(event["id"], endpoint["sk"]) in known
            if not is_known and fan_out.is_wanted(endpoint, event):
                yield Chosen(event["sk"], event)


def _delivered(partition: str, webhook_id: str, first: str, last: str) -> set[str]:
    """The deliveries of the events from one to another that were taken or may be; their ids have
    the same times.
    """
    low, high = ids.same_moment("dlv", first)[0], ids.same_moment("dlv", last)[1]
    of = deliveries.partition(partition, webhook_id)
    read = pages(Table.CORE, of, between=(low, high), limit=_PAGE, strong=True)
    return {row["sk"] for rows in read for row in rows if row["view"]["status"] != "failed"}


def _pages(
    name: str, prefix: str, item: Item, most: int | None, index: str = ""
) -> Iterator[list[Item]]:
    low = ids.first_at(prefix, clock.parse(item["since"]))
    high = ids.last_before(prefix, clock.parse(item["until"]))
    if item["reached"]:
        low = f"{item['reached']}#"  # the next one
    if low > high:
        return
    read, where = 0, (low, high)
    for rows in pages(
        Table.CORE, name, index=index, between=where, limit=_PAGE, newest_first=False
    ):
        read += len(rows)
        if most is not None and read > most:
            raise _TooMany
        yield rows


def _is_meant(delivery: Item, only: str) -> bool:
    """Whether it is to be sent: again, or before its time. What is due is sent without that."""
    if "place" in delivery:
        return only == "all" and queue.due_at(delivery["place"]) > clock.now()
    return only == "all" or delivery["view"]["status"] == "failed"
