"""What the events' endpoints take and show; a webhook's body is an event, as it is shown."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from linkwright.fields import CreatedAfter, CreatedBefore, Model, Time
from linkwright.pagination import ListQuery
from linkwright.webhooks.event_types import EventType


class EventData(Model):
    """The object as it is after the change. Of one that is too large to be sent only the id is,
    and `url` tells where all of it is (`truncated`); so it is for endpoints that want thin events.

    `call.ended` tells besides which `attempt` is over, and whether it was the last; a change of a
    state its `reason`, and what it was before.
    """

    object: dict[str, Any]
    attempt: int | None = Field(default=None, exclude_if=lambda value: value is None)
    is_last: bool | None = Field(default=None, exclude_if=lambda value: value is None)
    reason: str | None = Field(default=None, exclude_if=lambda value: value is None)
    previous_state: str | None = Field(default=None, exclude_if=lambda value: value is None)
    truncated: bool | None = Field(default=None, exclude_if=lambda value: value is None)
    url: str | None = Field(default=None, exclude_if=lambda value: value is None)


class Event(Model):
    """What has changed. `sequence` orders the events of one object: ignore what has a lower one."""

    id: str
    type: str
    created_at: Time
    workspace_id: str
    mode: Literal["live", "test"]
    api_version: str
    sequence: int
    data: EventData
    metadata: dict[str, str]
    request_id: str


class EventsQuery(ListQuery):
    """By type or by the id of the object, and by time."""

    type: EventType | None = None
    object: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    created_after: CreatedAfter | None = None
    created_before: CreatedBefore | None = None

    @model_validator(mode="after")
    def _one_at_a_time(self) -> "EventsQuery":
        if self.type is not None and self.object is not None:
            raise PydanticCustomError("filters", "must name one of type and object")
        return self
