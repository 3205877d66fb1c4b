"""POST /callbacks/clerk: hear of an organisation, its members and people."""

from linkwright.endpoint import endpoint
from linkwright.http import Request, Response
from linkwright.workspace.identity import clerk


@endpoint(scope=None, public=True)
def handler(request: Request) -> Response:
    return clerk.received(request)
