"""Moving what waits in the outbox through the relay and the workers, as AWS would."""

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from linkwright import outbox
from linkwright.providers import twilio_callbacks
from linkwright.providers.twilio_callbacks import Route
from linkwright.table import Table, query
from tests import carrier
from tests.client import Context, invoke, queue_event, stream_event
from tests.stack import Stack
from tests.switchboard import PlacedCall

WORKERS = {"DialQueue": "dial_call", "FollowUpQueue": "follow_up_call"}
WORKER_TIMEOUT_MS = 60_000


def relay(stack: Stack, workspace_id: str) -> Any:
    """Hand the relay every item of the workspace that waits in the outbox."""
    waiting = [item for item in stack.rows("CoreTable", workspace_id) if "outbox" in item]
    return invoke("relay_outbox", stream_event(waiting)) if waiting else None


def work(stack: Stack, workspace_id: str, deliveries: int = 1) -> int:
    """Run the workers over what is in their queues; returns the number of messages."""
    handled = 0
    for queue, worker in WORKERS.items():
        for body in stack.received(queue, workspace_id):
            handled += 1
            for _ in range(deliveries):
                invoke(worker, queue_event([body]), Context(WORKER_TIMEOUT_MS))
    return handled


def settle(stack: Stack, workspace_id: str, *kinds: str) -> None:
    """Relay, work and let calls come to their end until nothing is left to do.

    Of what waits in the outbox, only the kinds named, if any are.
    """
    relayed: set[tuple[str, str]] = set()
    while True:
        new = [
            item
            for item in stack.rows("CoreTable", workspace_id)
            if item.get("outbox") in (kinds or outbox.kinds())
            and (item["pk"], item["sk"]) not in relayed
        ]
        if new:
            invoke("relay_outbox", stream_event(new))
            relayed |= {(item["pk"], item["sk"]) for item in new}
            work(stack, workspace_id)
        if not carrier.current().carry_on() and not new:
            return


def dials(call_id: str) -> list[int]:
    """How often each attempt of a call was dialled."""
    placed = carrier.current().calls(call_id)
    return [count for _, count in sorted(Counter(attempt_of(call) for call in placed).items())]


def dialled() -> list[str]:
    """The calls in the order in which the carrier was told of them."""
    return [_route(call).call_id for call in carrier.current().calls()]


def attempt_of(call: PlacedCall) -> int:
    return _route(call).attempt


def _route(call: PlacedCall) -> Route:
    assert call.order.page is not None
    return twilio_callbacks.route(urlsplit(call.order.page.url).path)


def minutes(workspace_id: str) -> tuple[int, int]:
    """What the workspace's counters of minutes say: committed and used, over all cycles."""
    rows, _ = query(Table.CORE, f"W#{workspace_id}#USE", limit=100)
    return sum(row["committed"] for row in rows), sum(row.get("used", 0) for row in rows)
