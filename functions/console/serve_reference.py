"""GET|HEAD /docs and GET|HEAD /docs/{asset} and GET|HEAD /openapi.json: show the reference."""

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

from mangum import Mangum
from starlette import requests
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linkwright import startup
from linkwright.errors import ResourceNotFound
from linkwright.http import JSON, Request, error_response
from linkwright.settings import settings

_HERE = Path(__file__).resolve().parent
_VIEWER = "aws_lambda_powertools.event_handler.openapi.swagger_ui"

# The viewer sets style attributes; scripts come from here alone.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=300",
}

# Its links are relative: a domain may put something before our paths.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Linkwright API</title>
<link rel="stylesheet" href="docs/swagger-ui.min.css">
</head>
<body>
<div id="reference"></div>
<script src="docs/swagger-ui-bundle.min.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
"""
# The licence travels with the viewer.
_NOTICE = """This page is shown by Swagger UI, https://github.com/swagger-api/swagger-ui
Copyright SmartBear Software Inc., under the Apache License, Version 2.0:
https://www.apache.org/licenses/LICENSE-2.0
"""


def _description() -> Path:
    """Beside this file where it is built for Lambda, else where the repository keeps it."""
    built = _HERE / "openapi.json"
    return built if built.exists() else _HERE.parent.parent / "docs" / "openapi.json"


def _viewer() -> Path:
    """The build puts the viewer beside this file; in the repository it is where it came from."""
    built = _HERE / "viewer"
    if built.is_dir():
        return built
    package = importlib.util.find_spec(_VIEWER)
    assert package  # noqa: S101 -- a dependency
    assert package.origin  # noqa: S101
    return Path(package.origin).parent


async def _reference(_: requests.Request) -> Response:
    return HTMLResponse(_PAGE)


async def _openapi(_: requests.Request) -> Response:
    return FileResponse(_description(), headers={"Content-Type": JSON})


async def _asset(request: requests.Request) -> Response:
    name = request.path_params["asset"]
    if name == "start.js":
        return Response(_START, media_type="text/javascript")
    if name == "notice.txt":
        return Response(_NOTICE, media_type="text/plain")
    if name in {"swagger-ui-bundle.min.js", "swagger-ui.min.css"}:
        return FileResponse(_viewer() / name)
    raise HTTPException(404)


async def _refuse(request: requests.Request, _: Exception) -> Response:
    """What is not there, in the API's own envelope."""
    known = ResourceNotFound("There is no such page.")
    answer = error_response(known, request.scope["asked"])
    return Response(answer.body, answer.status, {**answer.headers, "Content-Type": JSON})


class _Headers:
    """Adds what every answer carries."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["asked"] = Request.from_event(scope["aws.event"])

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update({**_HEADERS, "Request-Id": asked.id})
            elif asked.method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, add)


app = Starlette(
    routes=[
        Route("/openapi.json", _openapi),
        Route("/docs", _reference),
        Route("/docs/{asset}", _asset),
    ],
    middleware=[Middleware(_Headers), Middleware(GZipMiddleware)],
    exception_handlers={HTTPException: _refuse},
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 -- Lambda's
    """Mangum runs on the thread's current event loop, and Python makes none by itself any more."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        base = settings().base_path or "/"
        return Mangum(app, lifespan="off", api_gateway_base_path=base)(event, context)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


startup.ready()
