"""A line to a host of mail: a judged address, TLS, an end of the whole conversation, bounded input.

What goes wrong on it is a `MailboxFailed`, never an `OSError`: the libraries above would take that
for an end, and hide that the time was up.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from linkwright import egress_dialling
from linkwright.egress_limits import (
    BadAnswer,
    Deadline,
    EgressError,
    NoTls,
    Refused,
    TooLarge,
    TooSlow,
    Unreachable,
    Wire,
)
from linkwright.providers.mailbox.types import Failure, MailboxFailed, Server

_FAILURES = (
    (Refused, Failure.HOST_NOT_ALLOWED),
    (TooSlow, Failure.TIMED_OUT),
    (TooLarge, Failure.TOO_LARGE),
    (NoTls, Failure.TLS_FAILED),
    (Unreachable, Failure.HOST_UNREACHABLE),
    # Who hangs up may be there again.
    (BadAnswer, Failure.HOST_UNREACHABLE),
)


class Line(Wire):
    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 -- as its parent
        with failing():
            return super().readinto(buffer)

    def sendall(self, content: bytes) -> None:
        with failing():
            super().sendall(content)


class Dialled:
    """A connection, its line, and how TLS is begun on it."""

    def __init__(self, server: Server, ports: frozenset[int], within: Deadline) -> None:
        self._server = server
        self._within = within
        with failing():
            self._connection = egress_dialling.open_connection(
                server.host, server.port, ports, within, is_secured=not server.starts_plain
            )
        self.line = Line(self._connection, within)

    def secure(self) -> None:
        """From here on by a line of its own: what came before in plain is on the old one."""
        with failing():
            self._connection = egress_dialling.secured(
                self._connection, self._server.host, self._within
            )
        self.line = Line(self._connection, self._within)

    def close(self) -> None:
        self._connection.close()


@contextmanager
def dialled(server: Server, ports: frozenset[int], within: Deadline) -> Iterator[Dialled]:
    """Raises `MailboxFailed`."""
    with closing(Dialled(server, ports, within)) as made:
        yield made


@contextmanager
def failing() -> Iterator[None]:
    """Without the cause, whose text may quote what was said."""
    try:
        yield
    except EgressError as failure:
        kind = next(known for one, known in _FAILURES if isinstance(failure, one))
        raise MailboxFailed(kind) from None
    except TimeoutError:
        raise MailboxFailed(Failure.TIMED_OUT) from None
    except OSError:
        raise MailboxFailed(Failure.HOST_UNREACHABLE) from None
