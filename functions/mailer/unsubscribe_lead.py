"""POST /v1/mailer/unsubscribe/{token}: mail nothing to an address any more, by one click."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.mailer.feedback import unsubscribing


@public
def handler(request: Request) -> Response:
    return unsubscribing.end(request)
