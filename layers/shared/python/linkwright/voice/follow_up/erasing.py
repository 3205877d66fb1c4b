"""Erasing what was said in a call. What the call was, and what it cost, stays."""

from contextlib import suppress
from datetime import datetime, timedelta

from linkwright import clock, events, media
from linkwright.auth import Account
from linkwright.errors import Conflict
from linkwright.table import ConditionFailed, Key, Table, get, update
from linkwright.transaction import Transaction
from linkwright.voice.calls import follow_ups, items, reading, said, turn_log
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.states import Status, is_terminal

# No function runs for longer, by far.
LONGEST_RUN = timedelta(minutes=2)


def erase(account: Account, call_id: str, asked: Transaction) -> None:
    """From now on nothing of it is shown; a job erases what lies elsewhere.

    A change of its own, as those of workers: whoever else changes the call meanwhile, it is made.
    Raises `Conflict` for a call that has not ended. Erasing twice is erasing once.
    """
    item = reading.existing(account, call_id)
    if not is_terminal(Status(item["view"]["status"])):
        raise Conflict("The call has not ended.", reason="call_not_ended")

    def change(current: CallItem, tx: Transaction) -> CallItem | None:
        tx.actor, tx.request_id = asked.actor, asked.request_id
        return _erased(current, tx)

    items.changing(item, change)


def _erased(item: CallItem, tx: Transaction) -> CallItem | None:
    if said.is_erased(item):
        return None
    view = {name: value for name, value in item["view"].items() if name != "analysis"}
    after = items.write(tx, item, view | {"erased_at": clock.timestamp()})
    tx.delete(Table.CORE, said.key(tx.partition, item["sk"]), condition="")
    follow_ups.request_erasing(tx.partition, item["sk"], tx)
    tx.audit("call.erased", item["sk"])
    return after


def last_write(item: CallItem) -> datetime:
    """When all are done that may have seen the call before it was erased."""
    return clock.parse(item["view"]["erased_at"]) + LONGEST_RUN


def erase_elsewhere(item: CallItem) -> None:
    """What S3 has, the turns, and the analysis in events. Of what is not there any more, nothing
    needs to be done.
    """
    for event_id in item.get("told_in", []):
        _take_from(events.key(items.partition_of(item), event_id))
    media.delete(said.object_key(item))
    if key := item.get("recording_key"):
        media.delete(key)
    turn_log.erase(item)


def _take_from(event: Key) -> None:
    """An event stays, and tells no more what came of the call."""
    told = (get(Table.CORE, event) or {}).get("object", {})
    if "analysis" not in told:
        return
    rest = {name: value for name, value in told.items() if name != "analysis"}
    with suppress(ConditionFailed):  # it has expired meanwhile
        update(
            Table.CORE,
            event,
            "SET #object = :rest",
            condition="attribute_exists(#pk)",
            values={"rest": rest},
        )
