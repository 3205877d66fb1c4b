"""Hosts of mail on loopback that say what a test has them say, over TLS or without."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from linkwright.providers.mailbox.types import Server

# What a script does with the one connection that it has.
Script = Callable[["Talk"], None]


@dataclass
class Talk:
    connection: socket.socket
    tls: ssl.SSLContext
    heard: list[bytes] = field(default_factory=list)

    def say(self, *lines: str) -> None:
        self.connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> bytes:
        """A line, without its end."""
        line = b""
        while not line.endswith(b"\n"):
            one = self.connection.recv(1)
            if not one:
                raise ConnectionError
            line += one
        self.heard.append(line.rstrip(b"\r\n"))
        return self.heard[-1]

    def secure(self) -> None:
        self.connection = self.tls.wrap_socket(self.connection, server_side=True)


class Host:
    """Takes each connection with the same script; `heard` is all that it was told, by lines."""

    def __init__(self, script: Script, tls: ssl.SSLContext, *, starts_plain: bool = False) -> None:
        self.heard: list[bytes] = []
        self.connections = 0
        self._script, self._tls, self._starts_plain = script, tls, starts_plain
        self._listener = socket.create_server(("127.0.0.1", 0))
        port: int = self._listener.getsockname()[1]
        self.server = Server("localhost", port, starts_plain)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(5)
            talk = Talk(connection, self._tls, self.heard)
            with suppress(OSError):
                if not self._starts_plain:
                    talk.secure()
                self._script(talk)
            talk.connection.close()


@contextmanager
def served(host: Host) -> Iterator[Host]:
    try:
        yield host
    finally:
        host.close()


def smtp(
    *replies: str,
    greeting: str = "220 ready",
    auth: str = "PLAIN LOGIN XOAUTH2",
    after_data: Script | None = None,
    in_data: Script | None = None,
) -> Script:
    """A host that lets in whoever asks, and then answers MAIL, RCPT, DATA and the last dot."""

    def script(talk: Talk) -> None:
        talk.say(greeting)
        talk.hear()
        talk.say("250-localhost", f"250-AUTH {auth}", "250 8BITMIME")
        talk.hear()
        talk.say("235 welcome")
        mail, rcpt, data, end = (*replies, "250 ok", "250 ok", "354 go on", "250 taken")[:4]
        for reply in (mail, rcpt, data):
            talk.hear()
            talk.say(reply)
        if in_data:
            in_data(talk)
            return
        while talk.hear() != b".":
            pass
        if after_data:
            after_data(talk)
            return
        talk.say(end)
        talk.hear()
        talk.say("221 bye")

    return script
