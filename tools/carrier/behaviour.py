"""What a test can make go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Operation(StrEnum):
    ACCOUNT = "account"
    PLACE = "place"
    FETCH = "fetch"
    LIST = "list"
    UPDATE = "update"
    RECORDING = "recording"
    DELETE = "delete"


class Fault(StrEnum):
    HANG = "hang"
    """The request is carried out and never answered."""
    DROP = "drop"
    """It is carried out, and the connection is closed without an answer."""
    FAIL_AFTER = "fail_after"
    """It is carried out, and the answer is 500."""
    FAIL = "fail"
    """It is not carried out; the answer is 500."""
    LIMIT = "limit"
    """It is not carried out; the answer is 429."""
    SUSPEND = "suspend"
    """It is not carried out: the account is suspended, says a 403."""

    @property
    def carries_out(self) -> bool:
        return self not in (Fault.FAIL, Fault.LIMIT, Fault.SUSPEND)


class Event(StrEnum):
    """What a status callback can be about; the last two have a URL of their own."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"
    RECORDING = "recording"
    MACHINE_DETECTION = "machine_detection"


@dataclass(frozen=True)
class Behaviour:
    """A call keeps the behaviour it was placed under."""

    faults: Mapping[Operation, Fault] = field(default_factory=dict)
    fault_times: int | None = None
    """How many requests the faults meet; None: all."""
    answer_after_s: float = 0.0
    """Real seconds before each answer to a request."""
    listed_after_s: float = 0.0
    """Real seconds before a call shows up in a list."""
    copies: int = 1
    """How often each callback is posted."""
    at_once: bool = False
    """The copies are posted at the same time, not one after the other."""
    page_copies: int = 1
    """How often each request for TwiML is made; the last answer counts."""
    order: tuple[Event, ...] = ()
    """Callbacks are held until the call is over and posted in this order; the rest come first."""
    lost: frozenset[Event] = frozenset()
    recordings_absent: bool = False
    """Calls are recorded, and nothing comes of it."""
    late_s: float = 0.0
    """Seconds of the call's clock before each callback."""
