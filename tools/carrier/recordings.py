"""The sound of a call: a quiet tone as WAV, silence as MP3."""

import io
import math
import wave
from array import array
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime

# Twilio's code for a recording that is absent because the call was too short.
_TOO_SHORT = "16101"
DELETED = "deleted"
_RATE = 8_000
_TONE_HZ = 440
_LOUDNESS = 800
# MPEG 2.5 layer III, mono, 8 kbit/s at 8 kHz: 576 samples in 72 bytes. An empty frame is silence.
_FRAME = bytes((0xFF, 0xE3, 0x18, 0xC0)).ljust(72, b"\0")
_FRAME_SAMPLES = 576


@dataclass(frozen=True)
class Recording:
    sid: str
    account_sid: str
    call_sid: str
    started: datetime
    duration_s: int
    channels: int
    source: str
    status: str = "completed"

    @property
    def uri(self) -> str:
        return f"/2010-04-01/Accounts/{self.account_sid}/Recordings/{self.sid}"

    def lasting(self, seconds: float) -> "Recording":
        return replace(self, duration_s=max(whole(seconds), 1))

    def params(self, base_url: str) -> dict[str, str]:
        """What a callback about the call, or a verb's action, is told of it."""
        return {
            "RecordingSid": self.sid,
            "RecordingUrl": base_url + self.uri,
            "RecordingDuration": str(self.duration_s),
        }

    def report(self, base_url: str, status: str) -> dict[str, str]:
        """What its own callback is told."""
        said = self.params(base_url) | {
            "AccountSid": self.account_sid,
            "CallSid": self.call_sid,
            "RecordingStatus": status,
            "RecordingChannels": str(self.channels),
            "RecordingSource": self.source,
            "RecordingStartTime": format_datetime(self.started),
            "RecordingTrack": "both",
            "ErrorCode": _TOO_SHORT if status == "absent" else "0",
        }
        if status != "completed":
            del said["RecordingDuration"]
        return said

    def resource(self, base_url: str) -> dict[str, object]:
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "call_sid": self.call_sid,
            "api_version": "2010-04-01",
            "channels": self.channels,
            "conference_sid": None,
            "date_created": format_datetime(self.started),
            "date_updated": format_datetime(self.started),
            "duration": str(self.duration_s),
            "encryption_details": None,
            "error_code": None,
            "media_url": base_url + self.uri,
            "price": None,
            "price_unit": "USD",
            "source": self.source,
            "start_time": format_datetime(self.started),
            "status": self.status,
            "subresource_uris": {
                "add_on_results": f"{self.uri}/AddOnResults.json",
                "transcriptions": f"{self.uri}/Transcriptions.json",
            },
            "uri": f"{self.uri}.json",
        }


def whole(seconds: float) -> int:
    """Rounded up, but not for the last digits of a sum."""
    return math.ceil(round(seconds, 3))


def wav(recording: Recording) -> bytes:
    """16 bit at a telephone's 8 kHz."""
    step = 2 * math.pi * _TONE_HZ / _RATE
    second = array("h")
    for at in range(_RATE):
        second.extend([round(_LOUDNESS * math.sin(step * at))] * recording.channels)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(recording.channels)
        out.setsampwidth(2)
        out.setframerate(_RATE)
        out.writeframes(second.tobytes() * recording.duration_s)
    return file.getvalue()


def mp3(recording: Recording) -> bytes:
    return _FRAME * math.ceil(recording.duration_s * _RATE / _FRAME_SAMPLES)
