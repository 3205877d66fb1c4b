"""A service of AWS, of those that speak JSON, on this machine."""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests import processes

Answer = tuple[int, bytes] | tuple[int, bytes, Mapping[str, str]]
"""Status, body, and headers if there are any."""


@contextmanager
def served(
    *answers: Answer | None, tls: ssl.SSLContext | None = None, keeps: bool = False
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that gives these answers in turn, none where it hangs up, and what it was asked.

    It `keeps` a connection open after an answer, or closes it without a word.
    """
    asked: list[dict[str, Any]] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            port = self.client_address[1]
            asked.append({"path": self.path, "body": json.loads(body), **self.headers, "of": port})
            answer = left.pop(0)
            self.close_connection = not keeps or answer is None
            if answer is None:
                return
            self.send_response(answer[0])
            for name, value in (answer[2] if len(answer) == 3 else {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        # Whoever keeps a connection would be waited for.
        server.block_on_close = False
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            scheme = "https://localhost" if tls else "http://127.0.0.1"
            yield f"{scheme}:{server.server_port}", asked
        finally:
            processes.forget()
            server.shutdown()
            thread.join()
