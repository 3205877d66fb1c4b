"""The port to a telephone carrier, and the carrier that only pretends.

A carrier is dialled once per call and then reports. The reports of a real one come as callbacks in
any order and more than once; the simulator's come one after the other.
"""

import io
import math
import wave
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from linkwright import clock, ids
from linkwright.settings import settings
from linkwright.table import ConditionFailed, Key, Table, get, update
from linkwright.voice.agent_models import Agent
from linkwright.voice.models import TranscriptTurn
from linkwright.voice.reports import Report
from linkwright.voice.states import EndedReason, Status


class CarrierNotConfigured(Exception):
    """The stage places real calls, but no carrier is set up for it."""


@dataclass(frozen=True)
class Dial:
    """What a carrier is told about a call."""

    partition: str
    call_id: str
    attempt: int
    to: str
    agent: Agent


@dataclass(frozen=True)
class Recording:
    """The sound of a call."""

    audio: bytes
    content_type: str


class Carrier(Protocol):
    def place(self, dial: Dial) -> None:
        """Dial. The caller has written down that it is about to."""

    def knows(self, dial: Dial) -> bool:
        """Whether the call was dialled already: asked after a crash, before dialling again."""

    def reports(self, dial: Dial) -> Iterator[Report]:
        """What happens to the call, as it happens."""

    def recording(self, dial: Dial, duration_s: int) -> Recording | None:
        """The sound of an attempt that is over; None if the carrier has none."""


def carrier(partition: str) -> Carrier:
    """Test mode never leaves the simulator. Raises `CarrierNotConfigured`."""
    if settings().stage == "prod" and not partition.endswith(".test"):
        raise CarrierNotConfigured
    return Simulator()


# What the simulator says, by language; the agent speaks first, and then they take turns.
_SCRIPT = {
    "en": (
        "Hello, this is an automated assistant calling. Is this a good moment?",
        "Yes, go ahead.",
        "Thank you. I will send you the details by message. Goodbye.",
    ),
    "he": (
        "שלום, מדברת עוזרת דיגיטלית. זה זמן טוב?",
        "כן, בבקשה.",
        "תודה. אשלח לך את הפרטים בהודעה. להתראות.",
    ),
    "ar": (
        "مرحبا، معك مساعد آلي. هل الوقت مناسب؟",
        "نعم، تفضل.",
        "شكرا. سأرسل لك التفاصيل في رسالة. مع السلامة.",
    ),
}
_ARE_YOU_THERE = {
    "en": "Hello, is somebody there?",
    "he": "שלום, יש שם מישהו?",
    "ar": "مرحبا، هل من أحد هناك؟",
}
_TURN_MS = 400
_RATE = 8_000
_TONE_HZ = 440
_RING_S = 0.3

_MAGIC = "+1500555000"
_OUTCOMES = {
    f"{_MAGIC}1": (Status.BUSY, EndedReason.BUSY),
    f"{_MAGIC}2": (Status.NO_ANSWER, EndedReason.NO_ANSWER),
    f"{_MAGIC}4": (Status.FAILED, EndedReason.CARRIER_FAILED),
}
_DETAILS = {Status.FAILED: "The simulated carrier could not connect the call."}
_VOICEMAIL = f"{_MAGIC}3"
_SCREENED = f"{_MAGIC}6"


class Simulator:
    """A deterministic carrier: the number decides what happens, every other one is answered.

    It keeps a book of what it dialled, as a real carrier does: that is what `knows` reads.
    """

    def place(self, dial: Dial) -> None:
        # The order's own id: the client sends again what got no answer, and one order is one dial.
        written = {"ttl": clock.epoch() + 24 * 3600, "one": 1, "order": ids.new("ord")}
        with suppress(ConditionFailed):
            update(
                Table.CORE,
                self.book(dial),
                "SET #ttl = :ttl, #order = :order ADD #dials :one",
                condition="attribute_not_exists(#order) OR #order <> :order",
                values=written,
            )

    def knows(self, dial: Dial) -> bool:
        return get(Table.CORE, self.book(dial)) is not None

    def reports(self, dial: Dial) -> Iterator[Report]:
        clock.sleep(_RING_S)
        yield Report(Status.RINGING)
        clock.sleep(_RING_S)
        if dial.to in _OUTCOMES:
            status, reason = _OUTCOMES[dial.to]
            yield Report(status, ended_reason=reason, ended_detail=_DETAILS.get(status))
        elif dial.to == _VOICEMAIL:
            yield self._machine(dial)
        elif dial.to == _SCREENED:
            yield Report(Status.IN_PROGRESS, answered_by="call_screening")
            yield Report(Status.COMPLETED, ended_reason=EndedReason.CALL_SCREENING, duration_s=1)
        else:
            yield Report(Status.IN_PROGRESS, answered_by="human")
            yield from self._conversation(dial)

    def _conversation(self, dial: Dial) -> Iterator[Report]:
        language = _spoken(dial)
        turns = []
        for at, text in enumerate(_SCRIPT[language]):
            clock.sleep(_TURN_MS / 1000)
            turns.append(_turn(at, text, language))
        yield Report(
            Status.COMPLETED,
            ended_reason=EndedReason.AGENT_ENDED,
            duration_s=_seconds(turns),
            transcript=turns,
        )

    def _machine(self, dial: Dial) -> Report:
        """A machine answers: what the agent's plan for it says is done."""
        plan, language = dial.agent.voicemail, _spoken(dial)
        said = {"leave_message": plan.message, "ask": _ARE_YOU_THERE[language]}.get(plan.action)
        turns = [_turn(0, said, language)] if said else []
        return Report(
            Status.VOICEMAIL,
            answered_by="voicemail",
            ended_reason=EndedReason.VOICEMAIL,
            duration_s=_seconds(turns),
            transcript=turns,
        )

    def recording(self, dial: Dial, duration_s: int) -> Recording | None:
        return Recording(_tone(duration_s), "audio/wav")

    @staticmethod
    def book(dial: Dial) -> Key:
        return Key(f"W#{dial.partition}#SIM", f"{dial.call_id}#{dial.attempt}")


def _spoken(dial: Dial) -> str:
    language = dial.agent.language.split("-")[0]
    return language if language in _SCRIPT else "en"


def _turn(at: int, text: str, language: str) -> TranscriptTurn:
    return TranscriptTurn(
        role="callee" if at % 2 else "agent",
        text=text,
        start_ms=at * _TURN_MS,
        end_ms=(at + 1) * _TURN_MS,
        lang=language,
    )


def _seconds(turns: list[TranscriptTurn]) -> int:
    return -(-len(turns) * _TURN_MS // 1000)


def _tone(seconds: int) -> bytes:
    """A quiet tone as a WAV file: mono, 16 bit, at a telephone's 8 kHz."""
    second = [round(800 * math.sin(2 * math.pi * _TONE_HZ * at / _RATE)) for at in range(_RATE)]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE)
        out.writeframes(array("h", second).tobytes() * seconds)
    return file.getvalue()
