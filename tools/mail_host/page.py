"""What is shown by HTTP: `GET /messages?to=…` for programs, `GET /` for people."""

import html
import json
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tools.mail_host.letters import SHOWN, Letters

_IDLE_S = 15
_STYLE = "body{font:15px sans-serif;margin:2em}article{border-top:1px solid #ccc;padding:1em 0}"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Whoever keeps a connection would be waited for.
    block_on_close = False


def handler(letters: Letters) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        _letters = letters

    return Handler


class _Handler(BaseHTTPRequestHandler):
    _letters: Letters
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        to = parse_qs(target.query).get("to", [None])[0]
        if target.path not in {"/", "/messages"}:
            self._send(404, "application/json", json.dumps({"error": "nothing is here"}))
            return
        shown = [letter.shown() for letter in islice(self._letters.newest(to), SHOWN)]
        if target.path == "/messages":
            self._send(200, "application/json", json.dumps({"messages": shown}))
        else:
            self._send(200, "text/html; charset=utf-8", _page(shown))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: addresses are asked for."""

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode(errors="replace")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        # What came runs nothing, and loads nothing.
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _page(shown: Sequence[dict[str, Any]]) -> str:
    articles = "".join(map(_article, shown)) or "<p>No mail yet.</p>"
    return (
        f'<!doctype html><meta charset="utf-8"><title>Mail</title><style>{_STYLE}</style>{articles}'
    )


def _article(letter: dict[str, Any]) -> str:
    said = {name: html.escape(str(letter[name] or "")) for name in ("subject", "from", "text")}
    to = html.escape(", ".join(letter["to"]))
    return (
        f'<article><b dir="auto">{said["subject"]}</b>'
        f"<p>{letter['received_at']} from {said['from']} to {to}</p>"
        f'<pre dir="auto" style="white-space:pre-wrap">{said["text"]}</pre></article>'
    )
