"""The answer to a request that no route takes: 404, or 405 where the path has other methods."""

import json
import re
from functools import cache
from pathlib import Path

from linkwright.errors import MethodNotAllowed, NoSuchRoute
from linkwright.http import Request, Response, preflight
from linkwright.startup import in_advance

# Generated from template.yaml by tools/routes.py: each line a method and a path.
_ROUTES = Path(__file__).with_name("routes.json")


@in_advance
@cache
def _table() -> list[tuple[re.Pattern[str], list[str]]]:
    paths: dict[str, list[str]] = json.loads(_ROUTES.read_text())
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), paths[path]) for path in paths]


def unmatched(request: Request) -> Response:
    """Raises `NoSuchRoute` or `MethodNotAllowed`; answers a browser's preflight."""
    methods = sorted({m for path, ms in _table() if path.fullmatch(request.path) for m in ms})
    # A path with an encoded slash reads like a route here, but API Gateway did not take it for one.
    if not methods or request.method in methods:
        raise NoSuchRoute
    if request.method == "OPTIONS":
        return preflight(request, methods)
    allow = {"Allow": ", ".join(methods)}
    raise MethodNotAllowed(f"The method {request.method} is not allowed here.", headers=allow)
