"""Servers of the local cloud that are stopped as they start."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools.serving import serve


def test_one_that_was_closed_before_it_served_says_nothing() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        pass
    serve(server, 0.05)


def test_what_is_wrong_with_one_that_is_open_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: float) -> None:
        raise ValueError("of something else")

    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        monkeypatch.setattr(server, "serve_forever", fails)
        with pytest.raises(ValueError, match="something else"):
            serve(server, 0.05)
