"""What each kind of receiver is sent, and how."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from pydantic import SecretStr

from linkwright import aws, clock, ownership, sealing
from linkwright.errors import Unavailable
from linkwright.jobs import partition_of
from linkwright.observability import log_failure
from linkwright.sealing import Unsealable
from linkwright.settings import settings
from linkwright.table import Item
from linkwright.webhooks import endpoints, sending
from linkwright.webhooks.logs import bodies
from linkwright.webhooks.models import AttemptError
from linkwright.webhooks.sending import Message, Outcome

Send = Callable[[], Outcome]
# By which rules of a bus find our events.
SOURCE = "linkwright"


def prepared(endpoint: Item, event: Item, asked: int) -> Send:
    """All of an attempt but the sending. What is wrong on our side is an outcome too, so that
    nothing behind it waits. `asked` is `deliveries.asked`. Raises `Unavailable`.
    """
    arn, partition = endpoint["view"].get("arn"), partition_of(endpoint["pk"])
    if arn and ownership.owner(endpoints.arn_key(arn)) != ownership.workspace(partition):
        return partial(Outcome, _unsent("arn_not_registered"), is_gone=True)
    try:
        body = bodies.message(event, endpoint["view"]["payload"])
        return _SENT_TO[endpoint["view"]["type"]](endpoint, event, body, asked)
    except (ValueError, LookupError, TypeError, Unsealable) as failure:
        log_failure("webhook not sent", failure, event=event["id"], webhook=endpoint["sk"])
        return partial(Outcome, _unsent("internal"))


def _unsent(error: AttemptError) -> Item:
    return {"at": clock.timestamp(), "status": None, "error": error, "duration_ms": 0}


def _to_url(endpoint: Item, event: Item, body: bytes, _: int) -> Send:
    message = Message(event["id"], body, list(_secrets(endpoint)), _headers(endpoint))
    return partial(sending.post, endpoint["view"]["url"], message)


def _to_bus(endpoint: Item, event: Item, body: bytes, _: int) -> Send:
    def send() -> None:
        told = (endpoint["view"]["arn"], SOURCE, event["type"], _text(body))
        if "ErrorCode" in aws.event_bridge().put_event(*told):
            raise Unavailable

    return partial(_to_aws, send)


def _to_queue(endpoint: Item, event: Item, body: bytes, asked: int) -> Send:
    *_, region, account, name = endpoint["view"]["arn"].split(":")
    base = settings().sqs_endpoint or f"https://sqs.{region}.amazonaws.com"
    message = {"QueueUrl": f"{base}/{account}/{name}", "MessageBody": _text(body)}
    if name.endswith(".fifo"):
        of = event["object"].get("id", event["type"])
        # A replay has another one: within five minutes the queue would drop it, and say nothing.
        message |= {"MessageGroupId": of, "MessageDeduplicationId": f"{event['id']}.{asked}"}
    return partial(_to_aws, lambda: aws.sqs().send_message(**message))


def _text(body: bytes) -> str:
    """JSON of what it was, without the two characters that SQS takes in no message."""
    return body.decode().replace("\ufffe", r"\ufffe").replace("\uffff", r"\uffff")


def _to_aws(send: Callable[[], object]) -> Outcome:
    """Into the operator's account, unsigned: by its own rights nobody else can."""
    noted = sending.stopwatch()
    try:
        send()
    except Unavailable:
        return Outcome(noted(None, "unreachable"))
    return Outcome(noted(None, None), is_taken=True)


_SENT_TO: Mapping[str, Callable[[Item, Item, bytes, int], Send]] = {
    "https": _to_url,
    "eventbridge": _to_bus,
    "sqs": _to_queue,
}


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
