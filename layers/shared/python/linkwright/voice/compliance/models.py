"""What the endpoints of the do-not-call list take and show."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from linkwright.fields import Line, Model, RequestModel, Time
from linkwright.pagination import ListQuery
from linkwright.voice.compliance.numbers import AnyPhoneNumber

Source = Literal["api", "call", "mail"]


class AddNumber(RequestModel):
    number: AnyPhoneNumber
    reason: Annotated[Line, Field(max_length=200)] | None = None


def _with_plus(raw: object) -> object:
    # In a query a plus that is not encoded stands for a blank.
    return raw.replace(" ", "+", 1) if isinstance(raw, str) and raw.startswith(" ") else raw


class NumbersQuery(ListQuery):
    number: Annotated[AnyPhoneNumber, BeforeValidator(_with_plus)] | None = None


class DoNotCallEntry(Model):
    """A number that is never called, who asked for that, and on which call."""

    number: str
    reason: str | None
    source: Source
    call_id: str | None
    created_at: Time
