"""What the agent's endpoint takes and shows, and what the model may choose."""

from typing import Annotated, Any, Literal

from pydantic import Field

from linkwright.ai.insight.models import InsightData, SuggestedAction
from linkwright.fields import Model, RequestModel

Tool = Literal[
    "list_links",
    "read_link",
    "read_account",
    "list_campaigns",
    "read_campaign",
    "list_domains",
    "read_domain",
]


class RunAgent(RequestModel):
    """What is to be found out, in words of any language; of one link, if that is named."""

    goal: Annotated[str, Field(min_length=1, max_length=1_000)]
    link_id: Annotated[str, Field(max_length=80)] | None = None


class Step(Model):
    """What was looked at: `result_ref` is the name of what was found, in `data.results`."""

    tool: Tool
    input: dict[str, str]
    result_ref: str


class AgentData(InsightData):
    """What each step has found, and the facts that the summary rests on."""

    results: dict[str, dict[str, Any]]


class AgentAnswer(Model):
    """What was found, how, and what may be done about it: nothing of that was done."""

    summary: str
    steps: list[Step]
    actions: list[SuggestedAction]
    data: AgentData
    generated_by: str


class RunStarted(Model):
    """A run that takes longer: what came of it is asked for by its id."""

    id: str
    status: Literal["running"]


class RunError(Model):
    """Why nothing came of a run; nothing was charged."""

    code: Literal["byok_provider_error", "server_error"]
    message: str


class AgentRun(Model):
    """`result` is there once it has succeeded, `error` once it has failed."""

    id: str
    status: Literal["running", "succeeded", "failed"]
    result: AgentAnswer | None
    error: RunError | None


class Choice(Model):
    """What the model chooses to look at next, by an id that it was shown; or to answer."""

    tool: Tool | Literal["answer"]
    id: Annotated[str, Field(max_length=80)] | None = None
