"""What the follow-up worker does, safe to be killed at any instruction.

It analyses an ended call, keeps its recording, and hangs up what ours has ended. Each step is one
transaction on condition that nobody changed the call meanwhile, and is left out once the call shows
that it was done. The last one ends the job.
"""

from contextlib import suppress

from linkwright import outbox
from linkwright.errors import Unavailable
from linkwright.outbox import Work
from linkwright.providers import telephony
from linkwright.providers.telephony import Carrier, CarrierNotConfigured, NotFound
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction
from linkwright.voice.calls import jobs, lifecycle, recordings, transcripts, turn_log
from linkwright.voice.calls.lifecycle import Superseded
from linkwright.voice.calls.models import Analysis, Call
from linkwright.voice.calls.states import Status, is_terminal
from linkwright.voice.follow_up import analysis


def run(work: Work) -> None:
    """Do a job; nothing if that is done."""
    job = Key(work.pk, work.sk)
    while jobs.is_waiting(job):
        try:
            _STEPS[work.kind](job)
        except Superseded:
            continue  # somebody changed the call: by what it is now
        return


def _analyse(job: Key) -> None:
    item = _ended(job, job.sk)
    if item["view"].get("analysis") is None:
        said = _said_at_last(item)
        _write(item, said | {"view": _analysed(item | said)}, "call.analyzed", job)
    else:
        _close(job)


def _said_at_last(item: Item) -> Item:
    """The transcript, if more was written down than when the end was told: the two may cross."""
    turns = turn_log.transcript(item, turn_log.read(item))
    if len(turns) <= len(transcripts.read(item)):
        return {}
    return transcripts.stored(lifecycle.partition_of(item), item["sk"], turns)


def _analysed(item: Item) -> Item:
    call = Call.model_validate({**item["view"], "transcript": transcripts.read(item)})
    return {
        **item["view"],
        "analysis": _analysis(item, call).model_dump(mode="json", exclude_none=True),
    }


def _analysis(item: Item, call: Call) -> Analysis:
    return analysis.analyse(call, lifecycle.partition_of(item), item.get("model"))


def _keep_recording(job: Key) -> None:
    """Fetch the sound and keep it, if the callee agreed; then the carrier is to forget it."""
    call_id, _, sid = job.sk.partition("#")
    item, carrier = _ended(job, call_id), _carrier(job)
    if carrier is not None:
        if "recording_key" not in item and _may_be_kept(item):
            _store(item, carrier, sid)
        carrier.twilio.delete_recording(sid)
    _close(job)


def _may_be_kept(item: Item) -> bool:
    consent = item["view"].get("recording_consent") or {}
    return consent.get("type") in {"verbal", "not_asked"}


def _store(item: Item, carrier: Carrier, sid: str) -> None:
    # What the carrier does not have any more cannot be kept.
    with suppress(NotFound):
        recording = carrier.recording(sid)
        partition = lifecycle.partition_of(item)
        key = recordings.store(partition, item["sk"], recording.audio, recording.content_type)
        _write(item, {"recording_key": key}, "call.recording_ready")


def _hang_up(job: Key) -> None:
    if carrier := _carrier(job):
        # One that is over stays as it is, and one that was never there needs nothing.
        with suppress(NotFound):
            carrier.twilio.end(job.sk)
    _close(job)


_STEPS = {
    outbox.FOLLOW_UP: _analyse,
    outbox.RECORDING: _keep_recording,
    outbox.HANG_UP: _hang_up,
}


def _ended(job: Key, call_id: str) -> Item:
    """The call of a job. Raises `Unavailable` while it goes on: its end is on its way."""
    item = lifecycle.find(_partition(job), call_id)
    if item is None:
        raise LookupError("no such call")
    if not is_terminal(Status(item["view"]["status"])):
        raise Unavailable
    return item


def _carrier(job: Key) -> Carrier | None:
    try:
        return telephony.carrier(_partition(job))
    except CarrierNotConfigured:
        return None


def _partition(job: Key) -> str:
    return job.pk.split("#")[1]


def _write(item: Item, changes: Item, event_type: str, job: Key | None = None) -> None:
    """Make a step and tell of it, and end the job if one is given. Raises `Superseded`."""
    after = {**item, **changes, "v": item["v"] + 1}
    tx = Transaction(lifecycle.partition_of(item), item["request_id"])
    tx.update(
        Table.CORE,
        Key(item["pk"], item["sk"]),
        "SET #v = :v, " + ", ".join(f"#{name} = :{name}" for name in changes),
        condition="#v = :seen",
        values={**changes, "v": after["v"], "seen": item["v"]},
        otherwise=Superseded,
    )
    tx.emit(event_type, after["view"], sequence=after["v"])
    if job is not None:
        jobs.finish(job, tx, otherwise=Superseded)
    tx.commit()


def _close(job: Key) -> None:
    tx = Transaction(_partition(job), "")
    jobs.finish(job, tx, otherwise=Superseded)
    tx.commit()
