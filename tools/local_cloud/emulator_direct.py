"""A short way to MiniStack's tables and queues.

MiniStack asks of each request whether it is for a website, a load balancer, a registry and some
twenty others, and copies items by the standard library's general copier, six times for an update.
Nearly all that tests ask is for tables and queues, and says so in a header: of what the emulator
did for a read, three quarters were on the way to it.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from copy import deepcopy
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TARGET = b"x-amz-target"
# MiniStack's modules, by what the name of an operation begins with.
SERVICES = {b"DynamoDB_20120810": "dynamodb", b"AmazonSQS": "sqs"}
# What nobody can change, and thus need not be copied.
_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})
_FAILED = b'{"__type":"InternalError","message":"see the log"}'

log = logging.getLogger(__name__)


def apply() -> None:
    from ministack.services import dynamodb

    dynamodb.copy = SimpleNamespace(deepcopy=copied)


def copied(value: Any) -> Any:  # noqa: ANN401 -- what JSON holds, and what MiniStack makes of it
    """As `copy.deepcopy`, of what holds nothing in two places, as an item."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {key: copied(one) for key, one in value.items()}
    if kind is list:
        return [copied(one) for one in value]
    return deepcopy(value)


def directly(app: App) -> App:
    """`app`, but for what says that it is for tables or queues.

    Where roles are enforced all is for `app`, which does that.
    """
    from ministack.app import AUTH, _get_module

    if AUTH:
        return app

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        service = _service(scope)
        body = await _body(receive) if service else None
        if service is None:
            await app(scope, receive, send)
        elif body is not None:
            status, headers, content = await _answer(_get_module(service), scope, body)
            named = [(name.encode(), value.encode()) for name, value in headers.items()]
            named.append((b"content-length", b"%d" % len(content)))
            await send({"type": "http.response.start", "status": status, "headers": named})
            await send({"type": "http.response.body", "body": content})

    return serve


def _service(scope: Scope) -> str | None:
    for name, value in scope.get("headers", ()):
        if name == TARGET:
            return SERVICES.get(value.partition(b".")[0])
    return None


async def _body(receive: Receive) -> bytes | None:
    """None of somebody who is gone."""
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _answer(
    service: Any,  # noqa: ANN401 -- a module of MiniStack's
    scope: Scope,
    body: bytes,
) -> tuple[int, dict[str, str], bytes]:
    from ministack.core.responses import set_request_account_id, set_request_region
    from ministack.core.router import extract_access_key_id, extract_region

    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    set_request_account_id(extract_access_key_id(headers))
    set_request_region(extract_region(headers))
    told = {"x-amzn-requestid": str(uuid4())}
    try:
        status, more, content = await service.handle_request(
            "POST", scope["path"], headers, body, {}
        )
    except Exception:
        log.exception("of %s", headers["x-amz-target"])
        return 500, told | {"content-type": "application/json"}, _FAILED
    return status, told | more, content if isinstance(content, bytes) else content.encode()
