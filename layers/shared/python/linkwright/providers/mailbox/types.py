"""What the clients of a mailbox take, give, and fail with."""

from enum import StrEnum
from typing import NamedTuple

from linkwright.providers.mailbox import refusals
from linkwright.providers.mailbox.refusals import About


class Failure(StrEnum):
    """Why a mailbox did not do what it was asked. They are stored and shown."""

    HOST_NOT_ALLOWED = "host_not_allowed"
    HOST_UNREACHABLE = "host_unreachable"
    TIMED_OUT = "timed_out"
    TLS_FAILED = "tls_failed"
    STARTTLS_MISSING = "starttls_missing"
    LOGIN_REFUSED = "login_refused"
    LOGIN_UNAVAILABLE = "login_unavailable"
    LOGIN_METHOD_MISSING = "login_method_missing"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 -- a word for it
    TOKEN_UNAVAILABLE = "token_unavailable"  # noqa: S105 -- the same
    TOO_LARGE = "too_large"
    PROTOCOL_ERROR = "protocol_error"
    SENDER_REFUSED = "sender_refused"
    RECIPIENT_REFUSED = "recipient_refused"
    CONTENT_REFUSED = "content_refused"
    DEFERRED = "deferred"
    FOLDER_MISSING = "folder_missing"


_PASSING = frozenset(
    {
        Failure.HOST_UNREACHABLE,
        Failure.TIMED_OUT,
        Failure.LOGIN_UNAVAILABLE,
        Failure.TOKEN_UNAVAILABLE,
        Failure.DEFERRED,
    }
)


class MailboxFailed(Exception):
    """It was certainly not done. `code` is the one that a host of SMTP gave, `status` that of RFC
    3463; of what the host said besides it is kept of whom it speaks, as it may quote what it was
    told.
    """

    def __init__(
        self, failure: Failure, code: int | None = None, status: str = "", words: str = ""
    ) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.code = code
        self.status = status
        self.about = refusals.about(code, status, words)

    def of_sender(self) -> "MailboxFailed":
        """As nothing was said of a reader yet."""
        if self.about is not About.PACE:
            self.about = About.SENDER
        return self

    @property
    def is_passing(self) -> bool:
        """Whether the same may be done later."""
        return self.failure in _PASSING


class OutcomeUnknown(Exception):
    """A mail was handed over to its last dot, and nobody said what became of it."""


class Server(NamedTuple):
    """One that `starts_plain` is asked to begin TLS before anything else is said."""

    host: str
    port: int
    starts_plain: bool = False


class Password(NamedTuple):
    username: str
    password: str

    def __repr__(self) -> str:
        return "Password()"


class Bearer(NamedTuple):
    """An access token, for XOAUTH2."""

    username: str
    token: str

    def __repr__(self) -> str:
        return "Bearer()"

    @property
    def sentence(self) -> bytes:
        return f"user={self.username}\x01auth=Bearer {self.token}\x01\x01".encode()


Login = Password | Bearer


class Accepted(NamedTuple):
    """`named` is a Message-ID in the host's reply, as Microsoft's has that writes its own."""

    named: str | None
