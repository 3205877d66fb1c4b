"""What the endpoints of leads take and show."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, SkipValidation, StrictBool, model_validator

from linkwright.fields import (
    ONE_LINE,
    Metadata,
    Model,
    RequestModel,
    Time,
    TimeZone,
    no_items,
    without_defaults,
)
from linkwright.mailer.items import EmailState, LeadStatus, ResearchStatus
from linkwright.mailer.leads import cells
from linkwright.mailer.leads.addresses import Email
from linkwright.mailer.leads.cells import Country, Language, Website
from linkwright.pagination import ListQuery

MAX_LEADS = 500

PersonName = Annotated[str, Field(min_length=1, max_length=100), ONE_LINE]
Words = Annotated[str, Field(min_length=1, max_length=200), ONE_LINE]


class LeadFields(RequestModel):
    """What is known of a person. `country` is an ISO 3166 code, `legal_basis` by which right they
    are written to: what you keep of that. An empty text is as null.
    """

    first_name: PersonName | None = None
    last_name: PersonName | None = None
    company: Words | None = None
    title: Words | None = None
    website: Website | None = None
    language: Language | None = None
    country: Country | None = None
    time_zone: TimeZone | None = None
    source: Words | None = None
    legal_basis: Words | None = None
    # Told with every event of the lead, as it is by then.
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _take_empty_as_null(cls, fields: object) -> object:
        return cells.without_empty(fields, LeadFields.model_fields)


class NewLead(LeadFields):
    """A person to write to."""

    email: Email


class PushLeads(LeadFields):
    """One lead, by its own fields, or up to 500 of them as `leads`, each with a result of its own.

    With `skip_if_in_workspace` who is a lead of another campaign is a duplicate too.
    """

    email: Email | None = None
    # Looked at one by one: of one that is not valid, the others know nothing.
    leads: (
        Annotated[list[SkipValidation[NewLead]], Field(min_length=1, max_length=MAX_LEADS)] | None
    ) = None
    skip_if_in_workspace: StrictBool = False


class UpdateLead(LeadFields):
    """The fields to change; what is not sent stays as it is, null takes it away."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    def changes(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_unset=True)


class LeadSource(Model):
    """A page that was really read."""

    url: str
    title: str | None = None
    fetched_at: Time


class LeadResearch(Model):
    """What was found out of a lead. A run that `failed` says why in `reason`, and costs nothing."""

    status: ResearchStatus
    run: str | None = None
    reason: str | None = None
    summary: str | None = None
    angle: str | None = None
    sources: list[LeadSource]
    at: Time | None = None


class LeadReply(Model):
    """The last answer, and what it wants. `state` is `replied`, or `automatic` where a program
    wrote it; `returns_at` is when its writer is back, if it says that.
    """

    state: str
    intent: str | None = None
    at: Time
    returns_at: Time | None = None


class LeadClaim(Model):
    """What an email says of its reader, and the words on a page that say so."""

    text: str
    source_url: str
    quote: str
    fetched_at: Time | None = None


class LeadEmail(Model):
    """An email of a lead's sequence. A change makes a new `version`. `footer` is added to it when
    it is sent: no text takes it away. Those behind the first answer it, and have its `subject`.
    """

    lead_id: str
    campaign_id: str
    seq: int
    # Null in an event of a version that is no more.
    subject: str | None = None
    body: str | None = None
    footer: str | None = None
    state: EmailState
    version: int
    claims: list[LeadClaim] = Field(default_factory=no_items)
    generated_by: str
    approved_by: str | None = None
    send_at: Time | None = None
    sent_at: Time | None = None
    created_at: Time
    updated_at: Time


class LeadSummary(Model):
    """A lead as lists and events show it. Of one that was deleted events tell no person's data."""

    id: str
    campaign_id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    title: str | None = None
    website: str | None = None
    language: str | None = None
    country: str | None = None
    time_zone: str | None = None
    source: str | None = None
    legal_basis: str | None = None
    flags: list[str]
    status: LeadStatus
    research: LeadResearch
    reply: LeadReply | None = None
    metadata: dict[str, str]
    created_at: Time
    updated_at: Time
    version: int


class Lead(LeadSummary):
    """A lead, with what is to be sent to it."""

    emails: list[LeadEmail]


class KnownLead(Lead):
    """A lead that was there before it was pushed: it is as it was."""

    duplicate: Literal[True] = True


class PushError(Model):
    """Why a lead is not valid, as its own request would be told."""

    code: str
    message: str
    field: str | None = None
    errors: list[dict[str, str]] | None = None
    dimension: str | None = None


class PushResult(Model):
    """What came of one lead of a list. The id is that of the lead, old or new."""

    index: int
    status: Literal["created", "duplicate", "suppressed", "invalid"]
    lead_id: str | None = None
    error: PushError | None = None


class PushResults(Model):
    """What came of each lead, in the order of the list."""

    results: list[PushResult]
    created: int
    duplicates: int
    suppressed: int
    invalid: int


class LeadsQuery(ListQuery):
    """By status."""

    status: LeadStatus | None = None
