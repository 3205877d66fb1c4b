"""The files by which a phone knows that an app takes the links of a domain.

Read as the redirect is: at a domain that is proven, and without a model.
"""

from linkwright.errors import NoSuchRoute
from linkwright.http import Request, Response
from linkwright.links.items import OWN_HOST, SERVING, domain_key, domain_name_key
from linkwright.links.redirect import front, host
from linkwright.table import Item, Table, get

# The field of a domain that each is, as text.
FIELDS = {
    "apple-app-site-association": "apple_app_site_association",
    "assetlinks.json": "assetlinks",
}
# Who changes one is not to wait for long, and each app that is installed asks for it.
_MAX_AGE_S = 300


def serve(request: Request) -> Response:
    """GET and HEAD. What is not there is answered as any path that no route takes."""
    field = FIELDS.get(request.path_parameters.get("file", ""))
    domain = _asked_at(request) if field else None
    text = domain["view"].get(field) if domain else None
    if domain is None or text is None:
        raise NoSuchRoute
    headers = {
        "Content-Type": "application/json",
        "Cache-Control": f"public, max-age={_MAX_AGE_S}",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(200, "" if request.method == "HEAD" else text, headers)


def _asked_at(request: Request) -> Item | None:
    """The domain that was asked at, if it is proven."""
    at = host.asked_at(request, behind_front=front.is_before(request))
    owner = get(Table.CORE, domain_name_key(at)) if at != OWN_HOST else None
    domain = get(Table.CORE, domain_key(owner["partition"], owner["domain"])) if owner else None
    return domain if domain and domain["status"] in SERVING else None
