"""What the creating endpoints take and show, and what the model may answer."""

from typing import Annotated

from pydantic import Field

from linkwright.fields import Model, RequestModel
from linkwright.links.operations import Url

Title = Annotated[str, Field(min_length=1, max_length=200)]
Description = Annotated[str, Field(min_length=1, max_length=1000)]


class Described(RequestModel):
    """What a link leads to. The page itself is never fetched."""

    url: Url
    title: Title | None = None
    description: Description | None = None


class AliasSuggestion(Model):
    """Free when it was answered: who creates the link first has it."""

    alias: str
    alternatives: list[str]


class AliasIdeas(Model):
    """What the model is asked for."""

    aliases: list[Annotated[str, Field(max_length=64)]] = Field(max_length=10)
