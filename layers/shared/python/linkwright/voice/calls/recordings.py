"""The recording of a call: in S3, and shown by addresses that soon expire."""

from linkwright import media
from linkwright.voice.calls import items, said
from linkwright.voice.calls.items import CallItem


def key(item: CallItem, recording: str) -> str:
    """Where a recording is kept, which the carrier has under that id, as MP3."""
    name = f"{items.partition_of(item)}/{item['sk']}/{recording}.mp3"
    return media.key("recordings", items.kept_days(item), name)


def store(key: str, audio: bytes, content_type: str) -> None:
    """Keep the audio under the key that the call's item is to have. Raises `Unavailable`."""
    media.put(key, audio, content_type)


def presigned(item: CallItem) -> tuple[str, str] | None:
    """A fresh address of the recording and when it expires; None if there is none (yet, or now)."""
    key = item.get("recording_key")
    if key is None or not said.is_kept(item):
        return None
    return media.link(key)
