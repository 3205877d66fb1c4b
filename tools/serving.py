"""A server that serves in a thread of its own."""

from socketserver import TCPServer


def serve(server: TCPServer, poll_s: float) -> None:
    """As its `serve_forever`. Whoever is interrupted while the thread starts closes the server
    before it serves: then there is nothing to serve, and nothing to tell.
    """
    try:
        server.serve_forever(poll_s)
    except ValueError:
        if server.fileno() >= 0:
            raise
