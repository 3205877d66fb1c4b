"""$default: answer every path and method that no other route takes."""

from linkwright.endpoint import endpoint
from linkwright.http import Request, Response
from linkwright.routes import unmatched


@endpoint(scope=None, public=True)
def handler(request: Request) -> Response:
    return unmatched(request)
