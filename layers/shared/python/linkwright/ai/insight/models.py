"""What the insight endpoints take and show, and what the model may answer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from linkwright.ai.actions.models import ActionType
from linkwright.fields import Model, RequestModel


class InsightQuery(RequestModel):
    """`force` has another one made than the one that is kept, and is charged."""

    force: bool = False
    language: Literal["en", "he"] = "en"


class Statement(Model):
    """A sentence, and the facts that it rests on, by their names in `data`."""

    text: str
    facts: list[str]


class InsightFact(Model):
    """A value with what it is of. Windows are ISO 8601 intervals of days; `n` is how many were
    counted for it.
    """

    value: int | float | str
    unit: str
    window: str | None
    compared_with: str | None
    n: int | None


class InsightData(Model):
    facts: dict[str, InsightFact]


class Action(Model):
    """What may be posted to /api/ai/actions/apply as it is.

    `expected_version` is of what would write over what somebody has set since.
    """

    type: ActionType
    link_id: str
    params: dict[str, str]
    expected_version: int | None


class Preview(Model):
    """The link's fields that an action changes."""

    before: dict[str, Any]
    after: dict[str, Any]


class SuggestedAction(Model):
    action: Action
    preview: Preview
    reason: str


class AccountInsight(Model):
    """What is true of a workspace's links, in words. At most three findings, the largest first."""

    summary: str
    why: list[Statement]
    anomalies: list[Statement]
    recommendations: list[Statement]
    data: InsightData
    generated_by: str


class Insight(AccountInsight):
    """The same of one object, with what may be done about it."""

    actions: list[SuggestedAction]


class Wording(Model):
    """A finding by its name, in words."""

    finding: Annotated[str, Field(max_length=40)]
    text: Annotated[str, Field(max_length=1000)]


class Words(Model):
    """What the model is asked for."""

    summary: Annotated[str, Field(max_length=1000)]
    findings: Annotated[list[Wording], Field(max_length=10)]
