"""What the endpoint that applies actions takes and shows, and the event that tells of one."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from linkwright.fields import Model, RequestModel, Time, without_defaults
from linkwright.links.operations import UTM, Utm

ActionType = Literal[
    "enable_conversion_tracking", "disable_conversion_tracking", "set_utm", "restore_link"
]

# What each type takes.
_PARAMS = {
    "enable_conversion_tracking": frozenset[str](),
    "disable_conversion_tracking": frozenset[str](),
    "set_utm": frozenset(UTM),
    "restore_link": frozenset({"snapshot", "version"}),
}

Version = Annotated[StrictInt, Field(ge=1, le=999_999_999)]
Seal = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{43}$")]


class Snapshot(RequestModel):
    """UTM parameters as they were: null is one that was not there."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    utm_source: Utm | None = None
    utm_medium: Utm | None = None
    utm_campaign: Utm | None = None
    utm_term: Utm | None = None
    utm_content: Utm | None = None


class ActionFields(Snapshot):
    """UTM parameters to set, null to take one away; or what an undo of that was given."""

    snapshot: Snapshot | None = None
    version: Version | None = None


def _wrong_params(words: str) -> PydanticCustomError:
    return PydanticCustomError("params", f"{words} for this type", {"field": "params"})


def _of_type(kind: str) -> dict[str, Any]:
    """What the schema says of one type, as `ApplyAction` judges it."""
    needs = {"set_utm": ["params"], "restore_link": ["params", "undo_of"]}.get(kind, [])
    params: dict[str, Any] = {
        "type": "object",
        "properties": dict.fromkeys(sorted(_PARAMS[kind]), True),
        "additionalProperties": False,
    }
    if kind == "set_utm":
        params["minProperties"] = 1
    if kind == "restore_link":
        params["properties"]["version"] = {"type": "integer"}
        params["required"] = ["version"]
    properties = {"params": params, **({"undo_of": {"type": "string"}} if len(needs) > 1 else {})}
    return {
        "if": {"properties": {"type": {"const": kind}}},
        "then": {"properties": properties} | ({"required": needs} if needs else {}),
    }


class ApplyAction(RequestModel):
    """An action on a link, or one that an earlier answer gave to undo it: as it was given.

    With `expected_version` it is applied only to that version of the link.
    """

    model_config = ConfigDict(json_schema_extra={"allOf": [_of_type(kind) for kind in _PARAMS]})

    type: ActionType
    link_id: Annotated[str, Field(max_length=80)]
    params: ActionFields = Field(default_factory=ActionFields)
    expected_version: Version | None = None
    undo_of: Seal | None = None

    @model_validator(mode="after")
    def _has_what_its_type_takes(self) -> Self:
        sent, taken = self.params.model_fields_set, _PARAMS[self.type]
        names = ", ".join(sorted(taken))
        if sent - taken:
            words = f"must have only {names}" if taken else "must be empty"
            raise _wrong_params(words)
        if self.type == "set_utm" and not sent:
            raise _wrong_params(f"must have one at least of {names}")
        if self.type == "restore_link" and (not self.undo_of or self.params.version is None):
            raise PydanticCustomError("undo", "must be an undo as it was given, for this type")
        return self


class UndoAction(Model):
    """What undoes an action: may be posted as it is."""

    type: ActionType
    link_id: str
    params: dict[str, Any]
    undo_of: str


class Applied(Model):
    """What came of an action. Without an `undo` nothing was changed: the link was so already."""

    ok: Literal[True] = True
    message: str
    undo: UndoAction | None


class AppliedAction(Model):
    """The object of `action.applied`: the fields of the link that were changed, null for none."""

    id: str
    type: ActionType
    link_id: str
    is_undo: bool
    before: dict[str, Any]
    after: dict[str, Any]
    link_version: int
    applied_at: Time
