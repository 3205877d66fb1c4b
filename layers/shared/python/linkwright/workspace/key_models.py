"""What the endpoints of API keys take and show."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

from linkwright.auth import GROUPS, SCOPES
from linkwright.fields import ONE_LINE, Model, RequestModel, Time

_GRANTED = sorted(SCOPES | GROUPS.keys())


def _known(scopes: list[str]) -> list[str]:
    if not SCOPES.union(GROUPS).issuperset(scopes):
        raise PydanticCustomError("scopes", "must be scopes that there are")
    return sorted(set(scopes))


_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string", "enum": _GRANTED},
    "minItems": 1,
    "maxItems": len(_GRANTED),
}

Mode = Literal["live", "test"]


class CreateKey(RequestModel):
    """The scopes must be within those of the credential that asks; a test key makes test keys."""

    name: Annotated[str, Field(min_length=1, max_length=100), ONE_LINE]
    scopes: Annotated[
        list[str],
        Field(min_length=1, max_length=len(_GRANTED)),
        AfterValidator(_known),
        WithJsonSchema(_SCHEMA),
    ]
    mode: Mode
    # One that is made by a key with a limit has that at most.
    ai_credits_per_day: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = None


class RollKey(RequestModel):
    """For how long the old key is still good."""

    overlap: Literal["0", "1h", "24h", "7d", "30d"]


class ApiKey(Model):
    """A key without its token. `scopes` is what was granted: its maker's role may allow less.

    `created_by` is the key or the member that made it. `owner` is the member it acts for, also
    where a key of theirs made it: it is revoked when they leave. Null if it is nobody's.

    A key that was rolled is good until `expires_at`; the one that took its place says so by
    `rolled_from`.
    """

    id: str
    name: str
    mode: Mode
    scopes: list[str]
    created_at: Time
    expires_at: Time | None
    created_by: str
    # Absent on keys that were stored before it was known.
    owner: str | None = None
    rolled_from: str | None
    # AI credits that it may take on a day, UTC; null: whatever the workspace has.
    ai_credits_per_day: int | None = None


class CreatedKey(ApiKey):
    """A new key with its token, which is never shown again."""

    token: str
