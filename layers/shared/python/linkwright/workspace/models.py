"""What the workspace endpoints take and show."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

from linkwright.fields import (
    Model,
    QuietHours,
    RequestModel,
    Time,
    TimeZone,
    no_items,
    without_defaults,
)


class WorkspaceName(Model):
    id: str
    name: str


class Credential(Model):
    """Which credential this is: never the secret itself."""

    type: Literal["api_key", "session"]
    id: str
    expires_at: Time | None
    env: Literal["live", "test"]


class Limits(Model):
    """What the plan allows: requests per credential and minute, allowances per billing cycle.

    `dials_per_day` counts each attempt of a call, on one day, UTC. `concurrent_calls`, `webhooks`,
    `mailboxes`, `links` and `domains` are how many there may be at once; all others are per billing
    cycle.
    """

    requests_per_minute: int
    call_minutes: int
    mailer_sends: int
    ai_credits: int
    concurrent_calls: int
    dials_per_day: int
    webhooks: int
    leads_researched: int
    mailboxes: int
    links: int
    domains: int


class Member(Model):
    """A person who may act in the workspace; `email` is an address of theirs that is verified.

    `alerts` is whether they are told by mail of what happens in the workspace; `weekly_digest` is
    off of who does not want the digest, which owners and admins are mailed.
    """

    id: str
    name: str | None
    email: str | None
    role: Literal["owner", "admin", "member", "viewer", "billing"]
    joined_at: Time
    alerts: Literal["on", "off"] = "on"
    weekly_digest: Literal["on", "off"] = "on"


class UpdateMember(RequestModel):
    """What a member is told. Who they are, and their role, follow the organisation."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    # The defaults are never looked at: only the fields that were sent are.
    alerts: Literal["on", "off"] = "on"
    weekly_digest: Literal["on", "off"] = "on"

    def changes(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class Whoami(Model):
    workspace: WorkspaceName
    plan: str
    scopes: list[str]
    role: str
    credential: Credential
    limits: Limits


class Cycle(Model):
    """A billing cycle: from the workspace's anchor day to the next one, UTC; `end` is outside."""

    start: Time
    end: Time


class Allowance(Model):
    """What the plan allows of something in a billing cycle or at once, and what became of it.

    `reserved` is kept for what goes on, and settled at its end. `remaining` is what can still be
    used or reserved: 0 where a plan was lowered below what is used.
    """

    used: int
    reserved: int
    limit: int
    remaining: int


class UsageThreshold(Allowance):
    """The object of `usage.threshold`: as much is used of a billing cycle's limit, or more."""

    period: Cycle
    dimension: str
    percent: int


class Usage(Model):
    """What the current billing cycle has used of the plan.

    `mailboxes`, `links` and `domains` are those there are at once.
    """

    period: Cycle
    call_minutes: Allowance
    mailer_sends: Allowance
    leads_researched: Allowance
    ai_credits: Allowance
    mailboxes: Allowance
    links: Allowance
    domains: Allowance


def _known(country: str) -> str:
    # Imported here: its tables are large, and few requests name a country.
    import phonenumbers

    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise PydanticCustomError("country", "must be an ISO 3166-1 code of two capital letters")
    return country


def _distinct(countries: list[str]) -> list[str]:
    return sorted(set(countries))


Country = Annotated[
    str, AfterValidator(_known), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})
]
Countries = Annotated[list[Country], Field(min_length=1, max_length=250), AfterValidator(_distinct)]
CallsPerCallee = Annotated[StrictInt, Field(ge=1, le=100)]
CallsPerDay = Annotated[StrictInt, Field(ge=1, le=1_000_000)]


def _in_the_catalogue(model: str) -> str:
    # Imported here: few requests name a model.
    from linkwright.providers import llm

    if not llm.is_known(model):
        raise PydanticCustomError("model", "must be one of the models that are offered")
    return model


ModelName = Annotated[str, Field(max_length=100), AfterValidator(_in_the_catalogue)]


def _ascending(percents: list[int]) -> list[int]:
    return sorted(set(percents))


Percent = Annotated[StrictInt, Field(ge=1, le=100)]
# For so long a click is kept.
MOST_CONVERSION_DAYS = 90
ConversionDays = Annotated[StrictInt, Field(ge=1, le=MOST_CONVERSION_DAYS)]
Percents = Annotated[list[Percent], Field(max_length=10), AfterValidator(_ascending)]


class UpdateSettings(RequestModel):
    """The settings to change; what is not sent stays as it is. `null` lifts a limit."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    # The defaults are never looked at: only the fields that were sent are.
    calls: Literal["on", "off"] = "on"
    allowed_countries: Countries | None = None
    consent: Literal["off", "enforce"] = "off"
    calls_per_callee_per_day: CallsPerCallee | None = None
    calls_per_day: CallsPerDay | None = None
    quiet_hours: QuietHours | None = None
    model: ModelName | None = None
    retention_days: Literal[30, 90, 365] = 365
    time_zone: TimeZone = "UTC"
    usage_thresholds: Percents = Field(default_factory=no_items)
    weekly_digest: Literal["on", "off"] = "off"
    language: Literal["en", "he"] = "en"
    conversion_window_days: ConversionDays = MOST_CONVERSION_DAYS

    def changes(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_unset=True)


def usual_thresholds() -> list[int]:
    return [80, 100]


class Settings(Model):
    """The rules for the workspace's calls, and what it is told, of live or of test mode.

    `calls` off stops placing and dialling. The countries are those of the numbers called; `null`
    is any, as no limit is for the others. What was said is kept for `retention_days` after a call
    that was placed under them has ended. `calls_per_callee_per_day` counts the attempts at a
    number in any 24 hours, `calls_per_day` the calls placed on one day, UTC. `model` is the one
    that speaks in its calls; `null` is the deployment's own.

    `time_zone` is the one that its people live by: its IANA name. Once what is used of the plan in
    a billing cycle comes to so many percent as `usage_thresholds` has, `usage.threshold` is sent.
    `weekly_digest` on: its owners and admins are mailed each Monday at 08:00, in `language`.
    What comes of a click counts for `conversion_window_days` after it.
    """

    calls: Literal["on", "off"]
    allowed_countries: list[str] | None
    consent: Literal["off", "enforce"]
    calls_per_callee_per_day: int | None
    calls_per_day: int | None
    quiet_hours: QuietHours | None
    model: str | None = None
    retention_days: int = 365
    time_zone: str = "UTC"
    usage_thresholds: list[int] = Field(default_factory=usual_thresholds)
    weekly_digest: Literal["on", "off"] = "off"
    language: Literal["en", "he"] = "en"
    conversion_window_days: int = MOST_CONVERSION_DAYS
    version: int
    updated_at: Time | None
