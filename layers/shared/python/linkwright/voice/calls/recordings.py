"""The recording of a call: in S3, and shown by addresses that soon expire."""

from linkwright import clock, media
from linkwright.voice.calls.items import CallItem

_EXTENSIONS = {"audio/wav": "wav", "audio/mpeg": "mp3"}


def store(partition: str, call_id: str, audio: bytes, content_type: str) -> str:
    """Keep the audio. Returns the key that the call's item is to have; raises `Unavailable`."""
    key = f"recordings/{partition}/{call_id}.{_EXTENSIONS[content_type]}"
    media.put(key, audio, content_type)
    return key


def presigned(item: CallItem) -> tuple[str, str] | None:
    """A fresh address of the recording and when it expires; None if there is none (yet, or now)."""
    key = item.get("recording_key")
    if key is None or not media.is_kept(clock.parse(item["view"]["ended_at"])):
        return None
    return media.link(key)
