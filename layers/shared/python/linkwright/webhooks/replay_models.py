"""What the endpoint of replays takes and shows."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from linkwright.fields import Model, Moment, RequestModel, Time
from linkwright.webhooks.event_types import EventTypes

Only = Literal["failed", "missing", "all"]


class ReplayWebhook(RequestModel):
    """One event, or those of a time: what failed (`failed`), that and what was never sent
    (`missing`, unless said), or `all` that is wanted, also what was taken.

    `until` is now unless said; `types` are all unless said, and never more than the endpoint wants.
    """

    event_id: Annotated[str, Field(max_length=80)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    types: EventTypes | None = None
    only: Only | None = None

    @model_validator(mode="after")
    def _names_what(self) -> "ReplayWebhook":
        ranged = (self.until, self.types, self.only)
        if (self.event_id is None) == (self.since is None):
            raise PydanticCustomError("what", "must name either 'event_id' or 'since'")
        if self.event_id is not None and any(one is not None for one in ranged):
            text = "must name nothing else with 'event_id'"
            raise PydanticCustomError("what", text)
        if self.since and self.until and self.until <= self.since:
            raise PydanticCustomError("range", "must have an 'until' later than 'since'")
        return self


class Replay(Model):
    """How many events are sent again, at the endpoint's own pace, each under its own id."""

    webhook_id: str
    count: int
    since: Time | None = None
    until: Time | None = None
    only: Only | None = None
