"""What the follow-up worker does, safe to be killed at any instruction.

It analyses an ended call, charges one that was put through, keeps its recording, erases what was
said, and hangs up what ours has ended. What is told of a call is written with its event; the last
write of a job ends it.
"""

from contextlib import suppress
from datetime import timedelta

from linkwright import clock, jobs, media
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.providers import telephony
from linkwright.providers.telephony import Carrier, NotFound
from linkwright.table import Key
from linkwright.transaction import Transaction
from linkwright.voice.calls import endings, items, lifecycle, reading, said, turn_log
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.models import Analysis, Call, TranscriptTurn
from linkwright.voice.calls.states import Status, is_terminal
from linkwright.voice.follow_up import analysis, erasing
from linkwright.worker import mark_given_up

# How long a carrier may take to list what it connected; nobody waits for a charge.
_LISTED = timedelta(minutes=5)


def run(work: Work) -> None:
    """Do a job; nothing if that is done."""
    job = Key(work.pk, work.sk)
    try:
        with suppress(jobs.AlreadyDone):
            _STEPS[work.kind](job)
    except NotFound:
        # What is not there any more another delivery may have seen to.
        if jobs.is_waiting(job):
            raise


def give_up(work: Work) -> None:
    """What a job comes to that has failed for too long.

    A call is analysed by what is known without its talk and a model, and charged for the leg that
    is known; a recording stays at the carrier. If somebody has the job done again the call is
    analysed in full, charged for the rest, and its recording kept.
    """
    if work.kind == jobs.FOLLOW_UP:
        _analyse_by_facts(work)
    elif work.kind == jobs.SETTLEMENT:
        _charge_first_leg(work)
    else:
        mark_given_up(work)


def _analyse_by_facts(work: Work) -> None:
    def analysed(item: CallItem, tx: Transaction) -> CallItem:
        tx.give_up(work)
        if item["view"].get("analysis") is not None or said.is_erased(item):
            return item
        is_out = item.get("opted_out", False)
        return _tell(item, _made(reading.shown(item), item, None, opted_out=is_out), tx)

    with suppress(jobs.AlreadyDone):
        items.changing(_ended(work.key, work.sk), analysed)


def _analyse(job: Key) -> None:
    def analysed(item: CallItem, tx: Transaction) -> CallItem:
        tx.finish(job)
        if said.is_erased(item) or not _is_to_be_analysed(item, job):
            return item
        turns, is_more = _said_at_last(item)
        is_out = endings.opted_out_at_last(item) if is_more else item.get("opted_out", False)
        call = reading.shown(item).model_copy(update={"transcript": turns})
        made = _made(call, item, item.get("model"), opted_out=is_out)
        return _tell(item, made, tx, turns if is_more else None)

    item = _ended(job, job.sk)
    # The write that gives a call its analysis ends the job: without one the job is waiting.
    if item["view"].get("analysis") is None or jobs.is_waiting(job):
        items.changing(item, analysed)


def _is_to_be_analysed(item: CallItem, job: Key) -> bool:
    """What has an analysis, and still a job, was analysed by facts alone, and is to be again: while
    there is anything else to go by.
    """
    is_new = item["view"].get("analysis") is None
    return is_new or (said.is_kept(item) and jobs.is_waiting(job))


def _said_at_last(item: CallItem) -> tuple[list[TranscriptTurn], bool]:
    """All that was said, and whether it is more than is kept: it may cross with the call's end."""
    turns = turn_log.transcript(item, turn_log.read(item))
    if len(turns) >= (kept := item.get("lines", 0)):
        return turns, len(turns) > kept
    # The turns are gone, days after the call.
    lines = said.transcript(said.read(item))
    return [TranscriptTurn.model_validate(line) for line in lines], False


def _made(call: Call, item: CallItem, model: str | None, *, opted_out: bool) -> Analysis:
    return analysis.analyse(call, items.partition_of(item), model, opted_out=opted_out)


def _tell(
    item: CallItem, made: Analysis, tx: Transaction, more: list[TranscriptTurn] | None = None
) -> CallItem:
    if more is None:
        said.sum_up(tx, item, made.summary)
    else:
        said.keep(tx, item, more, made.summary)
    shown = made.model_dump(mode="json", exclude_none=True, exclude={"summary"})
    return lifecycle.tell(tx, item, "call.analyzed", item["view"] | {"analysis": shown})


