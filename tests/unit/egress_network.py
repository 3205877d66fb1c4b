"""An internet for `egress.py` on loopback: names, addresses, and the servers behind them."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from linkwright import egress_dialling

Reply = Callable[[socket.socket], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def redirect(location: str, status: int = 302) -> bytes:
    head = f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    return head.encode()


class Server:
    """Answers each connection with the next reply, the last of them for ever."""

    def __init__(self, *replies: bytes | Reply, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._replies = list(replies)
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        # Wakes `accept`, which closing alone does not.
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
            # A client that has heard enough, or that does not trust us, hangs up.
            with connection, suppress(OSError):
                connection.settimeout(5)
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        if self._tls:
            with self._tls.wrap_socket(connection, server_side=True) as secured:
                self._converse(secured)
        else:
            self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        if not (request := _request(connection)):
            return
        self.requests.append(request)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, bytes):
            connection.sendall(reply)
        else:
            reply(connection)


def _request(connection: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        piece = connection.recv(65536)
        if not piece:
            return b""
        found += piece
        # TLS, which this server does not speak, ends otherwise.
        if found.startswith(b"\x16"):
            return found
    head, _, body = found.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.partition(b":")[2]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


class Network:
    """What `egress` looks up and dials, noted; an address without a server refuses."""

    def __init__(self) -> None:
        # For each name the answers in turn, the last of them for ever.
        self.names: dict[str, list[list[str]]] = {}
        self.lookups: list[str] = []
        self.dialled: list[tuple[str, int]] = []
        self._behind: dict[str, Server] = {}
        self._servers: list[Server] = []
        self._literals = egress_dialling._lookup

    def name(self, name: str, *answers: list[str]) -> None:
        self.names[name] = list(answers)

    def serve(
        self, name: str, address: str, *replies: bytes | Reply, tls: ssl.SSLContext | None = None
    ) -> Server:
        """A server behind an address, and a name for it unless that has answers of its own."""
        server = Server(*replies, tls=tls)
        self._servers.append(server)
        self._behind[address] = server
        self.names.setdefault(name, [[address]])
        return server

    def lookup(self, host: str, port: int) -> list[Any]:
        self.lookups.append(host)
        if host not in self.names:
            socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
            return self._literals(host, port)
        answers = self.names[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (socket.AF_INET6, (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, (address, port))
            for address in found
        ]

    def dial(
        self, family: socket.AddressFamily, address: tuple[Any, ...], timeout_s: float
    ) -> socket.socket:
        self.dialled.append(address[:2])
        assert (family == socket.AF_INET6) == (":" in address[0])
        if address[0] not in self._behind:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", self._behind[address[0]].port), timeout_s)

    def close(self) -> None:
        for server in self._servers:
            server.close()


class Authority:
    """A certificate authority of one's own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Authority of the tests")
        self._extensions = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        usage = x509.KeyUsage(*(name in {5, 6} for name in range(9)))
        self.certificate = self._signed(
            self._name,
            self._key.public_key(),
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (usage, True),
            (self._extensions, False),
        )

    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server(self, host: str, folder: Path) -> ssl.SSLContext:
        """The side of a server that has a certificate for the host."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(
            _named(host),
            key.public_key(),
            (x509.SubjectAlternativeName([x509.DNSName(host)]), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._extensions),
                False,
            ),
        )
        file = folder / f"{host}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *extensions: tuple[x509.ExtensionType, bool],
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key,
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(hours=1),
            not_valid_after=now + timedelta(hours=1),
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
