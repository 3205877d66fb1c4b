"""The vendors on loopback, until the end of a block."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tools.serving import serve
from tools.vendors import wire

HOST = "127.0.0.1"
_POLL_S = 0.02
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Vendors:
    """Where they are; `key` is the one that OpenAI's knows."""

    url: str
    key: str

    @property
    def anthropic_key(self) -> str:
        return wire.of_anthropic(self.key)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def start_vendors(key: str, port: int = 0) -> Iterator[Vendors]:
    """On any free port, if it is 0."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("content-length") or 0), _MOST_BYTES)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = wire.answer(self.path, headers, self.rfile.read(length), key)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: a line would have nothing that nobody knows."""

    with ThreadingHTTPServer((HOST, port), Handler) as server:
        thread = Thread(target=serve, args=(server, _POLL_S), daemon=True)
        thread.start()
        try:
            yield Vendors(f"http://{HOST}:{server.server_port}", key)
        finally:
            server.shutdown()
            thread.join()
