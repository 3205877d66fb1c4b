"""The end of a call, or of one attempt: all that it means is decided here.

What was said, how long it was and why it ended are put together; whether it is dialled again; what
it took of the line and of the plan is given back; and what is left to do becomes jobs.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from linkwright import clock, usage
from linkwright.table import Item
from linkwright.transaction import Otherwise, Transaction
from linkwright.voice.calls import attempts, follow_ups, items, said, turn_log
from linkwright.voice.calls.items import RESERVED_MINUTES, CallItem, Facts, Superseded
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import MACHINES, EndedReason, Status
from linkwright.voice.calls.turn_log import Step, Then, Turn
from linkwright.voice.compliance import do_not_call, rules
from linkwright.voice.language import announcements

_REASONS = {
    Then.HANG_UP: EndedReason.AGENT_ENDED,
    Then.SILENCE: EndedReason.SILENCE,
    Then.MODEL_FAILED: EndedReason.MODEL_FAILED,
    Then.TRANSFER: EndedReason.TRANSFERRED,
}
# The carrier may still be at it.
_ENDED_BY_US = {EndedReason.CANCELED, EndedReason.PROVIDER_TIMEOUT, EndedReason.INTERNAL_ERROR}


def end(
    tx: Transaction, item: CallItem, report: Report, otherwise: Otherwise = Superseded
) -> CallItem:
    """End the attempt that a call is at, and the call with it unless it is dialled again."""
    report = _whole(item, report)
    again = _next_at(item["view"], report)
    view = attempts.ended(item["view"], report)
    if again is None:
        after = _end_call(tx, item, view, report, otherwise)
    else:
        view = attempts.scheduled(view, again)
        after = wait_again(tx, item, view, items.due(item["sk"], again), otherwise)
    details = {"attempt": attempts.number_of(view), "is_last": again is None}
    tx.emit("call.ended", after["view"], sequence=after["v"], details=details)
    return after


def wait_again(
    tx: Transaction, item: CallItem, view: Item, facts: Facts, otherwise: Otherwise = Superseded
) -> CallItem:
    """Let a call wait that is not on the phone any more: what its attempt took is given back.

    It keeps the minute that a call has reserved while it waits.
    """
    facts = {**facts, "slots": [], **items.UNORDERED}
    if "reserved" in item:
        facts["reserved"] = RESERVED_MINUTES
    after = items.write(tx, item, view, facts, otherwise)
    is_undone = attempts.number_of(view) < attempts.number_of(item["view"])
    if is_undone:
        rules.uncount_dial(tx, attempts.started_at(item["view"]))
    if "reserved" in item:
        over = item["reserved"] - RESERVED_MINUTES
        usage.release(tx, item["period"], usage.CALL_MINUTES, over)
    return after


def _end_call(
    tx: Transaction, item: CallItem, view: Item, report: Report, otherwise: Otherwise
) -> CallItem:
    view = attempts.reported(view, report)
    if report.duration_s and "answered_at" not in view:
        view["answered_at"] = clock.timestamp(_answered_at(view, report.duration_s))
    facts: Facts = {"lines": len(report.transcript)}
    if report.opted_out:
        facts["opted_out"] = True
    after = items.write(tx, item, view, facts, otherwise)
    if report.transcript:
        said.keep(tx, after, report.transcript)
    _leave_jobs(tx, after, report)
    if report.opted_out:
        do_not_call.add(view["to"], tx, source="call", call_id=item["sk"])
    _settle(tx, after)
    return after


def _leave_jobs(tx: Transaction, item: CallItem, report: Report) -> None:
    if "answered_by" in item["view"]:
        follow_ups.request_analysis(tx.partition, item["sk"], tx)
    if report.ended_reason in _ENDED_BY_US and item.get("sid"):
        follow_ups.request_hang_up(tx.partition, item["sid"], tx)


def _settle(tx: Transaction, item: CallItem) -> None:
    if "reserved" not in item:
        return
    if "transfer_to" in item:
        # How long the second leg was the carrier is asked.
        follow_ups.request_settlement(tx.partition, item["sk"], tx)
    else:
        settle(tx, item)


def settle(
    tx: Transaction, item: CallItem, second_leg_s: int = 0, charged: int | None = None
) -> int:
    """Charge the minutes of a call, of both legs if it was put through; where some are charged
    already, the rest. Returns how many are charged then.
    """
    minutes: int = math.ceil((item["view"]["duration_s"] + second_leg_s) / 60)
    usage.settle(
        tx.partition,
        item["period"],
        usage.CALL_MINUTES,
        reserved=item["reserved"] if charged is None else 0,
        used=minutes - (charged or 0),
        tx=tx,
    )
    return minutes


def opts_out(turns: Sequence[Turn], language: str) -> bool:
    """Whether the last turn asks for no more calls: by words, by a key, or by the key's name.

    That is meant so by whom it was offered since they last spoke; later on a nine is an hour.
    """
    # Imported here: its phrases are many, and only a talk needs them.
    from linkwright.voice.language import opt_out
    from linkwright.voice.language.phrases import phrases

    heard, before = turns[-1].heard, turns[:-1]
    if not opt_out.is_key_said(heard):
        return opt_out.is_asked(heard)
    since = max((at for at, turn in enumerate(before) if turn.heard), default=0)
    # A turn of before it was a step is known by its words.
    words = phrases(language).opt_out_key
    return any(
        turn.step is Step.OFFER_OPT_OUT or words in (turn.said or "") for turn in before[since:]
    )


def _opted_out(turns: Sequence[Turn], language: str) -> bool:
    """In any turn, also in one that nobody has answered."""
    is_done = any(turn.step is Step.OPT_OUT for turn in turns)
    return is_done or any(opts_out(turns[: at + 1], language) for at in range(len(turns)))


def opted_out_at_last(item: CallItem) -> bool:
    """Whether the end of the call has told of an opt-out, or one has crossed with it. That nobody
    may have heeded: it is kept at once, whatever comes of the call.
    """
    if item.get("opted_out", False):
        return True
    is_out = _opted_out(turn_log.read(item), item.get("language", "en"))
    if is_out:
        tx = items.transaction(item)
        do_not_call.add(item["view"]["to"], tx, source="call", call_id=item["sk"])
        tx.commit()
    return is_out


def _next_at(view: Item, report: Report) -> datetime | None:
    """When the call is dialled again after an attempt that ends so; None if that was the last."""
    retry, number = view.get("retry"), attempts.number_of(view)
    if not retry or report.status not in retry["on"] or number > retry["max"]:
        return None
    moment = clock.now() + timedelta(seconds=retry["backoff"] * 2 ** (number - 1))
    latest = (view.get("schedule") or {}).get("latest_at")
    return None if latest and moment > clock.parse(latest) else moment


def _answered_at(view: Item, talked_s: int) -> datetime:
    """The end is what is heard first: the answer was as long ago as the talk was, at most."""
    return max(clock.now() - timedelta(seconds=talked_s), attempts.started_at(view))


def _seconds_talked(view: Item) -> int:
    """How long ago the call was answered; at least a second."""
    since = clock.now() - clock.parse(view["answered_at"])
    return max(math.ceil(since.total_seconds()), 1)


def _whole(item: CallItem, report: Report) -> Report:
    """The report with what the carrier does not know: the talk, and who ended it."""
    view = item["view"]
    if "answered_at" not in view:
        return report
    turns = turn_log.read(item)
    lines = turn_log.transcript(item, turns)
    is_out = _opted_out(turns, item.get("language", "en"))
    report = replace(_answered(report, view, turns), transcript=lines, opted_out=is_out)
    if report.status is not Status.FAILED and not report.duration_s:
        # The end may be told late: no talk is longer than the carrier lets it be.
        seconds = _seconds_talked(view)
        report = replace(report, duration_s=min(seconds, item.get("longest_s", seconds)))
    return _explained(item, report, turns) if report.status is Status.COMPLETED else report


def _answered(report: Report, view: Item, turns: Sequence[Turn]) -> Report:
    """Who answered is known from before, unless it is said now.

    Who was heard to speak, be it a person, a menu or a screening, is known better than by the
    carrier's detection.
    """
    is_known = view.get("answered_by") in {"call_screening", "human", "ivr"}
    if is_known or turn_log.is_with_a_person(turns):
        if report.answered_by in MACHINES:
            reason = EndedReason.CALLEE_HUNG_UP
            report = replace(report, status=Status.COMPLETED, ended_reason=reason)
        # That it was a person may be told by the end alone.
        is_news = not is_known and report.answered_by == "human"
        return report if is_news else replace(report, answered_by=None)
    return replace(report, answered_by=None) if report.answered_by == "unknown" else report


def _explained(item: CallItem, report: Report, turns: Sequence[Turn]) -> Report:
    by = report.answered_by or item["view"].get("answered_by")
    if by == "voicemail":
        return replace(report, status=Status.VOICEMAIL, ended_reason=EndedReason.VOICEMAIL)
    last = turns[-1].then if turns else Then.LISTEN
    if last in _REASONS:
        return replace(report, ended_reason=_REASONS[last])
    if by in MACHINES:
        return replace(report, ended_reason=EndedReason.AGENT_ENDED)
    if by == "call_screening" and announcements.is_screening(turn_log.heard(turns)):
        return replace(report, ended_reason=EndedReason.CALL_SCREENING)
    if (report.duration_s or 0) >= item.get("longest_s", float("inf")):
        return replace(report, ended_reason=EndedReason.MAX_DURATION)
    return report
