"""A link's short URL as a QR code, with the mark by which a scan is told from a click.

The encoder is a package of one function, which is the only one that asks this.
"""

import io
from typing import Annotated, ClassVar, Literal, Self

import segno
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from linkwright.auth import Account
from linkwright.fields import RequestModel
from linkwright.http import Binary
from linkwright.links import links
from linkwright.links.domains import held

_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


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


class Picture(Binary):
    """A drawing of a QR code."""

    TYPES: ClassVar = tuple(_TYPES.values())
    # It leads somewhere, which another workspace may have by now.
    REFUSALS: ClassVar = (409,)


def of(account: Account, link_id: str, query: QrQuery) -> Picture:
    """Errors: no such link (404), its short URL is not its own any more (409)."""
    row = links.existing(account.partition, link_id)
    for why in held.others(account.partition, [row["view"]]).values():
        raise why
    link = links.shown(row)
    drawn = io.BytesIO()
    code = segno.make_qr(f"{link.short_url}?qr=1", error=query.error)
    code.save(
        drawn,
        kind=query.format,
        scale=query.scale,
        border=query.border,
        dark=query.dark,
        light=None if query.light == "transparent" else query.light,
    )
    named = f"{link.alias}.{query.format}" if query.download else None
    return Picture(drawn.getvalue(), _TYPES[query.format], named)
