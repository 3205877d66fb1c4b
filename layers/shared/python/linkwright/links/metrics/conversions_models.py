"""A conversion, as it is told of and shown."""

from typing import Annotated, Self

from pydantic import Field, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from linkwright.fields import Model, RequestModel, Time


class AddConversion(RequestModel):
    """`click_id` is what the link's target got as `lk_click`.

    `value` is whole, in the smallest unit of `currency`: 1990 of USD is 19.90 dollars.
    """

    click_id: Annotated[str, Field(min_length=1, max_length=100)]
    event: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
    value: Annotated[StrictInt, Field(ge=0, le=1_000_000_000_000)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None

    @model_validator(mode="after")
    def _is_of_a_currency(self) -> Self:
        if (self.value is None) != (self.currency is None):
            text = "must have 'value' and 'currency', or neither of them"
            raise PydanticCustomError("value", text)
        return self


class Conversion(Model):
    """What somebody who followed a link did; of a click each `event` counts once, the first."""

    click_id: str
    link_id: str
    event: str
    value: int | None = None
    currency: str | None = None
    created_at: Time
