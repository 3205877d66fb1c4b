"""POST /callbacks/billing: hear which plan a workspace has paid for."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.workspace import billing


@public
def handler(request: Request) -> Response:
    return billing.received(request)
