"""The carrier's HTTP server."""

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from tools.carrier import books
from tools.carrier.behaviour import Behaviour, Fault
from tools.carrier.carrier import Account, Carrier, Request
from tools.carrier.errors import SUSPENDED, RestError
from tools.carrier.rest import Asked, Response, Route, account_path, find, values
from tools.serving import serve

BODY_BYTES = 64 * 1024
_IDLE_S = 15
_POLL_S = 0.02
_LIMITED = RestError(429, 20429, "Too Many Requests")
_FAILED = RestError(500, 20500, "Internal Server Error")
_REFUSALS = {Fault.LIMIT: _LIMITED, Fault.SUSPEND: SUSPENDED, Fault.FAIL: _FAILED}


@contextmanager
def start_carrier(
    port: int = 0,
    *,
    behaviour: Behaviour | None = None,
    time_scale: float = 1.0,
    origins: Mapping[str, str] | None = None,
    account: Account | None = None,
    kept_in: Path | None = None,
) -> Iterator[Carrier]:
    """A carrier on loopback, until the end of the block; port 0 takes a free one.

    `time_scale` is the real length of a second of a call. `origins` lets public URLs be called
    back on loopback: {"https://calls.example": "http://127.0.0.1:8000"}. Without an `account` a new
    one is made. What it did is read from the file `kept_in` and written there at the end.
    """
    carrier = Carrier(behaviour or Behaviour(), time_scale, origins or {}, account or Account())
    if kept_in:
        books.read(carrier, kept_in)
    with _Server(("127.0.0.1", port), _handler(carrier)) as server:
        carrier.base_url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=serve, args=(server, _POLL_S), daemon=True)
        thread.start()
        try:
            yield carrier
        finally:
            carrier.close()
            server.shutdown()
            thread.join()
            if kept_in:
                books.write(carrier, kept_in)


class _Server(ThreadingHTTPServer):
    # Many at once come in together; the default of 5 makes the rest try again a second later.
    request_queue_size = 512


def _handler(carrier: Carrier) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        _carrier = carrier

    return Handler


class _Handler(BaseHTTPRequestHandler):
    _carrier: Carrier
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    # An answer is two writes: without it the second waits 40 ms.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, format: str, *args: object) -> None:
        """Requests carry credentials: none is logged."""

    def _answer(self, method: str) -> None:
        carrier, target = self._carrier, urlsplit(self.path)
        query, form = values(target.query), values(self._body())
        route: Route | None = None
        fault: Fault | None = None
        try:
            below = account_path(carrier, target.path, self.headers.get("Authorization", ""))
            route, found = find(method, below)
            fault = carrier.fault(route.operation)
            if fault and not fault.carries_out:
                raise _REFUSALS[fault]
            response = route.handler(carrier, Asked(target.path, query, form, found))
        except RestError as error:
            response = Response(error.status, error.body())
        if fault is Fault.FAIL_AFTER:
            response = Response(_FAILED.status, _FAILED.body())
        unanswered = fault in (Fault.HANG, Fault.DROP)
        carrier.requests.append(
            Request(
                route.operation if route else None,
                method,
                target.path,
                {name: " ".join(given) for name, given in (query | form).items()},
                None if unanswered else response.status,
            )
        )
        if unanswered:
            self._say_nothing(wait=fault is Fault.HANG)
        else:
            time.sleep(carrier.behaviour.answer_after_s)
            self._send(response)

    def _body(self) -> str:
        length = min(int(self.headers.get("Content-Length") or 0), BODY_BYTES)
        return self.rfile.read(length).decode(errors="replace")

    def _say_nothing(self, *, wait: bool) -> None:
        if wait:
            self._carrier.closing.wait()
        self.close_connection = True

    def _send(self, response: Response) -> None:
        json_body = not isinstance(response.body, bytes)
        body = json.dumps(response.body).encode() if json_body else response.body
        assert isinstance(body, bytes)  # noqa: S101 -- mypy does not follow json_body
        self.send_response(response.status)
        if response.status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="Twilio API"')
        self.send_header("Twilio-Request-Id", f"RQ{secrets.token_hex(16)}")
        if response.status != 204:
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
