"""The body of a message: an event as `GET /v1/events/{id}` shows it, in one spelling.

It is made of the event's item, which nothing changes, so each attempt sends the same bytes. No copy
of it is kept: what was said in a call is in no event, and is gone from the next attempt on once it
is erased.
"""

from linkwright import jobs
from linkwright.settings import settings
from linkwright.table import Item
from linkwright.webhooks import catalogue
from linkwright.webhooks.logs.event_models import Event, EventData

# Standard Webhooks asks for less than 20 kB.
MAX_BYTES = 20_000


def shown(event: Item) -> Event:
    """An event as lists show it: what is kept elsewhere is null."""
    return _event(event, _data(event, catalogue.shown(event["type"], event["object"])))


def whole(event: Item) -> Event:
    """An event with what of its object is kept elsewhere."""
    return shown({**event, "object": _completed(event)})


def message(event: Item, payload: str) -> bytes:
    """What is sent, UTF-8. Raises `Unavailable`."""
    if payload == "thin":
        body = _bytes(_event(event, _data(event, _named(event), url=_url(event))))
    else:
        body = _bytes(whole(event))
    if len(body) <= MAX_BYTES:
        return body
    cut = _data(event, _named(event), truncated=True, url=_url(event))
    body = _bytes(_event(event, cut))
    return body if len(body) <= MAX_BYTES else _bytes(_event({**event, "metadata": {}}, cut))


def _completed(event: Item) -> Item:
    return catalogue.completed(jobs.partition_of(event["pk"]), event["type"], event["object"])


def _event(event: Item, data: EventData) -> Event:
    names = ("id", "type", "created_at", "workspace_id", "api_version", "sequence", "request_id")
    return Event(
        data=data,
        metadata=event.get("metadata", {}),
        mode="test" if jobs.partition_of(event["pk"]).endswith(".test") else "live",
        **{name: event[name] for name in names},
    )


def _data(event: Item, shown: Item, **more: bool | str) -> EventData:
    return EventData.model_validate({"object": shown, **event.get("details", {}), **more})


def _named(event: Item) -> Item:
    return {"id": event["object"]["id"]} if "id" in event["object"] else {}


def _url(event: Item) -> str:
    return f"{settings().public_url.rstrip('/')}/v1/events/{event['id']}"


def _bytes(event: Event) -> bytes:
    return event.model_dump_json().encode()
