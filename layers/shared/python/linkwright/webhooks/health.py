"""Whether an endpoint works: when it rests, and when it is disabled.

Failures in a row are counted over all deliveries. From the third on the endpoint rests between
attempts, so that one that hangs does not hold a worker. It is disabled by evidence: two different
events failed for good, half a day apart, and nothing went well meanwhile. So one event that it can
never take disables nothing. One that answers that it is gone is disabled at once.
"""

import re
from datetime import timedelta
from typing import NamedTuple

from linkwright import clock, ids, jobs
from linkwright.table import Item, Key, Table
from linkwright.transaction import Otherwise, Transaction
from linkwright.webhooks.models import MASK

# After the nth failure in a row, and after all further ones as after the last. The schedule of a
# single event waits for longer, and is kept.
RESTS_S = (0, 0, 30, 60, 120, 300)
# At so many its owners are told.
FAILING = 3
# Two events that failed for good are evidence if they did so this far apart, and no farther.
APART = timedelta(hours=12)
WITHIN = timedelta(days=5)
# Of who begins to fail again and again nobody is mailed more often.
MAILED_EVERY = timedelta(days=1)
# What one failure leaves and a success takes.
TRACES = ("failing", "rests_until", "evidence")
# Somebody looks on who asks for a message: what says that it rests does not hold up that one.
RESTS = ("rests_until",)
# And what is known of the time before it was enabled again: a replay is asked for by it.
BEFORE = "failed_before"


class Failed(NamedTuple):
    """A failed attempt, as it is shown, for an event of `event_at`. `exhausted`: the event's id, if
    it was the last one.

    The endpoint asks to be left alone for `wait_s`, or says that it is gone.
    """

    attempt: Item
    event_at: str
    exhausted: str | None = None
    wait_s: float = 0
    is_gone: bool = False


def is_dead(endpoint: Item) -> bool:
    """Whether it has taken nothing for so long that it may well take nothing any more."""
    if "failing" not in endpoint:
        return False
    return clock.now() - clock.parse(endpoint["failing"]["since"]) >= APART


def failure(endpoint: Item) -> Item | None:
    """What goes wrong, as it is shown; of one that was enabled again what went wrong before too."""
    now, before = endpoint.get("failing"), endpoint.get(BEFORE)
    if not (now and before):
        return now or before
    times = [one["oldest_event_at"] for one in (now, before) if one.get("oldest_event_at")]
    return {**now, "oldest_event_at": min(times, default=None)}


def rests_until(endpoint: Item) -> int:
    """In milliseconds since 1970."""
    return int(endpoint.get("rests_until", 0))


def after_success(endpoint: Item) -> Item:
    """The endpoint once an attempt has gone well."""
    gone = (*TRACES, BEFORE)
    return {name: value for name, value in endpoint.items() if name not in gone}


def after_failure(endpoint: Item, failed: Failed) -> Item:
    """The endpoint once another attempt has failed."""
    before = endpoint.get("failing", {})
    count = _count(endpoint) + 1
    rest_s = max(RESTS_S[min(count, len(RESTS_S)) - 1], failed.wait_s)
    after = {
        **endpoint,
        "failing": {
            "since": before.get("since", failed.attempt["at"]),
            "oldest_event_at": min(failed.event_at, before.get("oldest_event_at", failed.event_at)),
            "count": count,
            "last_status": failed.attempt["status"],
            "last_error": failed.attempt["error"],
        },
        "rests_until": clock.epoch_ms() + int(rest_s * 1000),
    }
    if failed.is_gone:
        return {**after, "status": "disabled", "disabled_reason": "gone"}
    return _judged(after, failed.exhausted) if failed.exhausted else after


def after_expiry(endpoint: Item, event_id: str) -> Item:
    """The endpoint once an event was not sent in its time: as if by all attempts."""
    return _judged(endpoint, event_id)


