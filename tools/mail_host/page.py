"""What is shown by HTTP: `GET /messages?to=…` for programs, `GET /` for people.

By `POST /messages` somebody writes to an account of the host; `POST /token` gives access tokens.
"""

import html
import json
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tools.mail_host.accounts import Accounts
from tools.mail_host.letters import SHOWN, Letters

_IDLE_S = 15
_BODY_BYTES = 1024 * 1024
_STYLE = "body{font:15px sans-serif;margin:2em}article{border-top:1px solid #ccc;padding:1em 0}"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Whoever keeps a connection would be waited for.
    block_on_close = False


# Writes a mail from elsewhere, and tells its Message-ID.
Post = Callable[[dict[str, Any]], str]


def handler(letters: Letters, accounts: Accounts, post: Post) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        _letters = letters
        _accounts = accounts
        _post = staticmethod(post)

    return Handler


class _Handler(BaseHTTPRequestHandler):
    _letters: Letters
    _accounts: Accounts
    _post: Post
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

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _BODY_BYTES))
        path = urlsplit(self.path).path
        if path == "/messages":
            self._answer(*self._written(body))
        elif path == "/token":
            self._answer(*self._granted(body))
        else:
            self._answer(404, {"error": "nothing is here"})

    def _written(self, body: bytes) -> tuple[int, dict[str, Any]]:
        try:
            return 201, {"message_id": self._post(json.loads(body))}
        except (ValueError, KeyError, TypeError, AttributeError):
            return 400, {"error": "from, to, subject, text and headers make a mail, or raw"}

    def _granted(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """RFC 6749, section 6."""
        token = parse_qs(body.decode(errors="replace")).get("refresh_token", [""])[0]
        granted = self._accounts.access(token)
        return (200, granted) if granted else (400, {"error": "invalid_grant"})

    def _answer(self, status: int, said: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(said))

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
