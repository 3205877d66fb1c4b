"""What the workspace endpoints take and show."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

from linkwright.fields import Model, QuietHours, RequestModel, Time, without_defaults


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

    `dials_per_day` counts each attempt of a call, on one day, UTC.
    """

    requests_per_minute: int
    call_minutes: int
    mailer_sends: int
    ai_credits: int
    concurrent_calls: int
    dials_per_day: int
    webhooks: int


class Whoami(Model):
    workspace: WorkspaceName
    plan: str
    scopes: list[str]
    role: str
    credential: Credential
    limits: Limits


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

    def changes(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_unset=True)


class Settings(Model):
    """The rules for the workspace's calls, of live or of test mode.

    `calls` off stops placing and dialling. The countries are those of the numbers called; `null`
    is any, as no limit is for the others. What was said is kept for `retention_days` after a call
    that was placed under them has ended. `calls_per_callee_per_day` counts the attempts at a
    number in any 24 hours, `calls_per_day` the calls placed on one day, UTC. `model` is the one
    that speaks in its calls; `null` is the deployment's own.
    """

    calls: Literal["on", "off"]
    allowed_countries: list[str] | None
    consent: Literal["off", "enforce"]
    calls_per_callee_per_day: int | None
    calls_per_day: int | None
    quiet_hours: QuietHours | None
    model: str | None = None
    retention_days: int = 365
    version: int
    updated_at: Time | None
