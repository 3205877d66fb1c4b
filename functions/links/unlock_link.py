"""POST /{alias}: follow a short link that asks for a password."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.links.redirect import unlocking


@public
def handler(request: Request) -> Response:
    return unlocking.unlock(request)
