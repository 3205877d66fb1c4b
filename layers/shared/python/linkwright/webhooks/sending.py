"""One attempt at an https endpoint: a message is signed and sent, and its answer judged."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from pydantic import SecretStr

from linkwright import clock, egress, standard_webhooks
from linkwright.egress import Answer, EgressError, Refused, TooSlow, Unreachable
from linkwright.table import Item
from linkwright.webhooks.models import AttemptError

# For everything, and of the answer.
TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 4096
# Nobody is left alone for longer.
MAX_WAIT_S = 24 * 3600.0
_GONE = 410
_ABORT = "abort-message"
_SENT_WITH = {"content-type": "application/json", "user-agent": "linkwright-webhooks"}


class Message(NamedTuple):
    """`id` is the event's, whatever is repeated. `headers` are the customer's own."""

    id: str
    body: bytes
    secrets: Sequence[SecretStr]
    headers: Mapping[str, str]


class Outcome(NamedTuple):
    """What became of an attempt, which is as it is shown.

    A receiver that failed may say that it is gone, that it will not take this message, or for how
    long it is to be left alone.
    """

    attempt: Item
    is_taken: bool = False
    is_gone: bool = False
    is_aborted: bool = False
    wait_s: float = 0


def post(url: str, message: Message) -> Outcome:
    """Send a message. The answer is bounded in time and size, and nothing of it is shown."""
    noted = stopwatch()
    signed = standard_webhooks.headers(message.id, message.body, message.secrets)
    try:
        answer = egress.fetch(
            url,
            method="POST",
            headers={**message.headers, **_SENT_WITH, **signed},
            body=message.body,
            timeout_s=TIMEOUT_S,
            max_bytes=MAX_ANSWER_BYTES,
            wants_body=False,
        )
    except EgressError as failure:
        return Outcome(noted(None, _named(failure)))
    attempt = noted(answer.status, None)
    if 200 <= answer.status < 300:
        return Outcome(attempt, is_taken=True)
    return Outcome(
        attempt,
        is_gone=answer.status == _GONE,
        is_aborted=answer.headers.get("webhook-delivery", "").strip().lower() == _ABORT,
        wait_s=_asked_wait(answer),
    )


def stopwatch() -> Callable[[int | None, AttemptError | None], Item]:
    """Begin an attempt. Returns what tells of it, by the answer's status or what went wrong."""
    at, begun = clock.timestamp(), clock.monotonic()

    def noted(status: int | None, error: AttemptError | None) -> Item:
        took = round((clock.monotonic() - begun) * 1000)
        return {"at": at, "status": status, "error": error, "duration_ms": took}

    return noted


def _named(failure: EgressError) -> AttemptError:
    if isinstance(failure, Refused):
        return "refused_address"
    if isinstance(failure, TooSlow):
        return "timeout"
    return "unreachable" if isinstance(failure, Unreachable) else "bad_answer"


def _asked_wait(answer: Answer) -> float:
    """`Retry-After`, in seconds or as a date (RFC 9110, 10.2.3)."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdecimal():
        return min(float(asked[:9]), MAX_WAIT_S)
    try:
        moment = parsedate_to_datetime(asked)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0
    seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - clock.now()).total_seconds()
    return min(max(seconds, 0.0), MAX_WAIT_S)
