"""What the follow-up worker does with an ended call, safe to be killed at any instruction.

Each step is one transaction on condition that nobody changed the call meanwhile, and is left out
once the call shows that it was done. The last one ends the job.
"""

from linkwright.outbox import Work
from linkwright.providers import telephony
from linkwright.providers.telephony import CarrierNotConfigured, Dial, Recording
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction
from linkwright.voice import (
    agents,
    analysis,
    attempts,
    follow_up,
    lifecycle,
    recordings,
    transcripts,
)
from linkwright.voice.agent_models import Agent
from linkwright.voice.lifecycle import Superseded
from linkwright.voice.models import Call


def run(work: Work) -> None:
    """Analyse the call and keep its recording. Does nothing if that is done."""
    partition = work.pk.split("#")[1]
    while follow_up.is_waiting(Key(work.pk, work.sk)):
        item = lifecycle.find(partition, work.sk)
        if item is None:
            raise LookupError("no such call")
        try:
            _finish(item)
        except Superseded:
            continue  # somebody changed the call: by what it is now
        return


def _finish(item: Item) -> None:
    agent = _recording_agent(item)
    if item["view"].get("analysis") is None:
        item = _write(item, {"view": _analysed(item)}, "call.analyzed", is_last=agent is None)
        if agent is None:
            return
    recording = _recording(item, agent) if agent else None
    if recording is None:
        _close(item)
        return
    partition = lifecycle.partition_of(item)
    stored = recordings.store(partition, item["sk"], recording.audio, recording.content_type)
    _write(item, {"recording_key": stored}, "call.recording_ready", is_last=True)


def _analysed(item: Item) -> Item:
    call = Call.model_validate({**item["view"], "transcript": transcripts.read(item)})
    return {
        **item["view"],
        "analysis": analysis.analyse(call).model_dump(mode="json", exclude_none=True),
    }


def _recording_agent(item: Item) -> Agent | None:
    """The agent of a call whose recording is still to be kept; None where there is none to keep."""
    view = item["view"]
    if "recording_key" in item or not view.get("duration_s"):
        return None
    partition = lifecycle.partition_of(item)
    agent = agents.find(partition, view["agent_id"], view.get("agent_version"))
    return agent if agent and agent.recording else None


def _recording(item: Item, agent: Agent) -> Recording | None:
    partition, view = lifecycle.partition_of(item), item["view"]
    try:
        carrier = telephony.carrier(partition)
    except CarrierNotConfigured:
        return None
    order = Dial(partition, view["id"], attempts.number_of(view), view["to"], agent)
    return carrier.recording(order, view["duration_s"])


def _write(item: Item, changes: Item, event_type: str, *, is_last: bool) -> Item:
    """Make a step and tell of it. Raises `Superseded`."""
    after = {**item, **changes, "v": item["v"] + 1}
    tx = _transaction(item)
    tx.update(
        Table.CORE,
        Key(item["pk"], item["sk"]),
        "SET #v = :v, " + ", ".join(f"#{name} = :{name}" for name in changes),
        condition="#v = :seen",
        values={**changes, "v": after["v"], "seen": item["v"]},
        otherwise=Superseded,
    )
    tx.emit(event_type, after["view"], sequence=after["v"])
    if is_last:
        follow_up.finish(tx.partition, item["sk"], tx, otherwise=Superseded)
    tx.commit()
    return after


def _close(item: Item) -> None:
    tx = _transaction(item)
    follow_up.finish(tx.partition, item["sk"], tx, otherwise=Superseded)
    tx.commit()


def _transaction(item: Item) -> Transaction:
    return Transaction(lifecycle.partition_of(item), item["request_id"])
