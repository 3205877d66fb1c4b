"""Moving what asks for a message through the relay and the workers, as AWS would."""

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from linkwright import jobs
from linkwright.providers import twilio_callbacks
from linkwright.providers.twilio_callbacks import Route
from linkwright.table import Table, query
from tests import carrier
from tests.client import Context, invoke, queue_event
from tests.stack import Stack
from tests.stream import Stream
from tests.switchboard import PlacedCall

WORKERS = {
    "DialQueue": "dial_call",
    "FollowUpQueue": "follow_up_call",
    "WorkspaceQueue": "update_workspace",
    "EventQueue": "fan_out_event",
    "WebhookQueue": "deliver_webhook",
    "DigestQueue": "send_digest",
    "ResearchQueue": "research_leads",
    "MailQueue": "send_mail",
    "RunQueue": "continue_run",
    "MailboxQueue": "tend_mailbox",
}
WORKER_TIMEOUT_MS = 60_000


def relay(stack: Stack, workspace_id: str) -> Any:
    """Hand the relay every item of the workspace that asks for a message."""
    event = Stream().event(stack.rows("CoreTable", workspace_id))
    return invoke("relay_outbox", event) if event else None


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

    Of what asks for a message, only the kinds named, if any are.
    """
    stream, wanted, seen = Stream(), kinds or tuple(jobs.KINDS), None
    while True:
        rows = stack.rows("CoreTable", workspace_id)
        event = stream.event(item for item in rows if item.get("outbox") in wanted)
        if event:
            invoke("relay_outbox", event)
        worked = work(stack, workspace_id)
        if not carrier.current().carry_on() and not event and not worked:
            if rows == seen:
                return
            # What came and went between two looks was a change all the same.
            stream, seen = Stream(), rows


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
