"""Events: what a change is told by, an item of the change's own transaction."""

from datetime import timedelta
from typing import Any

from linkwright import clock, ids, jobs
from linkwright.table import Key

RETENTION = timedelta(days=30)


def key(partition: str, event_id: str) -> Key:
    return Key(f"W#{partition}#EVT", event_id)


def test_key(partition: str, event_id: str) -> Key:
    """Of a test, which tells of nothing that happened: no list has it."""
    return Key(f"W#{partition}#EVT#TEST", event_id)


def object_partition(partition: str, object_id: str) -> str:
    return f"W#{partition}#EVT#{object_id}"


def type_partition(partition: str, event_type: str) -> str:
    return f"W#{partition}#EVT#TYPE#{event_type}"


def event(
    partition: str, event_type: str, entity: dict[str, Any], sequence: int, request_id: str
) -> dict[str, Any]:
    """The item of an event, and the job to tell of it. `sequence` orders those of one object.

    The object is as it is stored: what has no value is left out, and shown as null by its model.
    Lists find it by its type and, where its object has an id, by that.
    """
    event_id = ids.new("evt")
    found_by = {"gsi3pk": type_partition(partition, event_type)}
    if "id" in entity:
        found_by |= {"gsi1pk": object_partition(partition, entity["id"]), "gsi1sk": event_id}
    return {
        **key(partition, event_id).attributes(),
        **found_by,
        **jobs.requested(jobs.EVENT, event_id),
        "id": event_id,
        "type": event_type,
        "created_at": clock.timestamp(),
        "workspace_id": partition.removesuffix(".test"),
        "api_version": "v1",
        "sequence": sequence,
        "object": entity,
        "metadata": entity.get("metadata", {}),
        "request_id": request_id,
        "ttl": clock.epoch() + int(RETENTION.total_seconds()),
    }
