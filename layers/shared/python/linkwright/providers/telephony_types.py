"""What a telephone carrier says of a call, in words of no vendor and of no domain."""

from dataclasses import dataclass
from enum import StrEnum


class Progress(StrEnum):
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CANCELED = "canceled"
    FAILED = "failed"


class AnsweredBy(StrEnum):
    HUMAN = "human"
    MACHINE = "machine"
    FAX = "fax"
    # The detection does not know, or was not asked.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Refusal:
    """Why a number was not connected, to be shown. `is_ours`: by how our account is set up."""

    detail: str
    is_ours: bool = False


@dataclass(frozen=True)
class CallUpdate:
    """How far a call has come. `answered_by` is None until it is answered; a failed one says why.

    Who hung up is not told.
    """

    progress: Progress
    answered_by: AnsweredBy | None = None
    duration_s: int | None = None
    refusal: Refusal | None = None
