"""Calls as they are stored, at a moment that stands still."""

from datetime import UTC, datetime
from typing import Any, cast

from linkwright import clock
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.voice.calls.items import CallItem

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
CALLEE = "+972541234567"


def stored(status: str, attempt: int = 1, shown: Item | None = None, **facts: Any) -> CallItem:
    """`shown` is what its public form has besides, `facts` what nobody is shown."""
    moment = clock.timestamp(NOW)
    tried = {"attempt": attempt, "started_at": moment, "status": status}
    view = {
        **{"id": "call_1", "status": status, "created_at": moment, "to": CALLEE},
        **{"agent_id": "agt_1", "attempt": attempt, "attempts": [tried]},
        **(shown or {}),
    }
    item = {"pk": "W#ws_1#CALL", "sk": "call_1", "v": 4, "request_id": "req_1", "view": view}
    return cast(CallItem, {**item, **facts})


def written(tx: Transaction) -> Item:
    """The values of the call's own change, which comes first."""
    values: Item = tx._operations[0]["expression_attribute_values"]
    return {name.removeprefix(":"): value for name, value in values.items()}
