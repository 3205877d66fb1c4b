"""What the calls' endpoints take and show."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    StrictInt,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from linkwright import clock
from linkwright.fields import (
    ONE_LINE,
    CreatedAfter,
    CreatedBefore,
    Metadata,
    Model,
    Moment,
    RequestModel,
    Time,
    no_items,
)
from linkwright.pagination import ListQuery
from linkwright.voice.calls.states import EndedReason, Status
from linkwright.voice.compliance.numbers import PhoneNumber


def _to_come(moment: datetime) -> datetime:
    if moment <= clock.now():
        raise PydanticCustomError("past", "must be a time to come")
    return moment


def _not_to_come(moment: datetime) -> datetime:
    if moment > clock.now():
        raise PydanticCustomError("future", "must not be a time to come")
    return moment


def _after_earliest(latest: datetime, others: ValidationInfo) -> datetime:
    earliest = others.data.get("earliest_at")
    if earliest is not None and latest <= earliest:
        raise PydanticCustomError("range", "must be later than 'earliest_at'")
    return latest


class Schedule(RequestModel):
    """The window in which a call may be dialled; open at either end."""

    earliest_at: Moment | None = None
    latest_at: Annotated[Moment, AfterValidator(_to_come), AfterValidator(_after_earliest)] | (
        None
    ) = None


class Window(Model):
    """A schedule as a call shows it."""

    earliest_at: Time | None = None
    latest_at: Time | None = None


def _distinct_outcomes(outcomes: list[str]) -> list[str]:
    return sorted(set(outcomes))


class Retry(RequestModel):
    """Whether to dial again: at most `max` times more, the first after `backoff` seconds.

    Each wait is twice the one before it.
    """

    max: Annotated[StrictInt, Field(ge=1, le=5)]
    backoff: Annotated[StrictInt, Field(ge=60, le=86_400)] = 900
    on: Annotated[
        list[Literal["busy", "no_answer"]], Field(min_length=1), AfterValidator(_distinct_outcomes)
    ] = ["busy", "no_answer"]


class Consent(RequestModel):
    """That the callee agreed to be called by an AI voice: how, where it was given, and when."""

    type: Literal["express", "express_written"]
    source: Annotated[str, Field(min_length=1, max_length=200), ONE_LINE]
    at: Annotated[Moment, AfterValidator(_not_to_come)]


class GivenConsent(Model):
    """A consent as a call shows it."""

    type: str
    source: str
    at: Time


class PlaceCall(RequestModel):
    agent_id: Annotated[str, Field(max_length=80)]
    to: PhoneNumber
    metadata: Metadata = Field(default_factory=dict)
    schedule: Schedule | None = None
    retry: Retry | None = None
    consent: Consent | None = None
    on_quiet_hours: Literal["schedule", "reject"] = "schedule"


class TranscriptTurn(Model):
    """One thing said, in milliseconds since the call was answered."""

    role: Literal["agent", "callee"]
    text: str
    start_ms: int
    end_ms: int
    lang: str


class Attempt(Model):
    """One time the phone was dialled; what came of it once it is over."""

    attempt: int
    started_at: Time
    status: Status
    ended_at: Time | None = None
    ended_reason: EndedReason | None = None


Outcome = Literal["conversation", "opted_out", "no_conversation", "voicemail", "screened"]


class Analysis(Model):
    """What came of a conversation. The summary is shown with its transcript, and kept as long."""

    summary: str | None = None
    outcome: Outcome
    sentiment: Literal["positive", "neutral", "negative"] | None = None
    custom: dict[str, str] = Field(default_factory=dict)


class RecordingConsent(Model):
    """What the callee said to being recorded; `not_asked` where the agent does not ask."""

    type: Literal["verbal", "refused", "not_asked"]
    granted_at: Time | None = None


class CallSummary(Model):
    """A call as lists and events show it."""

    id: str
    agent_id: str
    to: str
    status: Status
    created_at: Time
    metadata: dict[str, str]
    schedule: Window | None = None
    next_attempt_at: Time | None = None
    retry: Retry | None = None
    consent: GivenConsent | None = None
    attempt: int = 0
    attempts: list[Attempt] = Field(default_factory=no_items)
    agent_version: int | None = None
    answered_at: Time | None = None
    answered_by: (
        Literal["human", "voicemail", "ivr", "call_screening", "unavailable", "unknown"] | None
    ) = None
    ended_at: Time | None = None
    ended_reason: EndedReason | None = None
    ended_detail: str | None = None
    duration_s: int | None = None
    transcript_status: Literal["pending", "ready", "failed"] = "pending"
    recording_consent: RecordingConsent | None = None
    recording_url: str | None = None
    recording_expires_at: Time | None = None
    analysis: Analysis | None = None
    erased_at: Time | None = None


class Call(CallSummary):
    """A call with what was said in it."""

    transcript: list[TranscriptTurn] = Field(default_factory=no_items)


def _distinct(statuses: list[Status]) -> list[Status]:
    return sorted(set(statuses))


class CallsQuery(ListQuery):
    agent_id: Annotated[str, Field(max_length=80)] | None = None
    status: Annotated[list[Status], AfterValidator(_distinct)] = Field(default_factory=no_items)
    created_after: CreatedAfter | None = None
    created_before: CreatedBefore | None = None
