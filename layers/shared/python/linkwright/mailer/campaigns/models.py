"""What the endpoints of mail campaigns take and show."""

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from linkwright.fields import (
    ONE_LINE,
    ClockTime,
    Metadata,
    Model,
    RequestModel,
    Time,
    TimeZone,
    no_items,
    without_defaults,
)
from linkwright.mailer.items import CampaignState
from linkwright.pagination import ListQuery

MAX_STEPS = 10
MAX_MAILBOXES = 25

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_WORKING_DAYS = WEEKDAYS[:5]

CampaignName = Annotated[str, Field(min_length=1, max_length=100), ONE_LINE]
SenderName = Annotated[str, Field(min_length=1, max_length=100), ONE_LINE]
Instructions = Annotated[str, Field(min_length=1, max_length=5_000)]
PostalAddress = Annotated[str, Field(min_length=1, max_length=500), ONE_LINE]
MailLanguage = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]


def _each_once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _in_order(days: list[Weekday]) -> list[Weekday]:
    return sorted(set(days), key=WEEKDAYS.index)


MailboxIds = Annotated[
    list[Annotated[str, Field(pattern=r"^mbx_[0-9A-Za-z]{4,64}$")]],
    Field(max_length=MAX_MAILBOXES),
    AfterValidator(_each_once),
]


class SequenceStep(RequestModel):
    """One mail of the sequence. It is due `delay_days` after the one before was really sent, the
    first so long after its lead is ready; of business days only Monday to Friday count.
    """

    delay_days: Annotated[StrictInt, Field(ge=0, le=90)]
    business_days: StrictBool = True
    instructions: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None
    # Besides what always stops a lead: a reply, a bounce, a complaint, an unsubscription.
    stop_on_auto_reply: StrictBool = False
    stop_for_company: StrictBool = False


class SendingWindow(RequestModel):
    """On which days mails go, from `start` to before `end`, by the clock of `time_zone`."""

    days: Annotated[list[Weekday], Field(min_length=1, max_length=7), AfterValidator(_in_order)] = (
        Field(default_factory=lambda: list(_WORKING_DAYS))
    )
    start: ClockTime = "09:00"
    end: ClockTime = "17:00"

    @model_validator(mode="after")
    def _opens(self) -> "SendingWindow":
        if self.start >= self.end:
            raise PydanticCustomError("range", "must begin before it ends")
        return self


class CampaignThrottle(RequestModel):
    """How fast the campaign mails at most, whatever its mailboxes may do: mails a day and an hour,
    and seconds between two of them, with up to `jitter_seconds` more by chance.
    """

    daily_limit: Annotated[StrictInt, Field(ge=1, le=10_000)] = 200
    per_hour: Annotated[StrictInt, Field(ge=1, le=1_000)] = 50
    gap_seconds: Annotated[StrictInt, Field(ge=0, le=86_400)] = 60
    jitter_seconds: Annotated[StrictInt, Field(ge=0, le=3_600)] = 30
    window: SendingWindow = Field(default_factory=SendingWindow)
    time_zone: TimeZone = "UTC"


class CreateMailerCampaign(RequestModel):
    """Mails by `instructions`, which say what they are about, and those of each step.

    `postal_address` stands in the footer of each mail. Without `require_approval` what is written
    is sent unseen: that takes the scope `emails:approve`. `opted_in` says that all its leads have
    asked for these mails: a mailbox of `ses` mails to no others.
    """

    name: CampaignName
    steps: Annotated[list[SequenceStep], Field(min_length=1, max_length=MAX_STEPS)] = Field(
        default_factory=lambda: [SequenceStep(delay_days=0)]
    )
    instructions: Instructions | None = None
    sender_name: SenderName | None = None
    language: MailLanguage = "en"
    throttle: CampaignThrottle = Field(default_factory=CampaignThrottle)
    postal_address: PostalAddress | None = None
    format: Literal["text", "html"] = "text"
    mailbox_ids: MailboxIds = Field(default_factory=no_items)
    require_approval: StrictBool = True
    opted_in: StrictBool = False
    metadata: Metadata = Field(default_factory=dict)


class UpdateMailerCampaign(CreateMailerCampaign):
    """The fields to change; what is not sent stays as it is, null takes away what may be absent.
    A field that is an object is another one as a whole.

    What is `archived` mails nothing and takes no leads; taken back it is paused.
    """

    model_config = ConfigDict(json_schema_extra=without_defaults)

    # Never looked at: only the fields that were sent are.
    name: CampaignName = ""
    archived: StrictBool = False

    def changes(self) -> dict[str, Any]:
        return self.model_dump(mode="json", include=self.model_fields_set - {"archived"})


class ThrottleShown(Model):
    """How fast the campaign mails at most."""

    daily_limit: int
    per_hour: int
    gap_seconds: int
    jitter_seconds: int
    window: SendingWindow
    time_zone: str


class MailerCampaignSummary(Model):
    """A campaign as lists and events show it. A change makes a new `version`."""

    id: str
    name: str
    state: CampaignState
    steps: list[SequenceStep]
    instructions: str | None = None
    sender_name: str | None = None
    language: str
    throttle: ThrottleShown
    postal_address: str | None = None
    format: Literal["text", "html"]
    mailbox_ids: list[str]
    require_approval: bool
    opted_in: bool = False
    metadata: dict[str, str]
    created_at: Time
    updated_at: Time
    version: int


class LeadCounts(Model):
    """How many leads have each status."""

    pending: int = 0
    review: int = 0
    ready: int = 0
    active: int = 0
    finished: int = 0
    replied: int = 0
    bounced: int = 0
    complained: int = 0
    unsubscribed: int = 0
    suppressed: int = 0
    rejected: int = 0
    failed: int = 0


class SendingStatus(Model):
    """Whether it mails now: `sending`, or why not, and until when, where that is known. At a
    `plan_limit` the plan has no sends left of its billing cycle, which is looked at again then.
    """

    code: Literal[
        "draft",
        "paused",
        "completed",
        "archived",
        "plan_limit",
        "outside_window",
        "nothing_ready",
        "sending",
    ]
    until: Time | None = None


class MailerCampaign(MailerCampaignSummary):
    """A campaign, with how its leads stand."""

    lead_counts: LeadCounts
    sending_status: SendingStatus


class MailboxPlan(Model):
    """What a mailbox may send on a day, once it has grown to that, and on the campaign's next day.
    `status` is null for one that is gone.
    """

    mailbox_id: str
    status: str | None
    sends_per_day: int
    sends_next_day: int


class CampaignPlan(Model):
    """What the campaign comes to, as it stands and were it alone: how many mails on a day that it
    mails, by what each mailbox may then, and on the next one, by what each may by that; how many
    are left, and on which day the last one goes. `blocked_by` is what a start is refused for.
    """

    sends_per_day: int
    sends_next_day: int
    mailboxes: list[MailboxPlan]
    sends_left: int
    finishes_on: str | None
    blocked_by: list[str]


class MailerCampaignsQuery(ListQuery):
    """By state."""

    state: CampaignState | None = None
