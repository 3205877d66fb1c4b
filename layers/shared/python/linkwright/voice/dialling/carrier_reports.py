"""What the carrier said of a call, as what becomes of ours: the one place that knows both words."""

from linkwright.providers.telephony_types import AnsweredBy, CallUpdate, Progress, Refusal
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status

_ANSWERED_BY = {
    AnsweredBy.HUMAN: "human",
    AnsweredBy.MACHINE: "voicemail",
    AnsweredBy.FAX: "unavailable",
    # Is treated as a person.
    AnsweredBy.UNKNOWN: "unknown",
}
_BECAME = {
    Progress.RINGING: (Status.RINGING, None),
    Progress.ANSWERED: (Status.IN_PROGRESS, None),
    # Ended by the callee, unless whoever applies the report knows better.
    Progress.COMPLETED: (Status.COMPLETED, EndedReason.CALLEE_HUNG_UP),
    Progress.BUSY: (Status.BUSY, EndedReason.BUSY),
    Progress.NO_ANSWER: (Status.NO_ANSWER, EndedReason.NO_ANSWER),
    Progress.CANCELED: (Status.CANCELED, EndedReason.CANCELED),
    Progress.FAILED: (Status.FAILED, EndedReason.CARRIER_FAILED),
}
_COMPLETED_WITH = {
    AnsweredBy.MACHINE: (Status.VOICEMAIL, EndedReason.VOICEMAIL),
    # Hung up on by us.
    AnsweredBy.FAX: (Status.COMPLETED, EndedReason.AGENT_ENDED),
}


def answered_by(by: AnsweredBy) -> str:
    return _ANSWERED_BY[by]


def reported(update: CallUpdate) -> Report:
    if update.refusal:
        return refused(update.refusal)
    status, reason = _BECAME[update.progress]
    if update.progress is Progress.COMPLETED and update.answered_by in _COMPLETED_WITH:
        status, reason = _COMPLETED_WITH[update.answered_by]
    by = answered_by(update.answered_by) if update.answered_by else None
    return Report(status, answered_by=by, ended_reason=reason, duration_s=update.duration_s)


def refused(refusal: Refusal) -> Report:
    ours, theirs = EndedReason.CARRIER_NOT_CONFIGURED, EndedReason.CARRIER_FAILED
    reason = ours if refusal.is_ours else theirs
    return Report(Status.FAILED, ended_reason=reason, ended_detail=refusal.detail)
