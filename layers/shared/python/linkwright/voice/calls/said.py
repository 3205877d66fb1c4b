"""What was said in a call: in an item of its own, which goes before the call does.

The workspace says for how long it is kept; then its time to live takes it, and from that very
moment it is not shown. What would make the item too large is in S3, where the bucket's rules take
it as late.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from linkwright import clock, media
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Transaction
from linkwright.voice.calls import items
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.models import TranscriptTurn

# An item may have 400 KB, and is read and written by its size.
MAX_ITEM_BYTES = 100 * 1024
# How long it is kept after the end, unless the workspace says otherwise.
KEPT_DAYS = 365


def key(partition: str, call_id: str) -> Key:
    return Key(f"W#{partition}#SAID", call_id)


def object_key(item: CallItem) -> str:
    """Where a long transcript is kept."""
    name = f"{items.partition_of(item)}/{item['sk']}.json"
    return media.key("transcripts", _kept_days(item), name)


def keep(
    tx: Transaction,
    item: CallItem,
    turns: Sequence[TranscriptTurn],
    summary: str | None = None,
) -> None:
    """Keep what was said in a call that has ended. Writes what is long to S3: `Unavailable`."""
    kept: Item = {
        **key(tx.partition, item["sk"]).attributes(),
        **stored(item, turns),
        "ttl": int(_kept_until(item).timestamp()),
    }
    tx.put(Table.CORE, kept | ({"summary": summary} if summary else {}), condition="")


def sum_up(tx: Transaction, item: CallItem, summary: str | None) -> None:
    """Keep a summary beside what is kept already, if that is anything."""
    tx.update(
        Table.CORE,
        key(tx.partition, item["sk"]),
        "SET #summary = :summary, #ttl = :ttl",
        values={"summary": summary, "ttl": int(_kept_until(item).timestamp())},
    )


def stored(item: CallItem, turns: Sequence[TranscriptTurn]) -> Item:
    """The attributes that hold a transcript; a long one is written to S3 by this.

    Raises `Unavailable`.
    """
    transcript = [turn.model_dump() for turn in turns]
    body = json.dumps(transcript, ensure_ascii=False).encode()
    if len(body) <= MAX_ITEM_BYTES:
        return {"transcript": transcript}
    media.put(object_key(item), body, "application/json")
    return {"transcript_key": object_key(item)}


def read(item: CallItem) -> Item:
    """What is kept of it; nothing before the call has ended, and after its time."""
    if not {"answered_at", "answered_by"} & set(item["view"]) or not is_kept(item):
        return {}
    return get(Table.CORE, key(items.partition_of(item), item["sk"])) or {}


def transcript(kept: Item) -> list[Item]:
    """The turns by the attributes that hold them, if there are any. Raises `Unavailable`."""
    where = kept.get("transcript_key")
    if where is None:
        return list(kept.get("transcript", []))
    return list(json.loads(media.get(where)))


def said_by_callee(turns: Sequence[TranscriptTurn]) -> list[str]:
    """What the callee said; what the agent says never counts for theirs."""
    return [turn.text for turn in turns if turn.role == "callee" and turn.text.strip()]


def recording_key(item: CallItem, recording: str) -> str:
    """Where a recording is kept, which the carrier has under that id, as MP3."""
    name = f"{items.partition_of(item)}/{item['sk']}/{recording}.mp3"
    return media.key("recordings", _kept_days(item), name)


def store_recording(key: str, audio: bytes, content_type: str) -> None:
    """Keep the audio under the key that the call's item is to have. Raises `Unavailable`."""
    media.put(key, audio, content_type)


def presigned(item: CallItem) -> tuple[str, str] | None:
    """A fresh address of the recording and when it expires; None if there is none (yet, or now)."""
    key = item.get("recording_key")
    if key is None or not is_kept(item):
        return None
    return media.link(key)


def is_kept(item: CallItem) -> bool:
    """Whether what was said, and heard, may be shown."""
    has_ended = "ended_at" in item["view"]
    return has_ended and not is_erased(item) and clock.now() < _kept_until(item)


def is_erased(item: CallItem) -> bool:
    return "erased_at" in item["view"]


def _kept_until(item: CallItem) -> datetime:
    return clock.parse(item["view"]["ended_at"]) + timedelta(days=_kept_days(item))


def _kept_days(item: CallItem) -> int:
    return item.get("keep_days", KEPT_DAYS)
