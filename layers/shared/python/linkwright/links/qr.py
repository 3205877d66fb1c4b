"""A link's short URL as a QR code, with the mark by which a scan is told from a click.

The encoder is a package of one function, which is the only one that asks this.
"""

import io
from typing import ClassVar

import segno

from linkwright.auth import Account
from linkwright.http import Binary
from linkwright.links import links
from linkwright.links.qr_models import QrQuery

_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


class Picture(Binary):
    """A drawing of a QR code."""

    TYPES: ClassVar = tuple(_TYPES.values())


def of(account: Account, link_id: str, query: QrQuery) -> Picture:
    """Errors: no such link (404)."""
    link = links.find(account, link_id)
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
