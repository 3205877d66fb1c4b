"""What the endpoints of mailboxes take and show."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    StrictInt,
    model_validator,
)
from pydantic_core import PydanticCustomError

from linkwright.fields import (
    ONE_LINE,
    ClockTime,
    Model,
    RequestModel,
    Time,
    TimeZone,
    without_defaults,
)
from linkwright.mailer.mailboxes.known_models import (
    MailboxChecks,
    MailboxDeliverability,
    MailboxHeldUp,
    MailboxProof,
    MailboxRecord,
)

MAX_DAILY_CAP = 100
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
_MAX_LOCAL_CHARS = 64

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Status = Literal["verifying", "active", "failed", "disabled"]


def _an_address(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if len(local) > _MAX_LOCAL_CHARS or not _ADDRESS.fullmatch(text):
        raise PydanticCustomError("address", "must be a mail address of ASCII characters")
    return f"{local}@{domain.lower()}"


def _in_order(days: list[Day]) -> list[Day]:
    return [day for day in _DAYS if day in days]


def _plain(secret: SecretStr) -> SecretStr:
    """What would end a word of a protocol is in no password."""
    if any(ord(one) < 32 or ord(one) == 127 for one in secret.get_secret_value()):
        raise PydanticCustomError("secret", "must have no control characters")
    return secret


Address = Annotated[str, Field(max_length=254), AfterValidator(_an_address)]
Host = Annotated[str, Field(min_length=1, max_length=253), ONE_LINE]
Port = Annotated[StrictInt, Field(ge=1, le=65535)]
Username = Annotated[str, Field(min_length=1, max_length=254), ONE_LINE]
Name = Annotated[str, Field(min_length=1, max_length=100), ONE_LINE]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=500), AfterValidator(_plain)]
LongSecret = Annotated[SecretStr, Field(min_length=1, max_length=4096), AfterValidator(_plain)]
Selector = Annotated[
    str, Field(max_length=63, pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")
]


class MailboxOauth(RequestModel):
    """By which a client of yours at the provider is let in; public clients have no secret."""

    provider: Annotated[str, Field(min_length=1, max_length=20)]
    client_id: Annotated[str, Field(min_length=1, max_length=300), ONE_LINE]
    client_secret: Secret | None = None
    refresh_token: LongSecret


class MailboxSmtp(RequestModel):
    """Where the mailbox sends: port 465, or 587, where TLS is begun by STARTTLS. `username` is the
    address, unless it is said. One of `password` and `oauth` logs in, here and by IMAP; neither is
    ever shown.
    """

    host: Host
    port: Port
    username: Username | None = None
    password: Secret | None = None
    oauth: MailboxOauth | None = None

    @model_validator(mode="after")
    def _logs_in_by_one(self) -> "MailboxSmtp":
        if (self.password is None) == (self.oauth is None):
            raise PydanticCustomError("login", "must have one of 'password' and 'oauth'")
        return self


class MailboxImap(RequestModel):
    """Where the mailbox is read: port 993."""

    host: Host
    port: Port = 993


class MailboxRamp(RequestModel):
    """A mailbox that has just begun sends `start` mails on its first day, and `step` more on
    each further one.
    """

    start: Annotated[StrictInt, Field(ge=1, le=MAX_DAILY_CAP)] = 10
    step: Annotated[StrictInt, Field(ge=0, le=MAX_DAILY_CAP)] = 1


class MailboxWindow(RequestModel):
    """On which days it sends, from `start` to before `end`, by the clock of `time_zone`."""

    days: Annotated[list[Day], Field(min_length=1, max_length=7), AfterValidator(_in_order)] = (
        Field(default_factory=lambda: list(_DAYS[:5]))
    )
    start: ClockTime = "08:00"
    end: ClockTime = "18:00"

    @model_validator(mode="after")
    def _opens(self) -> "MailboxWindow":
        if self.start >= self.end:
            raise PydanticCustomError("range", "must begin before it ends")
        return self


class _Fields(RequestModel):
    name: Name | None = None
    daily_cap: Annotated[StrictInt, Field(ge=1, le=MAX_DAILY_CAP)] = 50
    gap_seconds: Annotated[StrictInt, Field(ge=1, le=86_400)] = 600
    jitter_seconds: Annotated[StrictInt, Field(ge=0, le=3_600)] = 120
    ramp: MailboxRamp = Field(default_factory=MailboxRamp)
    window: MailboxWindow = Field(default_factory=MailboxWindow)
    time_zone: TimeZone = "UTC"
    dkim_selector: Selector | None = None


_CONNECTIONS = ("smtp", "imap")


class CreateMailbox(_Fields):
    """A mailbox of one's own, by `smtp` and `imap`; or `ses`, for lists that have opted in: then
    the domain is proven by a record.

    It sends `daily_cap` mails a day at most, with `gap_seconds` and up to `jitter_seconds` more by
    chance between two of them.
    """

    email: Address
    transport: Literal["smtp", "ses"] = "smtp"
    smtp: MailboxSmtp | None = None
    imap: MailboxImap | None = None

    @model_validator(mode="after")
    def _is_of_its_transport(self) -> "CreateMailbox":
        given = [name for name in _CONNECTIONS if getattr(self, name) is not None]
        if self.transport == "smtp" and len(given) < len(_CONNECTIONS):
            raise PydanticCustomError("transport", "must have 'smtp' and 'imap'")
        if self.transport == "ses" and given:
            raise PydanticCustomError("transport", "must have neither 'smtp' nor 'imap' with 'ses'")
        return self


class UpdateMailbox(_Fields):
    """The fields to change; what is not sent stays as it is. Of `smtp` and `imap` each is another
    one as a whole, with what logs in: that follows to no other host by itself. Such a change, and
    `enabled` after `failed` or `disabled`, has the mailbox proven anew.
    """

    model_config = ConfigDict(json_schema_extra=without_defaults)

    smtp: MailboxSmtp | None = None
    imap: MailboxImap | None = None
    enabled: StrictBool | None = None

    def changes(self) -> dict[str, Any]:
        """Those of the view. Null takes away what may be absent, and is nothing for the others."""
        sent = self.model_dump(exclude_unset=True, mode="json", exclude={*_CONNECTIONS, "enabled"})
        return {
            name: value
            for name, value in sent.items()
            if value is not None or name in {"name", "dkim_selector"}
        }


class ShownOauth(Model):
    provider: str
    client_id: str


class ShownSmtp(Model):
    """`auth` says what logs in."""

    host: str
    port: int
    username: str
    auth: Literal["password", "oauth"]
    oauth: ShownOauth | None = None


class Mailbox(Model):
    """A mailbox that campaigns mail from. While it is `verifying` one mail to itself is under way;
    `status_reason` says why it `failed`. What logs in is never shown.
    """

    id: str
    email: str
    name: str | None = None
    transport: Literal["smtp", "ses"]
    smtp: ShownSmtp | None = None
    imap: MailboxImap | None = None
    daily_cap: int
    gap_seconds: int
    jitter_seconds: int
    ramp: MailboxRamp
    window: MailboxWindow
    time_zone: str
    dkim_selector: str | None = None
    status: Status
    status_reason: str | None = None
    records: list[MailboxRecord] = Field(default_factory=list)
    proof: MailboxProof | None = None
    checks: MailboxChecks | None = None
    created_at: Time
    updated_at: Time
    version: int


class MailboxInUse(Mailbox):
    """A mailbox, with what came of its mails, and what holds them up."""

    deliverability: MailboxDeliverability
    held_up: MailboxHeldUp | None = None
