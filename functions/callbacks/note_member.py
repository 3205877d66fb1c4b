"""POST /callbacks/clerk: hear of an organisation, its members and people."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.workspace.identity import clerk


@public
def handler(request: Request) -> Response:
    return clerk.received(request)
