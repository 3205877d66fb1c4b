"""What the voice endpoints take and show."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from linkwright import clock
from linkwright.fields import Line, Metadata, Model, RequestModel, Time, rfc3339
from linkwright.pagination import ListQuery
from linkwright.voice import numbers
from linkwright.voice.numbers import Verdict
from linkwright.voice.states import EndedReason, Status


def _dialable(candidate: str) -> str:
    verdict = numbers.judge(candidate)
    if verdict is Verdict.MALFORMED:
        raise PydanticCustomError("e164", "must be an E.164 phone number")
    if verdict is Verdict.REFUSED:
        raise PydanticCustomError(
            "number_refused",
            "must not be an emergency, premium, satellite or shared-cost number",
        )
    return candidate


PhoneNumber = Annotated[
    str,
    AfterValidator(_dialable),
    WithJsonSchema({"type": "string", "pattern": r"^\+[1-9][0-9]{1,14}$"}),
]


class EscalationRule(RequestModel):
    """When the agent hands the caller over, and to whom."""

    when: Annotated[str, Field(min_length=1, max_length=500)]
    action: Literal["transfer", "hang_up"]
    to: PhoneNumber | None = None

    @model_validator(mode="after")
    def _names_a_target(self) -> "EscalationRule":
        if self.action == "transfer" and self.to is None:
            raise PydanticCustomError("target", "must name the number 'to' transfer to")
        return self


ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class QuietHours(RequestModel):
    """The local times between which the agent may call, instead of the workspace's."""

    start: ClockTime
    end: ClockTime


AgentName = Annotated[Line, Field(min_length=1, max_length=100)]
Prompt = Annotated[str, Field(min_length=1, max_length=20_000)]
Voice = Annotated[str, Field(min_length=1, max_length=64)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
EscalationRules = Annotated[list[EscalationRule], Field(max_length=20)]
DurationS = Annotated[StrictInt, Field(ge=30, le=3600)]
Concurrency = Annotated[StrictInt, Field(ge=1, le=100)]


class CreateAgent(RequestModel):
    name: AgentName
    prompt: Prompt
    voice: Voice
    language: Language
    escalation_rules: EscalationRules = Field(default_factory=list)
    max_duration_s: DurationS = 600
    phone_number: PhoneNumber | None = None
    concurrency: Concurrency | None = None
    recording: StrictBool = False
    quiet_hours: QuietHours | None = None


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class UpdateAgent(CreateAgent):
    """The fields to change, by the rules of `CreateAgent`; what is not sent stays as it is."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    # Never looked at: only the fields that were sent are.
    name: AgentName = ""
    prompt: Prompt = ""
    voice: Voice = ""
    language: Language = ""

    def changes(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_unset=True)


class Agent(Model):
    """A voice agent. A change makes a new `version`; running calls keep theirs."""

    id: str
    name: str
    prompt: str
    voice: str
    language: str
    escalation_rules: list[EscalationRule]
    max_duration_s: int
    phone_number: str | None
    concurrency: int | None
    recording: bool
    quiet_hours: QuietHours | None
    version: int
    created_at: Time
    updated_at: Time


def _to_come(moment: datetime) -> datetime:
    if moment <= clock.now():
        raise PydanticCustomError("past", "must be a time to come")
    return moment


def _after_earliest(latest: datetime, others: ValidationInfo) -> datetime:
    earliest = others.data.get("earliest_at")
    if earliest is not None and latest <= earliest:
        raise PydanticCustomError("range", "must be later than 'earliest_at'")
    return latest


Moment = Annotated[AwareDatetime, BeforeValidator(rfc3339)]


class Schedule(RequestModel):
    """The window in which a call may be dialled; open at either end."""

    earliest_at: Moment | None = None
    latest_at: Annotated[Moment, AfterValidator(_to_come), AfterValidator(_after_earliest)] | (
        None
    ) = None


class Window(Model):
    """A schedule as a call shows it."""

    earliest_at: Time | None
    latest_at: Time | None


class PlaceCall(RequestModel):
    agent_id: Annotated[str, Field(max_length=80)]
    to: PhoneNumber
    metadata: Metadata = Field(default_factory=dict)
    schedule: Schedule | None = None


class TranscriptTurn(Model):
    """One thing said, in milliseconds since the call was answered."""

    role: Literal["agent", "callee"]
    text: str
    start_ms: int
    end_ms: int
    lang: str


class CallSummary(Model):
    """A call as lists and events show it."""

    id: str
    agent_id: str
    to: str
    status: Status
    created_at: Time
    metadata: dict[str, str]
    schedule: Window | None = None
    agent_version: int | None = None
    answered_at: Time | None = None
    answered_by: (
        Literal["human", "voicemail", "ivr", "call_screening", "unavailable", "unknown"] | None
    ) = None
    ended_at: Time | None = None
    ended_reason: EndedReason | None = None
    duration_s: int | None = None
    transcript_status: Literal["pending", "ready", "failed"] = "pending"
    recording_url: str | None = None


class Call(CallSummary):
    """A call with what was said in it."""

    transcript: list[TranscriptTurn] = Field(default_factory=list)


def _later(end: datetime, others: ValidationInfo) -> datetime:
    start = others.data.get("created_after")
    if start is not None and end <= start:
        raise PydanticCustomError("range", "must be later than 'created_after'")
    return end


def _distinct(statuses: list[Status]) -> list[Status]:
    return sorted(set(statuses))


class CallsQuery(ListQuery):
    agent_id: Annotated[str, Field(max_length=80)] | None = None
    status: Annotated[list[Status], AfterValidator(_distinct)] = Field(default_factory=list)
    created_after: Annotated[AwareDatetime, BeforeValidator(rfc3339)] | None = None
    created_before: Annotated[AwareDatetime, BeforeValidator(rfc3339), AfterValidator(_later)] | (
        None
    ) = None
