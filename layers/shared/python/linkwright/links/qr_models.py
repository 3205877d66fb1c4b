"""How a QR code may be drawn."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from linkwright.fields import RequestModel

# A link has at most 340 characters, which are 97 modules at the highest level of correction: with
# these the picture has at most 4128 pixels a side, some 20 KB and a fifth of a second.
MAX_SCALE = 32
MAX_BORDER = 16

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", max_length=7)]
Background = Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{6}|transparent)$", max_length=11)]


class QrQuery(RequestModel):
    """`scale`: pixels of a module. `border`: modules around the code, of which readers want 4.

    `error`: at least so much may be hidden of it: L 7 %, M 15 %, Q 25 %, H 30 %.
    """

    format: Literal["svg", "png"] = "svg"
    scale: Annotated[int, Field(ge=1, le=MAX_SCALE)] = 8
    border: Annotated[int, Field(ge=0, le=MAX_BORDER)] = 4
    dark: Colour = "#000000"
    light: Background = "#ffffff"
    error: Literal["L", "M", "Q", "H"] = "M"
    # To be saved as a file, under the alias's name.
    download: bool = False

    @model_validator(mode="after")
    def _is_seen(self) -> Self:
        if self.dark.lower() == self.light.lower():
            raise PydanticCustomError("colours", "must have a 'dark' that is not its 'light'")
        return self
