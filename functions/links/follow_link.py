"""GET|HEAD /{alias} and GET|HEAD /: follow a short link."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.links.redirect import service


@public
def handler(request: Request) -> Response:
    return service.follow(request)
