"""What each kind of receiver is sent, and how."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from pydantic import SecretStr

from linkwright import clock, sealing
from linkwright.jobs import partition_of
from linkwright.observability import log_failure
from linkwright.sealing import Unsealable
from linkwright.table import Item
from linkwright.webhooks import bodies, sending
from linkwright.webhooks.sending import Message, Outcome

Send = Callable[[], Outcome]


def prepared(endpoint: Item, event: Item) -> Send:
    """All of an attempt but the sending. What is wrong on our side is an outcome too, so that
    nothing behind it waits. Raises `Unavailable`.
    """
    try:
        body = bodies.message(event, endpoint["view"]["payload"])
        return _SENT_TO[endpoint["view"]["type"]](endpoint, event, body)
    except (ValueError, LookupError, TypeError, Unsealable) as failure:
        log_failure("webhook not sent", failure, event=event["id"], webhook=endpoint["sk"])
        attempt = {"at": clock.timestamp(), "status": None, "error": "internal", "duration_ms": 0}
        return partial(Outcome, attempt)


def _to_url(endpoint: Item, event: Item, body: bytes) -> Send:
    message = Message(event["id"], body, list(_secrets(endpoint)), _headers(endpoint))
    return partial(sending.post, endpoint["view"]["url"], message)


_SENT_TO: Mapping[str, Callable[[Item, Item, bytes], Send]] = {"https": _to_url}


def _secrets(endpoint: Item) -> Iterator[SecretStr]:
    """Those that are good, the newest one first."""
    for one in endpoint["secrets"]:
        if "until" not in one or clock.now() < clock.parse(one["until"]):
            yield SecretStr(_opened(endpoint, one["sealed"]))


def _headers(endpoint: Item) -> dict[str, str]:
    sealed = endpoint.get("sealed_headers")
    return dict(json.loads(_opened(endpoint, sealed))) if sealed else {}


def _opened(endpoint: Item, sealed: str) -> str:
    return sealing.unseal(sealed, partition_of(endpoint["pk"]), endpoint["sk"])
