"""What has to go to a queue is an item first, written in the transaction of the change it tells of.

An item with the attribute `outbox` waits to be sent: the table's stream hands it to the relay at
once, and until it is done it stands in the due index (gsi2), where the sweeper finds whatever the
relay lost. The attribute's value is the kind of work, which names the queue.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from linkwright import clock, ids
from linkwright.settings import settings

CALL = "call"
EVENT = "evt"
LINE = "line"
FOLLOW_UP = "flw"
RECORDING = "rec"
HANG_UP = "hup"

# What the queue alone must not lose. The other kinds stay due until their worker has done them.
DONE_WHEN_SENT = frozenset({EVENT, LINE})

DUE_SHARDS = 8
# Longer than the relay needs, so that the sweeper seldom sends what is on its way already.
RELAY_GRACE = timedelta(seconds=60)
EVENT_RETENTION = timedelta(days=30)


@dataclass(frozen=True)
class Work:
    """The whole of a queue message: where the work is written down, never what it says."""

    kind: str
    pk: str
    sk: str

    def message(self) -> str:
        return json.dumps({"kind": self.kind, "pk": self.pk, "sk": self.sk})


def queue_url(kind: str) -> str:
    return {
        CALL: settings().dial_queue_url,
        LINE: settings().dial_queue_url,
        EVENT: settings().event_queue_url,
        FOLLOW_UP: settings().follow_up_queue_url,
        RECORDING: settings().follow_up_queue_url,
        HANG_UP: settings().follow_up_queue_url,
    }[kind]


def kinds() -> tuple[str, ...]:
    return (CALL, LINE, EVENT, FOLLOW_UP, RECORDING, HANG_UP)


def due_partition(kind: str, shard: int) -> str:
    return f"DUE#{kind}#{shard}"


def waiting(kind: str, item_id: str) -> dict[str, str]:
    """The attributes that make an item wait for its queue, and be found if it waits too long."""
    return {"outbox": kind, **due(kind, item_id, clock.now() + RELAY_GRACE)}


def due(kind: str, item_id: str, moment: datetime) -> dict[str, str]:
    """The attributes by which the sweeper finds an item from a moment on."""
    shard = crc32(item_id.encode()) % DUE_SHARDS
    return {"gsi2pk": due_partition(kind, shard), "gsi2sk": clock.timestamp(moment)}


def event(
    partition: str, event_type: str, entity: dict[str, Any], sequence: int, request_id: str
) -> dict[str, Any]:
    """The item of an event. `sequence` orders the events of one object.

    The object is as it is stored: what has no value is left out, and shown as null by its model.
    """
    event_id = ids.new("evt")
    return {
        "pk": f"W#{partition}#EVT",
        "sk": event_id,
        **waiting(EVENT, event_id),
        "id": event_id,
        "type": event_type,
        "created_at": clock.timestamp(),
        "workspace_id": partition.removesuffix(".test"),
        "api_version": "v1",
        "sequence": sequence,
        "object": entity,
        "metadata": entity.get("metadata", {}),
        "request_id": request_id,
        "ttl": clock.epoch() + int(EVENT_RETENTION.total_seconds()),
    }
