"""What the webhooks' endpoints take and show."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from linkwright.fields import ONE_LINE, Model, RequestModel, Time, no_items, without_defaults
from linkwright.pagination import ListQuery
from linkwright.webhooks.event_types import EventType, EventTypes

MAX_HEADERS = 10
# What is shown in place of a header's value.
MASK = "********"

ReceiverType = Literal["https", "eventbridge", "sqs"]
Status = Literal["enabled", "paused", "disabled"]
DeliveryStatus = Literal["pending", "succeeded", "failed"]
# Why there was no answer to an attempt, or none that is one.
AttemptError = Literal[
    "timeout", "unreachable", "refused_address", "bad_answer", "internal", "arn_not_registered"
]
DisabledReason = Literal["failing", "gone"]
EndedReason = Literal["exhausted", "aborted", "gone", "webhook_disabled", "not_wanted", "expired"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_OWNED = r"[a-z0-9-]+:[0-9]{12}"
_ARNS = {
    "eventbridge": re.compile(
        rf"arn:aws[a-z-]*:events:{_OWNED}:event-bus/[\w.-]+(/[\w.-]+)*", re.ASCII
    ),
    "sqs": re.compile(rf"arn:aws[a-z-]*:sqs:{_OWNED}:[\w-]+(\.fifo)?", re.ASCII),
}
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,498}[\x21-\x7e])?")
# Ours, and those of one hop, which are the connection's (RFC 9110, 7.6.1).
_RESERVED = frozenset(
    {
        *("accept-encoding", "connection", "content-encoding", "content-length", "content-type"),
        *("expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"),
    }
)
_RESERVED_PREFIXES = ("webhook-", "svix-")


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    if len(headers) > MAX_HEADERS:
        raise PydanticCustomError("headers", f"must have at most {MAX_HEADERS} headers")
    if len({name.lower() for name in headers}) < len(headers):
        raise PydanticCustomError("headers", "must not name a header twice")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise PydanticCustomError("headers", "must be HTTP headers, of printable ASCII")
        if value == MASK:
            raise PydanticCustomError("headers", "must have the values themselves, not their mask")
        # To CGI, and all that goes by it, an underscore is a hyphen.
        meant = name.lower().replace("_", "-")
        if meant in _RESERVED or meant.startswith(_RESERVED_PREFIXES):
            raise PydanticCustomError("headers", "must not be a header that the sender sets")
    return headers


def _named(arn: str) -> str:
    if not is_arn(arn):
        raise PydanticCustomError("arn", "must be the ARN of an event bus or a queue")
    return arn


def is_arn(text: str) -> bool:
    return any(form.fullmatch(text) for form in _ARNS.values())


Url = Annotated[str, Field(min_length=1, max_length=2048)]
Arn = Annotated[str, Field(max_length=200), AfterValidator(_named)]
Headers = Annotated[dict[str, str], AfterValidator(_sendable)]
Description = Annotated[str, Field(max_length=200), ONE_LINE]


class CreateWebhook(RequestModel):
    """Where events are sent: an https `url`, or the `arn` of a bus or queue of the deployment's.

    `events` are types of the catalogue; `*` is each of them, those to come too.
    """

    type: ReceiverType = "https"
    url: Url | None = None
    arn: Arn | None = None
    events: EventTypes
    payload: Literal["full", "thin"] = "full"
    headers: Headers = Field(default_factory=dict)
    description: Description | None = None

    @model_validator(mode="after")
    def _names_one_receiver(self) -> "CreateWebhook":
        if self.type == "https" and (self.url is None or self.arn is not None):
            raise PydanticCustomError("receiver", "must name a 'url', and no 'arn', for type https")
        if self.type != "https" and (self.arn is None or self.url is not None or self.headers):
            text = "must name an 'arn', and neither 'url' nor 'headers', for this type"
            raise PydanticCustomError("receiver", text)
        if self.arn is not None and not _ARNS[self.type].fullmatch(self.arn):
            raise PydanticCustomError("receiver", f"must name an 'arn' of the type {self.type}")
        return self


class UpdateWebhook(RequestModel):
    """The fields to change; what is not sent stays as it is. `headers` are replaced as a whole.

    One that was disabled starts anew by `status: enabled`; a replay sends what it missed.
    """

    model_config = ConfigDict(json_schema_extra=without_defaults)

    url: Url = ""
    events: EventTypes = Field(default_factory=no_items)
    payload: Literal["full", "thin"] = "full"
    headers: Headers = Field(default_factory=dict)
    description: Description | None = None
    status: Literal["enabled", "paused"] = "enabled"

    def changes(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_unset=True)


class Failure(Model):
    """What goes wrong since nothing has gone well: from when on, how often, the last answer.

    `oldest_event_at` is of the oldest event that was not taken: a replay since then misses none.
    Of one that is enabled again this stays until something is taken.
    """

    since: Time
    oldest_event_at: Time | None = None
    count: int
    last_status: int | None = None
    last_error: AttemptError | None = None


class Webhook(Model):
    """A webhook endpoint. `paused` is by a user, `disabled` by its failures (`disabled_reason`)."""

    id: str
    type: ReceiverType
    url: str | None = None
    arn: str | None = None
    events: list[str]
    payload: Literal["full", "thin"]
    headers: dict[str, str] = Field(default_factory=dict)
    description: str | None = None
    status: Status
    disabled_reason: DisabledReason | None = None
    failure: Failure | None = None
    created_at: Time
    updated_at: Time


class CreatedWebhook(Webhook):
    """With the secret by which its messages are signed, shown this once; an ARN's are not."""

    secret: str | None


class RotatedSecret(Model):
    """The new secret, shown this once; the old one signs too until `old_expires_at`."""

    secret: str
    old_expires_at: Time


class SendTest(RequestModel):
    """The type whose documented sample is sent."""

    type: EventType = "ping"


class DeliveryAttempt(Model):
    """One time a message was sent. `error` tells why there was no answer, or which was none."""

    at: Time
    status: int | None
    error: AttemptError | None
    duration_ms: int


class Delivery(Model):
    """An event on its way to an endpoint, and what came of it."""

    id: str
    webhook_id: str
    event_id: str
    event_type: str
    status: DeliveryStatus
    # Of the last ten, the newest one last.
    attempts: list[DeliveryAttempt] = Field(default_factory=no_items)
    next_attempt_at: Time | None = None
    ended_reason: EndedReason | None = None
    created_at: Time
    ended_at: Time | None = None


class DeliveriesQuery(ListQuery):
    """By status, or of one event."""

    status: DeliveryStatus | None = None
    event_id: Annotated[str, Field(max_length=80)] | None = None

    @model_validator(mode="after")
    def _one_at_a_time(self) -> "DeliveriesQuery":
        if self.status is not None and self.event_id is not None:
            raise PydanticCustomError("filters", "must name one of status and event_id")
        return self
