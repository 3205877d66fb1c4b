"""How long an answer from outside may take, and how large it may be. Used by `egress.py`."""

import io
import zlib
from collections.abc import Callable, Mapping
from http.client import HTTPMessage, HTTPResponse
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeVar, cast

from linkwright import clock, deadline

# What the running function keeps for itself, to store how it went.
RESERVE_S = 1.0
MAX_HEAD_BYTES = 64 * 1024
# A chunk of one byte is six on the wire.
WIRE_FACTOR = 6
BUFFER_BYTES = 16 * 1024

_PLAIN = {"", "identity"}
_COMPRESSED = {"gzip", "x-gzip", "deflate"}
# zlib's largest window, and whichever of the two headers comes.
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS

Result = TypeVar("Result")


class EgressError(Exception):
    """No answer. The text may be shown to whoever chose the URL: it holds no part of it."""


class Refused(EgressError):
    """The URL, or an address of its host, is not allowed: nothing was sent there."""


class Unreachable(EgressError):
    """The host has no address, or no connection to it that held until all was sent."""


class NoTls(Unreachable):
    """There is somebody, but no TLS with them, or none by whom the host is to be."""


class TooSlow(EgressError):
    """The time was up. The request may have arrived."""


class TooLarge(EgressError):
    """More came than is taken; of a compressed body, more than that after decompression."""


class BadAnswer(EgressError):
    """What came is not HTTP, or not the whole of it. The request has probably arrived."""


class Deadline:
    """The end of everything that one question may take, and never after the function's own."""

    def __init__(self, timeout_s: float) -> None:
        self._end = clock.monotonic() + min(timeout_s, deadline.seconds_left() - RESERVE_S)

    def left(self, at_most: float = float("inf")) -> float:
        """Seconds, more than 0. Raises `TooSlow`."""
        seconds = self._end - clock.monotonic()
        if seconds <= 0:
            raise TooSlow("the time is up")
        return min(seconds, at_most)


class Connection(Protocol):
    """What is used of a socket."""

    def settimeout(self, seconds: float, /) -> None: ...
    def send(self, content: memoryview, /) -> int: ...
    def recv_into(self, buffer: memoryview, /) -> int: ...


class Wire(io.RawIOBase):
    """A connection as `http.client` wants one, which bounds all that may come over it.

    Each wait ends with the whole: a peer that sends a byte now and then gains nothing by it.
    """

    def __init__(self, connection: Connection, within: Deadline) -> None:
        super().__init__()
        self._connection = connection
        self._within = within
        self._allowance = MAX_HEAD_BYTES
        self._in_head = True

    def expect_body(self, max_bytes: int) -> None:
        """Until then a head may come, and all of it must."""
        self._in_head = False
        self._allowance = MAX_HEAD_BYTES + WIRE_FACTOR * max_bytes

    def allow(self, max_bytes: int) -> None:
        """From here on so many may come, of a conversation that has no head: its end is a cut."""
        self._allowance = max_bytes

    def sendall(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            self._connection.settimeout(self._within.left())
            rest = rest[self._connection.send(rest) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, BUFFER_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 -- the type of a buffer is new in 3.12
        self._connection.settimeout(self._within.left())
        count = self._connection.recv_into(buffer)
        if count == 0 and self._in_head:
            # `http.client` would take what came for the whole head.
            raise BadAnswer("the answer is cut")
        self._allowance -= count
        if self._allowance < 0:
            raise TooLarge("the answer is too large")
        return count


class Response(HTTPResponse):
    def begin(self) -> None:
        super().begin()
        while 100 <= self.status < 200:
            if self.status == 101:
                raise BadAnswer("the host changed the protocol")
            # That something is coming; `begin` itself knows this of status 100 only.
            self.headers = cast(HTTPMessage, None)
            super().begin()


def in_time(ask: Callable[[], Result], within: Deadline) -> Result:
    """For what takes no time limit, as `getaddrinfo`, which the owner of a name can hold up."""
    # A future would load the standard library's log, which took 2% of a start.
    answers = SimpleQueue[tuple[Result | None, Exception | None]]()

    def work() -> None:
        try:
            answers.put((ask(), None))
        except (OSError, ValueError) as failure:
            answers.put((None, failure))

    # A daemon: nobody waits for it, not even the end of the process.
    Thread(target=work, daemon=True).start()
    try:
        answer, failure = answers.get(timeout=within.left())
    except Empty:
        raise TooSlow("the time is up") from None
    if failure is not None:
        raise failure
    return cast(Result, answer)


def read_body(read: Callable[[int], bytes], headers: Mapping[str, str], max_bytes: int) -> bytes:
    """All that `read` gives, decompressed. Never holds much more than `max_bytes`."""
    if not _has_clear_length(headers):
        raise BadAnswer("the length of the body is not clear")
    encoding = headers.get("content-encoding", "").lower()
    if encoding not in _PLAIN | _COMPRESSED:
        raise BadAnswer("the body has an encoding that was not asked for")
    unpack = zlib.decompressobj(_GZIP_OR_ZLIB) if encoding in _COMPRESSED else None
    body, came = bytearray(), 0
    while piece := read(BUFFER_BYTES):
        came += len(piece)
        # One byte more than is taken shows that there is more; a limit of 0 would be none.
        body += unpack.decompress(piece, max_bytes + 1 - len(body)) if unpack else piece
        if len(body) > max_bytes:
            raise TooLarge("the answer is too large")
        if unpack and unpack.unused_data:
            raise BadAnswer("something follows the compressed body")
    # Nothing at all is what comes for HEAD.
    if unpack and came and not unpack.eof:
        raise BadAnswer("the compressed body is cut")
    return bytes(body)


def _has_clear_length(headers: Mapping[str, str]) -> bool:
    """Whether `http.client` reads the body as it is meant: else, it takes all that comes."""
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        return coding.lower() == "chunked"
    return length is None or (length.isascii() and length.isdecimal())
