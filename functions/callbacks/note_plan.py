"""POST /callbacks/billing: hear which plan a workspace has paid for."""

from linkwright.endpoint import endpoint
from linkwright.http import Request, Response
from linkwright.workspace import billing


@endpoint(scope=None, public=True)
def handler(request: Request) -> Response:
    return billing.received(request)
