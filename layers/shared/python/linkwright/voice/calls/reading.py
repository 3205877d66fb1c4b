"""A call as its own endpoint shows it."""

from linkwright import ids
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.voice.calls import items, recordings, transcripts
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.models import Call


def get(account: Account, call_id: str) -> Call:
    """The call with an address of its recording, which soon expires: no other answer has one."""
    item = existing(account, call_id)
    call, recording = shown(item), recordings.presigned(item)
    if recording is not None:
        call.recording_url, call.recording_expires_at = recording
    return call


def existing(account: Account, call_id: str) -> CallItem:
    """Raises `ResourceNotFound`."""
    found = items.find(account.partition, call_id) if ids.matches("call", call_id) else None
    if found is None:
        raise ResourceNotFound("There is no such call.")
    return found


def without_talk(item: CallItem) -> Call:
    """The call as far as its item alone tells, without what was said."""
    return Call.model_validate({**item["view"], "transcript": []})


def shown(item: CallItem) -> Call:
    """The call with what was said in it."""
    return Call.model_validate({**item["view"], "transcript": transcripts.read(item)})
