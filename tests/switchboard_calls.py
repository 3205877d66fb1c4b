"""A call at the switchboard, and the steps that it takes."""

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar
from urllib.parse import urlsplit

from tools.carrier.calls import Call
from tools.carrier.errors import Alert
from tools.carrier.posts import Answer as Reply

__all__ = ["PlacedCall", "Reply", "Sent", "Step", "Steps", "Wait"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Wait:
    """So much of the call's own clock passes."""

    seconds: float


@dataclass(frozen=True)
class Sent:
    """A request that Twilio makes by POST; kind is status, page, machine or recording."""

    kind: str
    url: str
    form: list[tuple[str, str]]
    headers: dict[str, str]

    @property
    def fields(self) -> dict[str, str]:
        return dict(self.form)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


Step: TypeAlias = Wait | Sent
# A reply of None: nobody answered.
Steps: TypeAlias = Generator[Step, Reply | None, Result]


@dataclass(eq=False)
class PlacedCall(Call):
    alerts: list[Alert] = field(default_factory=list)
    recorded: bool = False
    """A recording has begun."""
    course: Steps[None] = field(init=False, repr=False)
    _said: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_over(self) -> bool:
        """It has ended, and all that there was to report of it is sent."""
        return self.over.is_set()

    def params(self) -> dict[str, str]:
        # Which country a number is of takes longer than all the rest of a message.
        self._said = self._said or super().params()
        return self._said | {"CallStatus": self.status}

    def advance(self, reply: Reply | None = None) -> Step | None:
        """The next step, after the reply to the last one; None when the call is over."""
        with suppress(StopIteration):
            return self.course.send(reply)
        return None

    def alert(self, code: int, message: str, *, warning: bool = False) -> None:
        self.alerts.append(Alert(code, message, self.sid, warning))
