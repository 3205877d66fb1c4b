"""GET /v1/mailer/unsubscribe/{token}: ask whoever was mailed whether they want no more of it."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.mailer.feedback import unsubscribing


@public
def handler(request: Request) -> Response:
    return unsubscribing.show(request)
