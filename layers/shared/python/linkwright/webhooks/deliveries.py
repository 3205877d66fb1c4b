"""Deliveries: an event on its way to an endpoint. There is one for both, whatever is repeated."""

from datetime import datetime, timedelta
from typing import Any

from linkwright import clock, events, ids
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Otherwise, Transaction
from linkwright.webhooks import queue
from linkwright.webhooks.models import EndedReason

# After the nth attempt that failed the next one waits so many seconds: 75 hours in all, by Standard
# Webhooks 1.0.0.
SCHEDULE_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
ATTEMPTS = len(SCHEDULE_S) + 1
# Somebody looks on, and asks again.
ATTEMPTS_OF_A_SAMPLE = 3
JITTER = 0.1
# What was not sent by all of them, as to an endpoint that rests or is paused, is not sent at all.
LONGEST = timedelta(seconds=sum(SCHEDULE_S) * (1 + JITTER))
_SHOWN_ATTEMPTS = 10

# As it is shown.
Attempt = dict[str, Any]


class Moved(Exception):
    """Somebody else has the delivery: it was sent, or is to be sent anew."""


def partition(of: str, webhook_id: str) -> str:
    return f"W#{of}#WH#{webhook_id}"


def status_partition(of: str, webhook_id: str, status: str) -> str:
    return f"{partition(of, webhook_id)}#{status}"


def key(of: str, webhook_id: str, delivery_id: str) -> Key:
    return Key(partition(of, webhook_id), delivery_id)


def id_of(event_id: str, webhook_id: str) -> str:
    return ids.derived("dlv", event_id, webhook_id)


def find(of: str, webhook_id: str, delivery_id: str) -> Item | None:
    return get(Table.CORE, key(of, webhook_id, delivery_id))


def request(
    tx: Transaction, webhook_id: str, event: Item, otherwise: Otherwise, *, by_name: bool = False
) -> Item:
    """Have an event sent to an endpoint, which is then to be rung for. Returns what is shown of it.

    `by_name`: whether or not it wants that type. `otherwise`: it is on its way already, or was.
    """
    view = {
        "id": id_of(event["id"], webhook_id),
        "webhook_id": webhook_id,
        "event_id": event["id"],
        "event_type": event["type"],
    }
    item = _begun(tx, view, 1, by_name=by_name)
    tx.put(Table.CORE, item, otherwise=otherwise)
    begun: Item = item["view"]
    return begun


def request_again(
    tx: Transaction, delivery: Item, otherwise: Otherwise, *, by_name: bool = False
) -> None:
    """Have one that is over, or waits, sent anew, under the same id. `otherwise`: it was moved."""
    if "place" in delivery:
        queue.leave(tx, delivery["view"]["webhook_id"], delivery["place"])
    tx.put(
        Table.CORE,
        _begun(tx, delivery["view"], delivery["v"] + 1, by_name=by_name),
        condition="#v = :seen",
        values={"seen": delivery["v"]},
        otherwise=otherwise,
    )


def _begun(tx: Transaction, view: Item, v: int, *, by_name: bool) -> Item:
    of = {name: view[name] for name in ("id", "webhook_id", "event_id", "event_type")}
    place = queue.place(clock.now(), of["id"])
    ttl = clock.epoch() + int(events.RETENTION.total_seconds())
    queue.enter(tx, of["webhook_id"], place, ttl)
    return {
        **key(tx.partition, of["webhook_id"], of["id"]).attributes(),
        "gsi3pk": status_partition(tx.partition, of["webhook_id"], "pending"),
        "view": {**of, "status": "pending", "created_at": clock.timestamp()},
        "place": place,
        "tried": 0,
        "v": v,
        "ttl": ttl,
        **({"by_name": True} if by_name else {}),
    }


def succeed(tx: Transaction, delivery: Item, attempt: Attempt) -> None:
    """The delivery was taken. Raises `Moved` at the commit."""
    view = _noted(delivery, attempt) | {"status": "succeeded", "ended_at": clock.timestamp()}
    _write(tx, delivery, view, place=None)


def fail(tx: Transaction, delivery: Item, attempt: Attempt | None, reason: EndedReason) -> Item:
    """The delivery is tried no more. Returns what is shown of it. Raises `Moved` at the commit."""
    ended = {"status": "failed", "ended_reason": reason, "ended_at": clock.timestamp()}
    view = _noted(delivery, attempt) | ended
    _write(tx, delivery, view, place=None)
    return view


def try_again(tx: Transaction, delivery: Item, attempt: Attempt, due: datetime) -> None:
    """The delivery is due again at a moment to come. Raises `Moved` at the commit."""
    view = _noted(delivery, attempt) | {"next_attempt_at": clock.timestamp(due)}
    _write(tx, delivery, view, place=queue.place(due, delivery["sk"]))


def _noted(delivery: Item, attempt: Attempt | None) -> Item:
    view = {name: at for name, at in delivery["view"].items() if name != "next_attempt_at"}
    if attempt is None:
        return view
    return view | {"attempts": [*view.get("attempts", []), attempt][-_SHOWN_ATTEMPTS:]}


def _write(tx: Transaction, delivery: Item, view: Item, place: str | None) -> None:
    webhook_id = view["webhook_id"]
    queue.leave(tx, webhook_id, delivery["place"])
    values: Item = {
        "view": view,
        "gsi3pk": status_partition(tx.partition, webhook_id, view["status"]),
        "v": delivery["v"] + 1,
        "one": 1,
        "seen": delivery["v"],
    }
    written = "SET #view = :view, #gsi3pk = :gsi3pk, #v = :v, #tried = #tried + :one"
    if place is None:
        written += " REMOVE #place"
    else:
        queue.enter(tx, webhook_id, place, delivery["ttl"])
        written, values = f"{written}, #place = :place", {**values, "place": place}
    tx.update(
        Table.CORE,
        Key(delivery["pk"], delivery["sk"]),
        written,
        condition="#v = :seen",
        values=values,
        otherwise=Moved,
    )


def asked(delivery: Item) -> int:
    """At which of its versions it was asked for: alike in all attempts, another one in a replay."""
    return int(delivery["v"] - delivery["tried"])


def is_expired(delivery: Item) -> bool:
    return clock.now() - clock.parse(delivery["view"]["created_at"]) > LONGEST
