"""The recording of a call: in S3, and shown by addresses that soon expire."""

from linkwright import clock, media
from linkwright.voice.calls.items import CallItem


def key(partition: str, call_id: str, recording: str) -> str:
    """Where a recording is kept, which the carrier has under that id, as MP3."""
    return f"recordings/{partition}/{call_id}/{recording}.mp3"


def store(key: str, audio: bytes, content_type: str) -> None:
    """Keep the audio under the key that the call's item is to have. Raises `Unavailable`."""
    media.put(key, audio, content_type)


def presigned(item: CallItem) -> tuple[str, str] | None:
    """A fresh address of the recording and when it expires; None if there is none (yet, or now)."""
    key = item.get("recording_key")
    if key is None or not media.is_kept(clock.parse(item["view"]["ended_at"])):
        return None
    return media.link(key)
