"""The end of a call: what was said in it, how long it was, and why it ended, put together."""

import math
from collections.abc import Sequence
from dataclasses import replace

from linkwright.table import Item
from linkwright.voice.calls import attempts, lifecycle, turn_log
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status
from linkwright.voice.calls.turn_log import Then, Turn
from linkwright.voice.language import recognition

_REASONS = {
    Then.HANG_UP: EndedReason.AGENT_ENDED,
    Then.SILENCE: EndedReason.SILENCE,
    Then.MODEL_FAILED: EndedReason.MODEL_FAILED,
    Then.TRANSFER: EndedReason.TRANSFERRED,
}


def conclude(item: Item, report: Report) -> Item:
    """End a call by what was reported of it."""
    return lifecycle.advance(item, whole(item, report))


def whole(item: Item, report: Report) -> Report:
    """A report of the end with what the carrier does not know: the talk, and who ended it."""
    view = item["view"]
    if "answered_at" not in view:
        return report
    turns = turn_log.read(item)
    lines = turn_log.transcript(item, turns)
    report = replace(_answered(report, view), transcript=lines)
    if report.status is not Status.FAILED and not report.duration_s:
        # The end may be told late: no talk is longer than the carrier lets it be.
        longest = item.get("longest_s", math.inf)
        report = replace(report, duration_s=min(attempts.seconds_talked(view), longest))
    return _explained(item, report, turns) if report.status is Status.COMPLETED else report


def _answered(report: Report, view: Item) -> Report:
    """Who answered is known from before, unless it is said now.

    Who was heard to speak, a screening, or a person behind a voicemail, is known better than by the
    carrier's detection.
    """
    if view.get("answered_by") in {"call_screening", "human"}:
        if report.status is Status.VOICEMAIL:
            reason = EndedReason.CALLEE_HUNG_UP
            report = replace(report, status=Status.COMPLETED, ended_reason=reason)
        return replace(report, answered_by=None)
    return replace(report, answered_by=None) if report.answered_by == "unknown" else report


def _explained(item: Item, report: Report, turns: Sequence[Turn]) -> Report:
    by = report.answered_by or item["view"].get("answered_by")
    if by == "voicemail":
        return replace(report, status=Status.VOICEMAIL, ended_reason=EndedReason.VOICEMAIL)
    last = turns[-1].then if turns else Then.LISTEN
    if last in _REASONS:
        return replace(report, ended_reason=_REASONS[last])
    if by == "unavailable":
        return replace(report, ended_reason=EndedReason.AGENT_ENDED)
    if by == "call_screening" and recognition.is_screening(
        [turn.heard for turn in turns if turn.heard]
    ):
        return replace(report, ended_reason=EndedReason.CALL_SCREENING)
    if (report.duration_s or 0) >= item.get("longest_s", float("inf")):
        return replace(report, ended_reason=EndedReason.MAX_DURATION)
    return report
