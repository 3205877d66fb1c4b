"""The types of events. An event exists if and only if its change does, in bulk work too."""

from pydantic_core import PydanticCustomError

EVERY = "*"
# Type -> what it tells.
EVENT_TYPES = {
    "call.queued": "A call was placed, or waits for another attempt.",
    "call.ringing": "The called phone rings.",
    "call.answered": "The call was answered.",
    "call.ended": "The call has ended.",
    "call.analyzed": "What came of a conversation is known.",
    "call.recording_ready": "The recording of a call can be had.",
    "usage.threshold": "So many percent of what the plan allows in a billing cycle are used.",
    "webhook.failing": "An endpoint has failed several times in a row.",
    "webhook.delivery_exhausted": "An event was not delivered by any of its attempts.",
    "webhook.disabled": "An endpoint was disabled, as it no longer takes events.",
    "ping": "A test, sent only when it is asked for.",
}


def known(event_type: str) -> str:
    if event_type not in EVENT_TYPES:
        raise PydanticCustomError("event_type", "must name a type of the event catalogue")
    return event_type


def known_or_every(types: list[str]) -> list[str]:
    return sorted({one if one == EVERY else known(one) for one in types})


def is_wanted(event_type: str, types: list[str]) -> bool:
    return EVERY in types or event_type in types
