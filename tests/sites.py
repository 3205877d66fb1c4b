"""Sites of companies: on loopback, which answer whatever a test says, and one that all may read."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from linkwright import egress
from linkwright.mailer.research.robots import AGENT

HTML = "text/html; charset=utf-8"
# Where nobody asks the network: of all companies, this one has a site.
URL = "https://bread.example.com/"
QUOTE = "We bake bread for forty hotels in Haifa."
ANOTHER = "Our bakery was founded by two sisters of the north."
# What is sent as it is, until the reader has enough.
Stream = Callable[[Callable[[bytes], object]], None]


@dataclass(frozen=True)
class Shown:
    """What is at a path."""

    body: bytes | Stream = b""
    kind: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Site:
    """By path; what is asked is kept in `asked`. Where nothing is, that is told by a 404."""

    url: str = ""
    shows: dict[str, Shown] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def page(self, path: str, body: str, **more: str) -> None:
        self.shows[path] = Shown(f"<html><body>{body}</body></html>".encode(), **more)


def is_asked(options: Mapping[str, object]) -> bool:
    """Whether it is research that asks."""
    headers = options.get("headers")
    return isinstance(headers, Mapping) and AGENT in str(headers.get("User-Agent"))


def fetch(url: str, **_: object) -> egress.Answer:
    """In place of `egress.fetch`, of what is not on loopback."""
    where = urlsplit(url)
    if where.hostname != urlsplit(URL).hostname:
        raise egress.Unreachable("the host has no address")
    if where.path != "/":
        return egress.Answer(404, {}, b"", url)
    page = f"<title>Bread</title><p>{QUOTE}</p><p>{ANOTHER}</p>".encode()
    return egress.Answer(200, {"content-type": HTML}, page, url)


@contextmanager
def site() -> Iterator[Site]:
    """A site of its own, at a port of its own."""
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            shown = made.shows.get(self.path.partition("?")[0], Shown(status=404))
            self.send_response(shown.status)
            self.send_header("Content-Type", shown.kind)
            for name, value in shown.headers.items():
                self.send_header(name, value)
            if isinstance(shown.body, bytes):
                self.send_header("Content-Length", str(len(shown.body)))
            self.end_headers()
            with suppress(OSError):
                if isinstance(shown.body, bytes):
                    self.wfile.write(shown.body)
                else:
                    shown.body(self.wfile.write)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        # Nobody waits for an answer that never ends.
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        made.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
