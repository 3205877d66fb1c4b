"""A call as its own endpoint shows it."""

from linkwright import ids
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.table import Item
from linkwright.voice.calls import items, said
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.models import Call


def get(account: Account, call_id: str) -> Call:
    """The call with an address of its recording, which soon expires: no other answer has one."""
    item = existing(account, call_id)
    call, recording = shown(item, said.read(item)), said.presigned(item)
    if recording is not None:
        call.recording_url, call.recording_expires_at = recording
    return call


def existing(account: Account, call_id: str) -> CallItem:
    """Raises `ResourceNotFound`."""
    found = items.find(account.partition, call_id) if ids.matches("call", call_id) else None
    if found is None:
        raise ResourceNotFound("There is no such call.")
    return found


def shown(item: CallItem, kept: Item | None = None) -> Call:
    """The call, with what is kept of what was said in it if that was read."""
    view, kept = item["view"], kept or {}
    if "summary" in kept and "analysis" in view:
        view = {**view, "analysis": {**view["analysis"], "summary": kept["summary"]}}
    return Call.model_validate({**view, "transcript": said.transcript(kept)})
