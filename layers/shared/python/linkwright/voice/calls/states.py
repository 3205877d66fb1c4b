"""The state machine of a call. It moves forward only, so late and repeated reports are harmless."""

from enum import StrEnum


class Status(StrEnum):
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    DIALING = "dialing"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELED = "canceled"
    VOICEMAIL = "voicemail"


# What may answer that is no person to talk with.
MACHINES = frozenset({"voicemail", "ivr", "unavailable"})


class EndedReason(StrEnum):
    """Why a call ended: exactly one for each call that has."""

    AGENT_ENDED = "agent_ended"
    CALLEE_HUNG_UP = "callee_hung_up"
    TRANSFERRED = "transferred"
    SILENCE = "silence"
    MAX_DURATION = "max_duration"
    MODEL_FAILED = "model_failed"
    VOICEMAIL = "voicemail"
    CALL_SCREENING = "call_screening"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CARRIER_FAILED = "carrier_failed"
    CARRIER_NOT_CONFIGURED = "carrier_not_configured"
    AGENT_NOT_FOUND = "agent_not_found"
    NUMBER_NOT_REGISTERED = "number_not_registered"
    CANCELED = "canceled"
    WINDOW_MISSED = "window_missed"
    PROVIDER_TIMEOUT = "provider_timeout"
    INTERNAL_ERROR = "internal_error"
    PLAN_LIMIT = "plan_limit"
    CALLS_OFF = "calls_off"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    DO_NOT_CALL = "do_not_call"
    CONSENT_REQUIRED = "consent_required"
    CALLEE_LIMIT = "callee_limit"


_ORDER = (
    Status.SCHEDULED,
    Status.QUEUED,
    Status.DIALING,
    Status.RINGING,
    Status.IN_PROGRESS,
)
_TERMINAL_RANK = len(_ORDER)


def is_terminal(status: Status) -> bool:
    return status not in _ORDER


def is_dialled(status: Status) -> bool:
    """Whether an attempt is on its way: claimed by a worker, and not over."""
    return status in {Status.DIALING, Status.RINGING, Status.IN_PROGRESS}


def may_follow(new: Status, current: Status) -> bool:
    """Whether a report of `new` still says something once the call is `current`."""
    return _rank(new) > _rank(current)


def _rank(status: Status) -> int:
    return _TERMINAL_RANK if is_terminal(status) else _ORDER.index(status)
