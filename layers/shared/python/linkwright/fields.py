"""Base models and field types that several domains use, with the texts of what they refuse."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from linkwright import clock

METADATA_KEYS = 50
METADATA_KEY_CHARS = 40
METADATA_VALUE_CHARS = 500

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


class Model(BaseModel):
    """Built when first used: a function pays for its own models, not for its domain's."""

    model_config = ConfigDict(
        defer_build=True,
        json_schema_serialization_defaults_required=True,  # what has a default is always shown
    )


class RequestModel(Model):
    """What a caller sends: a field we do not know is an error, so that no typo vanishes."""

    model_config = ConfigDict(extra="forbid")


def no_items() -> list[Any]:
    """For `default_factory`, which pydantic asks for its signature: that of `list` is a text, and
    reading it compiles a tokenizer, 3 % of a cold start.
    """
    return []


def without_defaults(schema: dict[str, Any]) -> None:
    """For the schema of a change: what is left out stays as it is, and has no default."""
    for field in schema["properties"].values():
        field.pop("default", None)


class Nothing(RequestModel):
    """The body of a POST that says everything with its path: absent, or empty."""


# Printed as `clock.timestamp` makes it; stored in the same form, so that text order is time order.
Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


def _rfc3339(raw: object) -> object:
    """Refuse what a lenient parser would guess at: bare dates, epochs, times without a zone."""
    if isinstance(raw, str) and _RFC3339.fullmatch(raw):
        return raw
    raise PydanticCustomError("rfc3339", "must be an RFC 3339 time with a zone")


_TEN_YEARS = timedelta(days=3653)
_A_YEAR = timedelta(days=366)


class _Within(NamedTuple):
    """Metadata of a moment: what is far away is a mistake, and no calendar can reckon with its
    first and last day.
    """

    ahead: timedelta
    words: str

    def judge(self, moment: datetime) -> datetime:
        now = clock.now()
        if now - _TEN_YEARS <= moment <= now + self.ahead:
            return moment
        raise PydanticCustomError("moment", f"must be {self.words}")

    def schema(self) -> dict[str, Any]:
        words = self.words.capitalize()
        return {"type": "string", "format": "date-time", "description": f"{words}."}


_NEAR = _Within(_A_YEAR, "within ten years back and one year ahead")
_FORESEEN = _Within(_TEN_YEARS, "within ten years back and ten years ahead")
# A moment that a caller names.
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_rfc3339),
    AfterValidator(_NEAR.judge),
    WithJsonSchema(_NEAR.schema()),
]
# One at which something is to end, which may be years from now.
PlannedMoment = Annotated[
    AwareDatetime,
    BeforeValidator(_rfc3339),
    AfterValidator(_FORESEEN.judge),
    WithJsonSchema(_FORESEEN.schema()),
]


def _with_plus(raw: object) -> object:
    return raw.replace(" ", "+", 1) if isinstance(raw, str) else raw


# For what is in a query and holds a plus but never a blank: one that is not encoded reads as that.
PLUS_UNENCODED = BeforeValidator(_with_plus)


def _after_created_after(end: datetime, others: ValidationInfo) -> datetime:
    start = others.data.get("created_after")
    if start is not None and end <= start:
        raise PydanticCustomError("range", "must be later than 'created_after'")
    return end


# The bounds of a list by time; the later one stands after the other in its model.
CreatedAfter = Annotated[Moment, PLUS_UNENCODED]
CreatedBefore = Annotated[CreatedAfter, AfterValidator(_after_created_after)]


def _bounded(metadata: dict[str, str]) -> dict[str, str]:
    if len(metadata) > METADATA_KEYS:
        raise PydanticCustomError("metadata_keys", f"must have at most {METADATA_KEYS} keys")
    if any(not 1 <= len(key) <= METADATA_KEY_CHARS for key in metadata):
        raise PydanticCustomError(
            "metadata_key", f"must have keys of 1 to {METADATA_KEY_CHARS} characters"
        )
    if any(len(value) > METADATA_VALUE_CHARS for value in metadata.values()):
        raise PydanticCustomError(
            "metadata_value", f"must have values of at most {METADATA_VALUE_CHARS} characters"
        )
    return metadata


# They change the order in which text is shown, so that a name may read as another.
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise PydanticCustomError("line", "must be one line")
    return _BIDI_CONTROLS.sub("", text).strip()


# For a name or a subject: one line, without the marks that make it show as something else. Named
# after the bounds, as pydantic would speak of a value's items otherwise, and not of characters.
ONE_LINE = BeforeValidator(lambda raw: _one_line(raw) if isinstance(raw, str) else raw)

Metadata = Annotated[
    dict[str, str],
    AfterValidator(_bounded),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": METADATA_KEYS,
            "propertyNames": {"minLength": 1, "maxLength": METADATA_KEY_CHARS},
            "additionalProperties": {"type": "string", "maxLength": METADATA_VALUE_CHARS},
        }
    ),
]


def _in_use(name: str) -> str:
    # Imported here: few requests name a zone. The list, since a name is a path for `ZoneInfo`.
    import tzdata

    zones = Path(tzdata.__file__).with_name("zones").read_text().split()
    if name not in zones or name == "Factory":
        raise PydanticCustomError("zone", "must be the IANA name of a time zone, as 'Asia/Tokyo'")
    return name


TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_in_use)]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class QuietHours(RequestModel):
    """When nobody is called, by the clock of the called number: from `start` to before `end`.

    They may go over midnight, as 21:00 to 08:00 do.
    """

    start: ClockTime
    end: ClockTime

    @model_validator(mode="after")
    def _leave_an_opening(self) -> "QuietHours":
        if self.start == self.end:
            raise PydanticCustomError("range", "must not begin and end at the same time")
        return self
