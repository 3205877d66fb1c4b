"""GET|HEAD /.well-known/{file}: say which apps a domain of links belongs to."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.links.redirect import well_known


@public
def handler(request: Request) -> Response:
    return well_known.serve(request)
