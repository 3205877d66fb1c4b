"""A proxy in front of the emulator that spoils answers on the wire, one attempt after the other."""

import http.client
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# Longer than the clients wait for an answer.
SLOW_S = 3.4
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class Wire(StrEnum):
    GOOD = "good"
    THROTTLE = "throttle"
    ERROR_500 = "500"
    ERROR_503 = "503"
    RESET_BEFORE = "reset before forwarding"
    RESET_AFTER = "reset after forwarding"
    SLOW = "answer after the read timeout"
    EMPTY = "200 with an empty object"
    GARBAGE = "200 with bytes that are no JSON"


_THROTTLED = (
    b'{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",'
    b'"message":"The level of configured provisioned throughput for the table was exceeded."}'
)
_FAILED = b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"failed"}'
_ANSWERS = {
    Wire.THROTTLE: (400, _THROTTLED),
    Wire.ERROR_500: (500, _FAILED),
    Wire.ERROR_503: (503, b"<html>Service Unavailable</html>"),
    Wire.EMPTY: (200, b"{}"),
    Wire.GARBAGE: (200, b"\x00\xff not JSON"),
}


class Proxy:
    """Forwards to the emulator, but for what `spoil` says of the attempts to come."""

    def __init__(self, upstream: str) -> None:
        self.attempts: list[str] = []
        self._upstream = urlsplit(upstream).netloc
        self._plan: list[Wire] = []
        self._lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def spoil(self, *plan: Wire) -> None:
        """One for each attempt from now on; those after are good."""
        with self._lock:
            self.attempts.clear()
            self._plan = list(plan)

    def next(self, operation: str) -> Wire:
        with self._lock:
            self.attempts.append(operation)
            return self._plan.pop(0) if self._plan else Wire.GOOD

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self._upstream, timeout=10)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(_Handler):
            owner = proxy

        return Handler


class _Handler(BaseHTTPRequestHandler):
    owner: Proxy
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = self.headers.get("X-Amz-Target", self.path).rpartition(".")[2]
        wire = self.owner.next(operation)
        if wire is Wire.RESET_BEFORE:
            self._reset()
        elif wire in _ANSWERS:
            status, text = _ANSWERS[wire]
            self._answer(status, [("Content-Type", "application/x-amz-json-1.0")], text)
        else:
            status, headers, text = self.owner.forward(
                self.command, self.path, dict(self.headers), body
            )
            if wire is Wire.RESET_AFTER:
                self._reset()
            elif wire is Wire.SLOW:
                time.sleep(SLOW_S)  # not the stopped clock of the tests: the client's is real
                self._reset()
            else:
                self._answer(status, headers, text)

    def _answer(self, status: int, headers: list[tuple[str, str]], text: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _reset(self) -> None:
        # No lingering: the peer gets a reset, not an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: what goes wrong here is meant to."""


@contextmanager
def proxied(upstream: str) -> Iterator[Proxy]:
    proxy = Proxy(upstream)
    thread = threading.Thread(target=proxy.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        thread.join()
        proxy.server.server_close()
