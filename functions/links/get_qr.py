"""GET /api/links/{link_id}/qr: draw a short link as a QR code."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links import qr
from linkwright.links.qr import Picture, QrQuery


@endpoint(scope="links:read")
def handler(account: Account, link_id: str, query: QrQuery) -> Picture:
    return qr.of(account, link_id, query)
