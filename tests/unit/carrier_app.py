"""A service as the carrier sees it: it keeps each request and answers it with TwiML."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

XML = "text/xml; charset=utf-8"


@dataclass(frozen=True)
class Received:
    """`url` is the one that was signed: its origin is what the Host header names."""

    method: str
    url: str
    form: dict[str, str]
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def params(self) -> dict[str, str]:
        return self.form or dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))


@dataclass(frozen=True)
class Page:
    body: str
    content_type: str = XML
    status: int = 200


def twiml(inner: str) -> Page:
    return Page(f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>')


@dataclass
class App:
    url: str = ""
    scheme: str = "http"
    received: list[Received] = field(default_factory=list)
    pages: dict[str, Callable[[Received], Page]] = field(default_factory=dict)

    def page(self, path: str, inner: str) -> None:
        self.pages[path] = lambda _: twiml(inner)

    def at(self, path: str) -> list[Received]:
        return [one for one in self.received if one.path == path]

    def statuses(self) -> list[str]:
        return [one.params["CallStatus"] for one in self.at("/status")]

    def answer(self, received: Received) -> Page:
        self.received.append(received)
        found = self.pages.get(received.path)
        return found(received) if found else Page("", status=204)


class _Server(ThreadingHTTPServer):
    # The reports of many calls come in together; beyond the default of 5 they are refused.
    request_queue_size = 512


@contextmanager
def start_app() -> Iterator[App]:
    app = App()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            url = f"{app.scheme}://{self.headers['Host']}{self.path}"
            form = dict(parse_qsl(body, keep_blank_values=True))
            page = app.answer(Received(self.command, url, form, dict(self.headers)))
            content = page.body.encode()
            self.send_response(page.status)
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with _Server(("127.0.0.1", 0), Handler) as server:
        app.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield app
        finally:
            server.shutdown()
            thread.join()
