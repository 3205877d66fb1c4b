"""POST /v1/unsubscribe/{token}: end a member's weekly digest, or alerts by mail, by one click."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.workspace.mailed import unsubscribing


@public
def handler(request: Request) -> Response:
    return unsubscribing.end(request)
