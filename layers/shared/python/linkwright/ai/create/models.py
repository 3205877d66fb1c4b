"""What the creating endpoints take and show, and what the model may answer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from linkwright.fields import Model, RequestModel
from linkwright.links.operations import Url

Title = Annotated[str, Field(min_length=1, max_length=200)]
Description = Annotated[str, Field(min_length=1, max_length=1000)]
Goal = Annotated[str, Field(min_length=1, max_length=1000)]
Wish = Annotated[str, Field(min_length=1, max_length=2000)]
Theme = Literal["light", "dark", "ocean", "forest", "sunset", "rose", "mono"]
# Of what a model answers, before it is looked at.
_Idea = Annotated[str, Field(max_length=100)]
_Ideas = Annotated[list[_Idea], Field(max_length=10)]

MAX_TAGS = 5
MAX_BIO_LINKS = 10


class Described(RequestModel):
    """What a link leads to. The page itself is never fetched."""

    url: Url
    title: Title | None = None
    description: Description | None = None


class Aim(RequestModel):
    """What somebody wants to reach, in their own words, and where it leads."""

    goal: Goal
    url: Url | None = None


class Wished(RequestModel):
    """What a page about somebody is to be like. URLs in it are the first that it leads to."""

    prompt: Wish


class AliasSuggestion(Model):
    """Free when it was answered: who creates the link first has it."""

    alias: str
    alternatives: list[str]


class AliasIdeas(Model):
    """What the model is asked for."""

    aliases: _Ideas


class TagSuggestion(Model):
    """At most 5: those that the workspace has already come first, as it writes them."""

    tags: list[str]


class TagIdeas(Model):
    """What the model is asked for."""

    tags: _Ideas


class Utm(Model):
    """As a link takes them: in lower case, null where there is nothing to say."""

    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_term: str | None
    utm_content: str | None


class Intent(Model):
    """What a link for that goal may be like; the alias was free when it was answered."""

    alias: str
    utm: Utm
    tags: list[str]
    campaign_name: str


class IntentIdeas(Model):
    """What the model is asked for."""

    aliases: _Ideas
    source: _Idea
    medium: _Idea
    campaign: _Idea
    term: _Idea | None
    content: _Idea | None
    tags: _Ideas
    campaign_name: Annotated[str, Field(max_length=200)]


class BioLink(Model):
    """One of the prompt's URLs, or a short link of the workspace."""

    title: str
    url: str


class Bio(Model):
    """A page about somebody: what it says, how it looks, and at most 10 links."""

    profile_name: str
    bio: str
    theme: Theme
    links: list[BioLink]


class BioChoice(Model):
    """A link by its number among those that the model was shown: it names no URL."""

    number: int
    title: _Idea


class BioIdeas(Model):
    """What the model is asked for."""

    profile_name: _Idea
    bio: Annotated[str, Field(max_length=1000)]
    theme: Theme
    links: Annotated[list[BioChoice], Field(max_length=20)]


class NextStep(Model):
    """What to do next, and the request that does it: `{link_id}` is of the link that was made, and
    `{url}` is for who has not said where it leads.
    """

    text: str
    method: Literal["GET", "POST", "PATCH"]
    path: str
    headers: dict[str, str]
    body: dict[str, Any] | None


class Setup(Model):
    """The same for the same goal and URL. Whether the alias is free shows when it is taken."""

    alias: str
    utm: Utm
    tags: list[str]
    next_steps: list[NextStep]


class RoutingQuery(RequestModel):
    """`force` has them made anew."""

    force: bool = False


class RoutingFact(Model):
    """A number that was counted: a share is of `n` clicks. The window is an ISO 8601 interval of
    days.
    """

    value: float
    unit: Literal["clicks", "share"]
    window: str
    compared_with: str | None
    n: int


class Evidence(Model):
    """Of the clicks whose country or device is known, those of one."""

    dimension: Literal["country", "device"]
    value: str
    clicks: int
    of: int


class Recommendation(Model):
    """A rule that a link may have. `rule` is what `PATCH /api/links/{link_id}` takes: the targets
    in it are the link's own, to be replaced by the page that is meant for these visitors.
    """

    text: str
    facts: list[str]
    rule: dict[str, Any]
    destination: Literal["localized_page", "mobile_page", "app_store"]
    evidence: list[Evidence]


class RoutingData(Model):
    facts: dict[str, RoutingFact]


class RoutingSuggestion(Model):
    """Rules by what was counted, the most useful first; none of fewer than 100 clicks."""

    recommendations: list[Recommendation]
    data: RoutingData


class RoutingPick(Model):
    """A rule by its number among those that the model was shown."""

    number: int
    destination: Literal["localized_page", "mobile_page", "app_store"]


class RoutingIdeas(Model):
    """What the model is asked for."""

    picks: Annotated[list[RoutingPick], Field(max_length=10)]
