"""What the endpoints of the do-not-call list take and show."""

from typing import Annotated, Literal

from pydantic import Field

from linkwright.fields import ONE_LINE, PLUS_UNENCODED, Model, RequestModel, Time
from linkwright.pagination import ListQuery
from linkwright.voice.compliance.numbers import AnyPhoneNumber

Source = Literal["api", "call", "mail"]


class AddNumber(RequestModel):
    number: AnyPhoneNumber
    reason: Annotated[str, Field(max_length=200), ONE_LINE] | None = None


class NumbersQuery(ListQuery):
    number: Annotated[AnyPhoneNumber, PLUS_UNENCODED] | None = None


class DoNotCallEntry(Model):
    """A number that is never called, who asked for that, and on which call."""

    number: str
    reason: str | None
    source: Source
    call_id: str | None
    created_at: Time
