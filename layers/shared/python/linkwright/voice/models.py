"""What the voice endpoints take and show."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from linkwright.fields import Metadata, Time, rfc3339
from linkwright.pagination import ListQuery
from linkwright.voice import numbers
from linkwright.voice.states import EndedReason, Status


def _dialable(candidate: str) -> str:
    if not numbers.is_e164(candidate):
        raise PydanticCustomError("e164", "must be an E.164 phone number")
    if not numbers.may_be_dialled(candidate):
        raise PydanticCustomError(
            "number_refused",
            "must not be an emergency, premium, satellite or shared-cost number",
        )
    return candidate


PhoneNumber = Annotated[str, AfterValidator(_dialable)]


class EscalationRule(BaseModel):
    """When the agent hands the caller over, and to whom."""

    when: str
    action: str
    to: str | None = None


class Agent(BaseModel):
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
    quiet_hours: dict[str, str] | None
    version: int
    created_at: Time
    updated_at: Time


class PlaceCall(BaseModel):
    model_config = ConfigDict(extra="forbid")

    agent_id: Annotated[str, Field(max_length=80)]
    to: PhoneNumber
    metadata: Metadata = Field(default_factory=dict)


class TranscriptTurn(BaseModel):
    """One thing said, in milliseconds since the call was answered."""

    role: Literal["agent", "callee"]
    text: str
    start_ms: int
    end_ms: int
    lang: str


class CallSummary(BaseModel):
    """A call as lists and events show it."""

    id: str
    agent_id: str
    to: str
    status: Status
    created_at: Time
    metadata: dict[str, str]
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
