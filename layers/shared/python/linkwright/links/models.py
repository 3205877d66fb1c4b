"""What the links' endpoints take and show."""

import re
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)
from pydantic_core import PydanticCustomError

from linkwright import clock
from linkwright.fields import (
    ONE_LINE,
    Metadata,
    Model,
    PlannedMoment,
    RequestModel,
    Time,
    no_items,
    without_defaults,
)
from linkwright.pagination import ListQuery

MAX_TAGS = 20
MAX_COUNTRIES = 50
MAX_BULK = 100

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
# Of a key of its own: it must not be able to say another one's.
_TAG = re.compile(r"[^\x00-\x1f\x7f#]{1,50}")


def _lower(raw: object) -> object:
    return raw.lower() if isinstance(raw, str) else raw


def _tags(tags: list[str]) -> list[str]:
    trimmed = [tag.strip() for tag in tags]
    if not all(_TAG.fullmatch(tag) for tag in trimmed):
        raise PydanticCustomError("tag", "must have tags of 1 to 50 characters, without '#'")
    return list(dict.fromkeys(trimmed))


def _by_country(targets: dict[str, str]) -> dict[str, str]:
    if len(targets) > MAX_COUNTRIES:
        raise PydanticCustomError("countries", f"must have at most {MAX_COUNTRIES} countries")
    if not all(_COUNTRY.fullmatch(code) for code in targets):
        raise PydanticCustomError("country", "must have ISO 3166 codes in upper case, as 'IL'")
    return targets


Url = Annotated[str, Field(min_length=1, max_length=2048)]
# Matched without case, and so kept in one.
Alias = Annotated[
    str, BeforeValidator(_lower), Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,63}$", max_length=64)
]
DomainId = Annotated[str, Field(max_length=80)]
CampaignId = Annotated[str, Field(max_length=80)]
ExternalId = Annotated[str, Field(pattern=r"^[!-~]{1,128}$")]
Title = Annotated[str, Field(max_length=200), ONE_LINE]
Text = Annotated[str, Field(max_length=500)]
Utm = Annotated[str, Field(min_length=1, max_length=200), ONE_LINE]
Tag = Annotated[str, Field(max_length=50)]
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(_tags)]
Geo = Annotated[dict[str, Url], AfterValidator(_by_country)]
Password = Annotated[str, Field(min_length=1, max_length=128)]
ClickCap = Annotated[StrictInt, Field(ge=1, le=1_000_000_000)]


class CreateLink(RequestModel):
    """Where a link leads, and by which rules. Without an `alias` it gets one of 7 characters.

    A `click_cap` counts the clicks that are made while there is one, and not those before.
    """

    url: Url
    domain: DomainId | None = None
    alias: Alias | None = None
    title: Title | None = None
    tags: Tags = Field(default_factory=no_items)
    campaign: CampaignId | None = None
    utm_source: Utm | None = None
    utm_medium: Utm | None = None
    utm_campaign: Utm | None = None
    utm_term: Utm | None = None
    utm_content: Utm | None = None
    expires_at: PlannedMoment | None = None
    expired_url: Url | None = None
    click_cap: ClickCap | None = None
    password: Password | None = None
    # Targets by country, and by device.
    geo: Geo = Field(default_factory=dict)
    ios: Url | None = None
    android: Url | None = None
    forward_query: StrictBool = True
    og_title: Title | None = None
    og_description: Text | None = None
    og_image: Url | None = None
    track_conversion: StrictBool = False
    archived: StrictBool = False
    external_id: ExternalId | None = None
    metadata: Metadata = Field(default_factory=dict)

    def values(self, *, sent: bool = False) -> dict[str, Any]:
        """The fields, or those that were sent, as they are stored; the password as it is."""
        fields = self.model_dump(exclude_unset=sent)
        moment = fields.get("expires_at")
        if isinstance(moment, datetime):
            fields["expires_at"] = clock.timestamp(moment)
        return fields


class UpdateLink(CreateLink):
    """The fields to change, by the rules of `CreateLink`; what is not sent stays as it is.

    Null takes away what may be left out. An alias that is given up is free again after 30 days.
    Another `click_cap`, or one that is set again, goes on where the count of the first one was.
    """

    model_config = ConfigDict(json_schema_extra=without_defaults)

    # Never looked at: only the fields that were sent are.
    url: Url = ""

    @model_validator(mode="after")
    def _keeps_an_alias(self) -> Self:
        if "alias" in self.model_fields_set and self.alias is None:
            raise PydanticCustomError("alias", "must keep an alias: leave it out, or name another")
        return self


class UpsertLink(CreateLink):
    """A link by the caller's own id: made where there is none, else the fields sent are changed."""

    external_id: ExternalId


class CreateLinks(RequestModel):
    """Up to 100 links, of which each has a result of its own."""

    links: Annotated[list[CreateLink], Field(min_length=1, max_length=MAX_BULK)]


class Link(Model):
    """A short link. A change makes a new `version`, which a change of it names by `If-Match`."""

    id: str
    short_url: str
    url: str
    domain: str | None = None
    alias: str
    title: str | None = None
    tags: list[str]
    campaign: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_term: str | None = None
    utm_content: str | None = None
    expires_at: Time | None = None
    expired_url: str | None = None
    click_cap: int | None = None
    has_password: bool
    geo: dict[str, str]
    ios: str | None = None
    android: str | None = None
    forward_query: bool
    og_title: str | None = None
    og_description: str | None = None
    og_image: str | None = None
    track_conversion: bool
    archived: bool
    # By the operator, for what it leads to.
    blocked: bool
    external_id: str | None = None
    metadata: dict[str, str]
    created_at: Time
    updated_at: Time
    version: int


class BulkError(Model):
    """Why one of several links was not made: what `POST /api/links` would answer for it alone."""

    error: str
    message: str
    field: str | None = None
    reason: str | None = None
    dimension: str | None = None
    upgrade_to: str | None = None


class BulkResult(Model):
    """What became of one link: the status that it alone would have had, and it or the error."""

    index: int
    status: int
    link: Link | None = None
    error: BulkError | None = None


class BulkResults(Model):
    """One for each link that was sent, in their order."""

    results: list[BulkResult]


class LinksQuery(ListQuery):
    """By at most one of: campaign, tag, whether it is archived, external id, or alias.

    `domain` says on which the alias is; without it, at the API's own address.
    """

    campaign: CampaignId | None = None
    tag: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    archived: bool | None = None
    external_id: ExternalId | None = None
    alias: Alias | None = None
    domain: DomainId | None = None

    @model_validator(mode="after")
    def _one_at_a_time(self) -> Self:
        filters = (self.campaign, self.tag, self.archived, self.external_id, self.alias)
        if sum(one is not None for one in filters) > 1:
            text = "must name one of campaign, tag, archived, external_id and alias"
            raise PydanticCustomError("filters", text)
        if self.domain is not None and self.alias is None:
            raise PydanticCustomError("filters", "must name the 'alias' that is on the domain")
        return self
