"""Erasing what was said in a call. What the call was, and what it cost, stays."""

from linkwright import clock, media
from linkwright.auth import Account
from linkwright.errors import Conflict
from linkwright.table import Table
from linkwright.transaction import Transaction
from linkwright.voice.calls import follow_ups, items, reading, said, turn_log
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.states import Status, is_terminal


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


def erase_elsewhere(item: CallItem) -> None:
    """What S3 has, and the turns. Of what is not there any more, nothing needs to be done."""
    media.delete(said.object_key(item))
    if key := item.get("recording_key"):
        media.delete(key)
    turn_log.erase(item)
