"""What a carrier said, in the words of our calls."""

import pytest

from linkwright.providers.telephony_types import AnsweredBy, CallUpdate, Progress, Refusal
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status
from linkwright.voice.dialling import carrier_reports


@pytest.mark.parametrize(
    ("update", "report"),
    [
        (CallUpdate(Progress.RINGING), Report(Status.RINGING)),
        (CallUpdate(Progress.BUSY), Report(Status.BUSY, ended_reason=EndedReason.BUSY)),
        (
            CallUpdate(Progress.NO_ANSWER),
            Report(Status.NO_ANSWER, ended_reason=EndedReason.NO_ANSWER),
        ),
        (CallUpdate(Progress.CANCELED), Report(Status.CANCELED, ended_reason=EndedReason.CANCELED)),
    ],
)
def test_a_call_that_nobody_answered(update: CallUpdate, report: Report) -> None:
    assert carrier_reports.reported(update) == report


@pytest.mark.parametrize(
    ("answered", "by", "status", "reason"),
    [
        (AnsweredBy.HUMAN, "human", Status.COMPLETED, EndedReason.CALLEE_HUNG_UP),
        (AnsweredBy.UNKNOWN, "unknown", Status.COMPLETED, EndedReason.CALLEE_HUNG_UP),
        (AnsweredBy.MACHINE, "voicemail", Status.VOICEMAIL, EndedReason.VOICEMAIL),
        (AnsweredBy.FAX, "unavailable", Status.COMPLETED, EndedReason.AGENT_ENDED),
    ],
)
def test_a_call_is_what_answered_it(
    answered: AnsweredBy, by: str, status: Status, reason: EndedReason
) -> None:
    assert carrier_reports.answered_by(answered) == by
    begun = carrier_reports.reported(CallUpdate(Progress.ANSWERED, answered))
    assert begun == Report(Status.IN_PROGRESS, answered_by=by)
    over = carrier_reports.reported(CallUpdate(Progress.COMPLETED, answered, duration_s=15))
    assert over == Report(status, answered_by=by, ended_reason=reason, duration_s=15)


@pytest.mark.parametrize(
    ("is_ours", "reason"),
    [(True, EndedReason.CARRIER_NOT_CONFIGURED), (False, EndedReason.CARRIER_FAILED)],
)
def test_a_call_that_was_refused(is_ours: bool, reason: EndedReason) -> None:
    refusal = Refusal("No.", is_ours)
    report = Report(Status.FAILED, ended_reason=reason, ended_detail="No.")
    assert carrier_reports.refused(refusal) == report
    assert carrier_reports.reported(CallUpdate(Progress.FAILED, refusal=refusal)) == report
