"""Twilio's words in ours: what became of a call, who answered it, and why one was refused."""

from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status

_FAILED, _OURS = EndedReason.CARRIER_FAILED, EndedReason.CARRIER_NOT_CONFIGURED
# Of https://www.twilio.com/docs/api/errors, those that a call meets. Twilio's own texts quote the
# numbers; these do not.
_ERRORS = {
    **dict.fromkeys((10001, 20005), (_OURS, "The carrier's account is not active.")),
    20003: (_OURS, "The carrier does not know our account."),
    **dict.fromkeys((21210, 21212, 21213), (_OURS, "The calling number is not one of ours.")),
    21219: (_OURS, "The carrier's trial account may not call this number."),
    21202: (_FAILED, "The carrier does not call premium numbers."),
    **dict.fromkeys(
        (21203, 21215, 13226, 13227, 32205), (_FAILED, "The carrier may not call this country.")
    ),
    **dict.fromkeys((21211, 21217, 13223, 13224), (_FAILED, "The number is not valid.")),
    21214: (_FAILED, "The carrier cannot reach the number."),
    **dict.fromkeys((21216, 13225), (_FAILED, "The carrier does not call this number.")),
    21610: (_FAILED, "The callee takes no calls from us."),
}
_REFUSED = (_FAILED, "The carrier refused the call.")
_NOT_CONNECTED = (_FAILED, "The carrier could not connect the call.")

_MACHINES = ("machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other")
_ANSWERED_BY = {"human": "human", "fax": "unavailable", **dict.fromkeys(_MACHINES, "voicemail")}
_UNANSWERED = {
    "busy": (Status.BUSY, EndedReason.BUSY),
    "no-answer": (Status.NO_ANSWER, EndedReason.NO_ANSWER),
    "canceled": (Status.CANCELED, EndedReason.CANCELED),
}


def refusal(code: int | None) -> tuple[EndedReason, str]:
    """Why a call was not placed: the reason, and the detail that the call is to show."""
    return _explained(code, _REFUSED)


def answered_by(word: str | None) -> str:
    """Who answered. What the detection does not know, or was not asked, is treated as a person."""
    return _ANSWERED_BY.get(word or "", "unknown")


def reported(
    status: str,
    *,
    answered: str | None = None,
    duration_s: int | None = None,
    error_code: int | None = None,
) -> Report | None:
    """What a status says of the call; None if nothing that it did not know.

    `answered` is the latest word of the detection: it may have come with another request. Twilio
    does not say who hung up: a completed call was ended by the callee unless the caller of this
    knows better.
    """
    if status == "ringing":
        return Report(Status.RINGING)
    if status == "in-progress":
        return Report(Status.IN_PROGRESS, answered_by=answered_by(answered))
    if status == "completed":
        return _completed(answered_by(answered), duration_s)
    if status == "failed":
        reason, detail = _explained(error_code, _NOT_CONNECTED)
        return Report(Status.FAILED, ended_reason=reason, ended_detail=detail)
    if status in _UNANSWERED:
        ended, reason = _UNANSWERED[status]
        return Report(ended, ended_reason=reason)
    # Queued and initiated are what dialing is; a word that is new says nothing yet.
    return None


def _completed(by: str, duration_s: int | None) -> Report:
    if by == "voicemail":
        status, reason = Status.VOICEMAIL, EndedReason.VOICEMAIL
    else:
        # A fax machine is hung up on by us.
        hung_up = EndedReason.AGENT_ENDED if by == "unavailable" else EndedReason.CALLEE_HUNG_UP
        status, reason = Status.COMPLETED, hung_up
    return Report(status, answered_by=by, ended_reason=reason, duration_s=duration_s)


def _explained(code: int | None, otherwise: tuple[EndedReason, str]) -> tuple[EndedReason, str]:
    reason, detail = _ERRORS.get(code or 0, otherwise)
    return reason, f"{detail} (error {code})" if code else detail