def _judged(endpoint: Item, event_id: str) -> Item:
    now, first = clock.now(), endpoint.get("evidence")
    if first is None or now - clock.parse(first["at"]) > WITHIN:
        return {**endpoint, "evidence": {"at": clock.timestamp(now), "event_id": event_id}}
    if first["event_id"] == event_id or now - clock.parse(first["at"]) < APART:
        return endpoint
    return {**endpoint, "status": "disabled", "disabled_reason": "failing"}


def write(tx: Transaction, before: Item, after: Item, otherwise: Otherwise) -> Item:
    """Put what became of an endpoint into a transaction, if anything did, and tell of it.

    Returns the endpoint as it is then. `otherwise`: it was changed since, or the run is over.
    """
    if after == before:
        return after
    told, mailed = _told(before, after), _mailed(before, after)
    if told:
        after = {**after, "v": before["v"] + 1}
    if mailed:
        after = {**after, "mailed_at": clock.timestamp()}
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    gone = [name for name in before if name not in after]
    parts = [
        "SET " + ", ".join(f"#{name} = :{name}" for name in changed) if changed else "",
        "REMOVE " + ", ".join(f"#{name}" for name in gone) if gone else "",
    ]
    tx.update(
        Table.CORE,
        Key(before["pk"], before["sk"]),
        " ".join(filter(None, parts)),
        condition="#v = :seen AND #leased_until = :lease",
        values={**changed, "seen": before["v"], "lease": before["leased_until"]},
        otherwise=otherwise,
    )
    if told:
        tx.emit(told, _without_path(shown(after)), sequence=after["v"])
    if mailed:
        request_notice(tx, mailed, shown(after))
    return after


def request_notice(tx: Transaction, told: str, endpoint: Item) -> None:
    """Have the owners mailed what an event tells of an endpoint, which is as it is shown."""
    notice_id = ids.new("ntc")
    tx.put(
        Table.CORE,
        {
            **Key(f"W#{tx.partition}#NTC", notice_id).attributes(),
            **jobs.requested(jobs.NOTICE, notice_id),
            "told": told,
            "object": endpoint,
            # A set has something in it.
            "mailed": {""},
            "ttl": clock.epoch() + int(jobs.RETENTION.total_seconds()),
        },
    )


def _told(before: Item, after: Item) -> str | None:
    if _is_disabled_by(before, after):
        return "webhook.disabled"
    return "webhook.failing" if _count(before) < FAILING <= _count(after) else None


def _mailed(before: Item, after: Item) -> str | None:
    """What owners are mailed: that it fails once in a row of failures, and not every hour."""
    if _is_disabled_by(before, after):
        return "webhook.disabled"
    if _count(after) < FAILING:
        return None
    if last := after.get("mailed_at"):
        is_of_this_row = last >= after["failing"]["since"]
        if is_of_this_row or clock.now() - clock.parse(last) < MAILED_EVERY:
            return None
    return "webhook.failing"


def _is_disabled_by(before: Item, after: Item) -> bool:
    return bool(after["status"] == "disabled" and before["status"] != "disabled")


def _count(endpoint: Item) -> int:
    return int(endpoint.get("failing", {}).get("count", 0))


def _without_path(endpoint: Item) -> Item:
    """As others are told of it: whoever has the whole of such an address may often write there."""
    if "url" not in endpoint:
        return endpoint
    scheme, _, rest = endpoint["url"].partition("://")
    return {**endpoint, "url": f"{scheme}://{re.split('[/?#]', rest)[0]}/{MASK}"}


def shown(endpoint: Item) -> Item:
    """What is shown of an endpoint, without what has no value."""
    facts = {"status": endpoint["status"], "failure": failure(endpoint)}
    facts["disabled_reason"] = endpoint.get("disabled_reason")
    facts["headers"] = dict.fromkeys(endpoint.get("header_names", ()), MASK) or None
    view: Item = endpoint["view"]
    return view | {name: value for name, value in facts.items() if value is not None}
