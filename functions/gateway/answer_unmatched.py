"""$default: answer every path and method that no other route takes."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.routes import unmatched


@public
def handler(request: Request) -> Response:
    return unmatched(request)
