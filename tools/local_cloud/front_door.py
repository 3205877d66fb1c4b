"""The API at a pretty address: forwards each request unchanged to MiniStack's API Gateway."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpcore
import uvicorn
from starlette.types import Receive, Scope, Send

from tools.local_cloud.emulator_patches import CLIENT_HEADER
from tools.local_cloud.processes import LocalCloudError

# Each further parallel request to a function starts one more worker process in MiniStack; more
# than this makes everything slower on a small machine. The rest wait.
AT_ONCE = 8
# What the carrier asks and tells may take as many of these: a worker that starts while five others
# do may need more than the 15 s that a carrier waits, and whoever uses the API waits behind it.
CALLBACKS_AT_ONCE = 3
CALLBACKS = b"/callbacks/"
# API Gateway's own limit for a request body.
BODY_BYTES = 10 * 1024 * 1024
# Who waits at the end is answered by then, before the server cuts what it has; both in seconds.
ENDING_SECONDS = 2
CUT_SECONDS = 3
# Below the 75 s after which MiniStack closes an idle connection.
KEEP_IDLE_SECONDS = 30
HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
CLIENT = CLIENT_HEADER.encode()
# As API Gateway writes it over whatever a client says.
PROTOCOL = (b"x-forwarded-proto", b"http")
WRITTEN_HERE = {CLIENT, b"content-length", PROTOCOL[0]}
# Answers a client gets when a request ends before it reaches a function, as API Gateway words them.
TOO_LARGE = (413, b'{"message":"Request Entity Too Large"}')
UNAVAILABLE = (503, b'{"message":"Service Unavailable"}')
FUNCTION_FAILED = (500, b'{"message":"Internal Server Error"}')
# How MiniStack answers for a function that raised, timed out or did not start: with its error text.
EMULATOR_FAILED = 502

Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]


class FrontDoor:
    """An ASGI application. It keeps no log: requests carry credentials."""

    def __init__(self, endpoint_url: str, api_id: str) -> None:
        self._origin = httpcore.URL(endpoint_url)
        self._prefix = f"/_aws/execute-api/{api_id}/$default".encode()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._callback_slots = asyncio.Semaphore(CALLBACKS_AT_ONCE)
        self._under_way: set[asyncio.Future[Answer]] = set()
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=AT_ONCE, keepalive_expiry=KEEP_IDLE_SECONDS, retries=1
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        answering = asyncio.ensure_future(self._answer(scope, receive))
        self._under_way.add(answering)
        answering.add_done_callback(self._under_way.discard)
        await asyncio.wait([answering])
        status, headers, content = (
            _own_answer(*UNAVAILABLE) if answering.cancelled() else answering.result()
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        body = await _read_body(receive)
        if body is None:
            return _own_answer(*TOO_LARGE)
        if scope["raw_path"].startswith(CALLBACKS):
            async with self._callback_slots:
                return await self._forward(scope, body)
        return await self._forward(scope, body)

    def end(self) -> None:
        """Have who still waits in a moment answered; from any thread, once it is served."""
        self._loop.call_soon_threadsafe(self._loop.call_later, ENDING_SECONDS, self._give_up)

    def _give_up(self) -> None:
        for one in self._under_way:
            one.cancel()

    async def _live(self, receive: Receive, send: Send) -> None:
        """Until the server stops; then close the connections that were kept."""
        self._loop = asyncio.get_running_loop()
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _forward(self, scope: Scope, body: bytes) -> Answer:
        target = self._prefix + scope["raw_path"]
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        headers = [pair for pair in _end_to_end(scope["headers"]) if pair[0] not in WRITTEN_HERE]
        headers += [(CLIENT, scope["client"][0].encode()), PROTOCOL]
        if body or scope["method"] in {"POST", "PUT", "PATCH"}:
            headers.append((b"content-length", str(len(body)).encode()))
        url = httpcore.URL(
            scheme=self._origin.scheme,
            host=self._origin.host,
            port=self._origin.port,
            target=target,
        )
        try:
            async with self._slots:
                answer = await self._pool.request(
                    scope["method"], url, headers=headers, content=body
                )
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
            return _own_answer(*UNAVAILABLE)
        if answer.status == EMULATOR_FAILED and b'"errorMessage"' in answer.content:
            return _own_answer(*FUNCTION_FAILED)
        return answer.status, _end_to_end(answer.headers), answer.content


async def _read_body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= BODY_BYTES:
            parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts) if size <= BODY_BYTES else None


def _end_to_end(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]


def _own_answer(status: int, text: bytes) -> Answer:
    length = str(len(text)).encode()
    return status, [(b"content-type", b"application/json"), (b"content-length", length)], text


def open_port(port: int) -> socket.socket:
    """The listening socket of the front door; 0 takes a free port."""
    try:
        listener = socket.create_server(("127.0.0.1", port), backlog=512)
    except OverflowError:
        raise LocalCloudError(f"There is no port {port}: choose another with PORT=.") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise LocalCloudError(
            f"Port {port} cannot be used ({reason}): choose another, as in 'make run PORT=8080'."
        ) from None
    # Accepted connections inherit it; without it each answer on a kept connection waits 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def base_url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def serve(listener: socket.socket, endpoint_url: str, api_id: str) -> Iterator[None]:
    """Answer on `listener` from a thread of its own."""
    door = FrontDoor(endpoint_url, api_id)
    config = uvicorn.Config(
        door,
        http="h11",
        loop="asyncio",
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=CUT_SECONDS,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        if server.started:
            door.end()
        server.should_exit = True
        thread.join(10)
