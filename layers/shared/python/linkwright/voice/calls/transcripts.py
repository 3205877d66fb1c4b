"""Where what was said in a call is kept: in its item, and in S3 if that would make it too large."""

import json
from collections.abc import Sequence

from linkwright import clock, media
from linkwright.table import Item
from linkwright.voice.calls.items import CallItem, Facts
from linkwright.voice.calls.models import TranscriptTurn

# An item may have 400 KB, and each change of one is paid by its size.
MAX_ITEM_BYTES = 100 * 1024


def stored(partition: str, call_id: str, turns: list[TranscriptTurn]) -> Facts:
    """The facts of a call that hold its transcript; a long one is written to S3 by this.

    Raises `Unavailable`.
    """
    transcript = [turn.model_dump() for turn in turns]
    body = json.dumps(transcript, ensure_ascii=False).encode()
    if len(body) <= MAX_ITEM_BYTES:
        return {"transcript": transcript}
    key = f"transcripts/{partition}/{call_id}.json"
    media.put(key, body, "application/json")
    return {"transcript_key": key}


def said_by_callee(turns: Sequence[TranscriptTurn]) -> list[str]:
    """What the callee said; what the agent says never counts for theirs."""
    return [turn.text for turn in turns if turn.role == "callee" and turn.text.strip()]


def read(item: CallItem) -> list[Item]:
    """The turns of a call; none before it has ended. Raises `Unavailable`."""
    key = item.get("transcript_key")
    if key is None:
        return list(item.get("transcript", []))
    if not media.is_kept(clock.parse(item["view"]["ended_at"])):
        return []
    return list(json.loads(media.get(key)))
