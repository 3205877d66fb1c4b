"""GET /v1/unsubscribe/{token}: ask a member whether they want no such mail any more."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.workspace.mailed import unsubscribing


@public
def handler(request: Request) -> Response:
    return unsubscribing.show(request)
