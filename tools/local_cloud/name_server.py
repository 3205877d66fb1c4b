"""The local cloud's DNS: what a file says, a record a line, as `go.example.com A 192.0.2.1`.

It is read for each question, so that what is written is so at once. Nobody else is asked. For tests
a name may have `SERVFAIL`, or `SILENCE`: no answer at all.
"""

import json
import shlex
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from linkwright.links.domains.items import proof
from tools import demo_links, demo_mailbox

FILE = "zone.txt"
_TTL = 1
_HOPS = 8
_BEGINNING = """\
# The names of the local cloud: `<name> <type> <value>`, a record a line. A domain of a workspace is
# proven by the TXT record that GET /api/domains/{id} shows. That of the demo's:
"""
_OF_THE_DEMO = f"_linkwright.{demo_links.DOMAIN} TXT {proof(demo_links.DOMAIN_ID)}\n"
_OF_MAIL = "\n".join(["# Of the demo's mailbox:", *demo_mailbox.RECORDS, ""])

Records = list[tuple[str, str, str]]


class NameServer:
    """On UDP, at 127.0.0.1. `file` may be written at any time."""

    def __init__(self, file: Path, port: int = 0) -> None:
        self.file = file
        if not file.exists():
            file.write_text(_BEGINNING + _OF_THE_DEMO)
        # Also to one that was there before these were.
        if demo_mailbox.RECORDS[0] not in file.read_text():
            file.write_text(file.read_text() + _OF_MAIL)
        try:
            self._server = _Server(("127.0.0.1", port), self)
        except OSError:
            self._server = _Server(("127.0.0.1", 0), self)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def records(self) -> Records:
        lines = [shlex.split(line, comments=True) for line in self.file.read_text().splitlines()]
        return [(line[0].lower(), line[1].upper(), " ".join(line[2:])) for line in lines if line]

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        asked = query.question[0]
        kind = dns.rdatatype.to_text(asked.rdtype)
        records, name = self.records(), asked.name.to_text(omit_final_dot=True).lower()
        for _ in range(_HOPS):
            here = [(what, value) for at, what, value in records if at == name]
            faults = {what for what, _ in here}
            if "SILENCE" in faults:
                return None
            if "SERVFAIL" in faults:
                reply.set_rcode(dns.rcode.SERVFAIL)
                break
            if not here:
                reply.set_rcode(dns.rcode.NXDOMAIN)
                break
            values = [value for what, value in here if what == kind]
            if values:
                _add(reply, name, kind, values)
                break
            onward = [value for what, value in here if what == "CNAME"]
            if not onward:
                break
            _add(reply, name, "CNAME", onward)
            name = onward[0].lower().removesuffix(".")
        return reply.to_wire()


class _Server(socketserver.UDPServer):
    def __init__(self, address: tuple[str, int], names: NameServer) -> None:
        self.names = names
        super().__init__(address, _Handler)


class _Handler(socketserver.BaseRequestHandler):
    server: Any

    def handle(self) -> None:
        wire, socket = self.request
        # What is no question gets no answer.
        with suppress(Exception):
            if (answer := self.server.names.answer(wire)) is not None:
                socket.sendto(answer, self.client_address)


def _add(reply: dns.message.Message, name: str, kind: str, values: list[str]) -> None:
    texts = [json.dumps(value) if kind == "TXT" else value for value in values]
    if kind == "CNAME":
        texts = [f"{text.removesuffix('.')}." for text in texts]
    reply.answer.append(dns.rrset.from_text(dns.name.from_text(name), _TTL, "IN", kind, *texts))


@contextmanager
def start(directory: Path) -> Iterator[NameServer]:
    """With the names of the runs before, on the port of the first if that is free."""
    kept = directory / "names.json"
    server = NameServer(directory / FILE, json.loads(kept.read_text()) if kept.exists() else 0)
    if not kept.exists():
        kept.write_text(json.dumps(server.port))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def parameters(server: NameServer) -> dict[str, str]:
    return {"DnsServers": server.address}
