"""What the endpoint of the audit log takes and shows."""

from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from linkwright.audit import ActorType
from linkwright.fields import CreatedAfter, CreatedBefore, Model, Time
from linkwright.pagination import ListQuery

_Name = Annotated[str, Field(min_length=1, max_length=100)]


class AuditQuery(ListQuery):
    """By one of action, object (its id) and actor (its id), and by time."""

    action: _Name | None = None
    object: _Name | None = None
    actor: _Name | None = None
    created_after: CreatedAfter | None = None
    created_before: CreatedBefore | None = None

    @model_validator(mode="after")
    def _one_at_a_time(self) -> "AuditQuery":
        if sum(wanted is not None for wanted in (self.action, self.object, self.actor)) > 1:
            raise PydanticCustomError("filters", "must name one of action, object and actor")
        return self


class AuditActor(Model):
    """Who did it: a key or a member by its id, or what acted in nobody's name."""

    type: ActorType
    id: str


class AuditEntry(Model):
    """What was done to which object, by whom, in which request. Nothing ever changes it."""

    id: str
    action: str
    object: str
    actor: AuditActor
    request_id: str
    at: Time
    details: dict[str, Any]
