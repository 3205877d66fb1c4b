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
    return shown(_told(event))


def message(event: Item, payload: str) -> bytes:
    """What is sent, UTF-8. Raises `Unavailable`."""
    url = f"{settings().api_url.rstrip('/')}/v1/events/{event['id']}"
    if payload == "thin":
        event = _told(event) if catalogue.tells_of_lead(event["type"]) else event
        return fitting(_event(event, _data(event, _named(event["object"]), url=url)), url)
    return fitting(whole(event), url)


def fitting(event: Event, url: str) -> bytes:
    """An event as it is sent, cut if it is too large; all of it is at the URL then."""
    body = _bytes(event)
    if len(body) <= MAX_BYTES:
        return body
    told = {"object": _named(event.data.object), "truncated": True, "url": url}
    cut = event.model_copy(update={"data": event.data.model_copy(update=told)})
    body = _bytes(cut)
    return body if len(body) <= MAX_BYTES else _bytes(cut.model_copy(update={"metadata": {}}))


def with_metadata(event: Item, told: Item) -> Item:
    return {**event, "metadata": told, "object": {**event["object"], "metadata": told}}


def _told(event: Item) -> Item:
    # Of the sample in a test nobody has anything elsewhere.
    if "only" in event:
        return event
    told = catalogue.completed(jobs.partition_of(event["pk"]), event["type"], event["object"])
    return {**event, "object": told, "metadata": told.get("metadata", {})}


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


def _named(shown: Item) -> Item:
    return {"id": shown["id"]} if "id" in shown else {}


def _bytes(event: Event) -> bytes:
    return event.model_dump_json().encode()