def _keep_recording(job: Key) -> None:
    """Fetch the sound and keep it, if the callee agreed; then the carrier is to forget it.

    What the carrier does not know yet it may know later: `NotFound` has the job tried again. What
    is not stored is deleted only where it must not be kept: without consent, erased, or too old.
    """
    if not jobs.is_waiting(job):
        return
    call_id, _, sid = job.sk.partition("#")
    item, carrier = _ended(job, call_id), _carrier(job)
    if not said.is_kept(item):
        media.delete(said.recording_key(item, sid))
    elif _may_be_kept(item):
        _keep(item, carrier, sid)
    carrier.twilio.delete_recording(sid)
    _close(job)


def _may_be_kept(item: CallItem) -> bool:
    consent = item["view"].get("recording_consent") or {}
    return consent.get("type") in {"verbal", "not_asked"}


def _keep(item: CallItem, carrier: Carrier, sid: str) -> None:
    """Store the sound, unless it is. Raises `NotKept`: a call shows one recording, and none once
    what was said is not kept.
    """
    key = said.recording_key(item, sid)
    if "recording_key" not in item:
        recording = carrier.recording(sid)
        said.store_recording(key, recording.audio, recording.content_type)

    def kept(now: CallItem, tx: Transaction) -> CallItem | None:
        if "recording_key" in now or not said.is_kept(now):
            return None
        return lifecycle.tell(tx, now, "call.recording_ready", now["view"], {"recording_key": key})

    if items.changing(item, kept).get("recording_key") != key:
        raise NotKept


class NotKept(Exception):
    """Another is, and this one is left where it is, for a person to see; or it is to be deleted."""


def _erase(job: Key) -> None:
    """At once, and once more when whoever had seen the call before it was erased must be done: a
    turn that was thought about, a transcript that was stored. Raises `NotYet` until then.
    """
    stored = jobs.stored(job)
    if not jobs.is_due(stored) or jobs.is_left_alone(stored):
        return
    item = _ended(job, job.sk)
    began = clock.now()
    erasing.erase_elsewhere(item)
    if began < (last := erasing.last_write(item)):
        raise clock.NotYet(last)
    _close(job)


def _hang_up(job: Key) -> None:
    """One that is over stays as it is. One that is not found may be yet: the carrier named it."""
    if not jobs.is_waiting(job):
        return
    _carrier(job).twilio.end(job.sk)
    _close(job)


def _settle(job: Key) -> None:
    """Charge a call with its second leg, once the carrier knows how long that was.

    Whoever has the job done once more finds it done: nobody is charged twice.
    """
    stored = jobs.stored(job)
    if not jobs.is_due(stored):
        return
    item = _ended(job, job.sk)
    seconds = _carrier(job).second_leg_s(item["sid"])
    is_listed = clock.now() > clock.parse(item["view"]["ended_at"]) + _LISTED
    if seconds is None or not (seconds or is_listed):
        raise Unavailable
    tx = items.transaction(item)
    tx.finish(job)
    endings.settle(tx, item, seconds, stored.get("charged"))
    tx.commit()


def _charge_first_leg(work: Work) -> None:
    """Nobody can tell how long the second was: it is charged if the job is done again."""
    item = _ended(work.key, work.sk)
    if "charged" in jobs.stored(work.key):
        mark_given_up(work)
        return
    tx = items.transaction(item)
    charged = endings.settle(tx, item)
    tx.give_up(work, {"charged": charged})
    with suppress(jobs.AlreadyDone):
        tx.commit()


_STEPS = {
    jobs.FOLLOW_UP: _analyse,
    jobs.RECORDING: _keep_recording,
    jobs.ERASING: _erase,
    jobs.HANG_UP: _hang_up,
    jobs.SETTLEMENT: _settle,
}


def _ended(job: Key, call_id: str) -> CallItem:
    """The call of a job. Raises `Unavailable` while it goes on: its end is on its way."""
    item = items.find(jobs.partition_of(job.pk), call_id)
    if item is None:
        raise LookupError("no such call")
    if not is_terminal(Status(item["view"]["status"])):
        raise Unavailable
    return item


def _carrier(job: Key) -> Carrier:
    """Raises `CarrierNotConfigured`: there was one, and there may be again."""
    return telephony.carrier(jobs.partition_of(job.pk))


def _close(job: Key) -> None:
    tx = Transaction(jobs.partition_of(job.pk), "")
    tx.finish(job)
    tx.commit()
