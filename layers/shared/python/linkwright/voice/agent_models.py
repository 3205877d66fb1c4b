"""What the agents' endpoints take and show."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from linkwright.fields import (
    ONE_LINE,
    Model,
    QuietHours,
    RequestModel,
    Time,
    no_items,
    without_defaults,
)
from linkwright.voice.compliance.numbers import PhoneNumber


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


class VoicemailPlan(RequestModel):
    """What the agent does when a machine answers.

    With `ask` it asks whether a person is there, and talks with one who picks up.
    """

    action: Literal["hang_up", "leave_message", "ask"] = "hang_up"
    message: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None

    @model_validator(mode="after")
    def _has_a_message(self) -> "VoicemailPlan":
        if self.action == "leave_message" and self.message is None:
            raise PydanticCustomError("message", "must have the 'message' to leave")
        return self


AgentName = Annotated[str, Field(min_length=1, max_length=100), ONE_LINE]
Prompt = Annotated[str, Field(min_length=1, max_length=20_000)]
Voice = Annotated[str, Field(min_length=1, max_length=64)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
EscalationRules = Annotated[list[EscalationRule], Field(max_length=20)]
DurationS = Annotated[StrictInt, Field(ge=30, le=3600)]
Concurrency = Annotated[StrictInt, Field(ge=1, le=100)]


class CreateAgent(RequestModel):
    """`language` is one that the carrier understands and speaks, as `en` or `he-IL`; `voice` is one
    of its voices for it, as `Polly.Joanna`, or a name of one's own for its usual one.
    """

    name: AgentName
    prompt: Prompt
    voice: Voice
    language: Language = "en-US"
    escalation_rules: EscalationRules = Field(default_factory=no_items)
    max_duration_s: DurationS = 600
    phone_number: PhoneNumber | None = None
    concurrency: Concurrency | None = None
    recording: StrictBool = False
    # To say that it is an AI; to ask before it records.
    ai_disclosure: StrictBool = True
    recording_consent: StrictBool = True
    quiet_hours: QuietHours | None = None
    voicemail: VoicemailPlan = Field(default_factory=VoicemailPlan)


class UpdateAgent(CreateAgent):
    """The fields to change, by the rules of `CreateAgent`; what is not sent stays as it is."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    # Never looked at: only the fields that were sent are.
    name: AgentName = ""
    prompt: Prompt = ""
    voice: Voice = ""

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
    ai_disclosure: bool = True
    recording_consent: bool = True
    quiet_hours: QuietHours | None
    voicemail: VoicemailPlan = Field(default_factory=VoicemailPlan)
    version: int
    created_at: Time
    updated_at: Time
