"""A call as it happens: dialled, rung, answered, ended, each with a clock of its own."""

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from tools.carrier.behaviour import Event
from tools.carrier.callbacks import Callbacks
from tools.carrier.callees import Kind, Outcome
from tools.carrier.calls import Call, HungUp
from tools.carrier.carrier import Carrier, sid
from tools.carrier.orders import Hook, RecordingOrder
from tools.carrier.recordings import Recording, whole

# Seconds of the call's clock.
QUEUED_S = 0.2
DIALLED_S = 0.3
RECORDED_S = 1.0
_DETECTED_S = {Kind.HUMAN: 1.0, Kind.MACHINE: 2.0, Kind.UNKNOWN: 2.0}
_GREETING_S = 4.0
_TOO_SHORT = "16101"


class Redirected(Exception):
    """The API wants the call to go on with another document."""

    def __init__(self, hook: Hook) -> None:
        super().__init__(hook.url)
        self.hook = hook


class Line:
    def __init__(self, carrier: Carrier, call: Call) -> None:
        self.carrier = carrier
        self.call = call
        self.callee = carrier.callee(call.order.to)
        self._callbacks = Callbacks(carrier, call)
        self.at_s = 0.0
        self._answered_s: float | None = None
        self._sequence = 0
        self._recordings: list[tuple[Recording, RecordingOrder, float]] = []

    def wait(self, seconds: float) -> None:
        """Raises `HungUp` when the call is ended meanwhile, and `Redirected`."""
        left = math.inf
        if self._answered_s is not None:
            left = self._answered_s + self.call.order.longest_s - self.at_s
        length, began = max(min(seconds, left), 0.0), time.monotonic()
        if self.call.interrupted.wait(length * self.carrier.time_scale):
            if self.carrier.time_scale:
                passed = (time.monotonic() - began) / self.carrier.time_scale
                self.at_s += min(length, passed)
            self._interrupt()
        self.at_s += length
        if seconds >= left:
            raise HungUp("time_limit")

    def passed(self, real_seconds: float) -> None:
        """Somebody on the line waited for the service: that time is not scaled."""
        self.at_s += real_seconds
        self.wait(0)

    def ring(self) -> str:
        """Up to the answer: `in-progress`, or how the call ends without one."""
        self.wait(QUEUED_S)
        self.call.started = datetime.now(UTC)
        self._report(Event.INITIATED, {"CallStatus": "initiated"})
        self.wait(DIALLED_S)
        if self.callee.outcome is Outcome.FAILED:
            return "failed"
        self.call.status = "ringing"
        self._report(Event.RINGING)
        longest = self.call.order.ring_s
        if self.callee.outcome is Outcome.NO_ANSWER or self.callee.rings_s > longest:
            self.wait(longest)
            return "no-answer"
        self.wait(self.callee.rings_s)
        return "busy" if self.callee.outcome is Outcome.BUSY else "in-progress"

    def answer(self) -> dict[str, str]:
        """Returns what the first request for TwiML says besides."""
        self._answered_s = self.at_s
        self.call.status = "in-progress"
        self._report(Event.ANSWERED)
        if self.call.order.recording:
            self.record(self.call.order.recording)
        if not self.call.order.detection:
            return {}
        if self.call.order.detects_aside:
            self.carrier.spawn(self._detect_aside)
            return {}
        found, took = self._detection()
        self.wait(took)
        self.call.answered_by = found
        return {"AnsweredBy": found}

    def end(self, status: str) -> None:
        duration = 0
        if self._answered_s is not None:
            duration = whole(self.at_s - self._answered_s)
        self.call.end(status, duration)
        made = [
            (recording.lasting(self.at_s - began), order)
            for recording, order, began in self._recordings
        ]
        said = {"CallDuration": str(duration), "Duration": str(math.ceil(duration / 60))}
        if self.call.answered_by:
            said["AnsweredBy"] = self.call.answered_by
        if made and self.call.order.recording:
            said |= made[0][0].params(self.carrier.base_url)
        self._report(Event.COMPLETED, said)
        if made:
            self.carrier.pause(RECORDED_S)
        for recording, order in made:
            if self.call.behaviour.recordings_absent:
                self._report_recording(recording, order, "absent")
                continue
            self.carrier.recordings[recording.sid] = recording
            self._report_recording(recording, order, "completed")

    def over(self) -> None:
        self._callbacks.finish()
        self.call.over.set()

    def record(self, order: RecordingOrder) -> None:
        """From now to the end of the call."""
        recording = self._new_recording(order)
        self._recordings.append((recording, order, self.at_s))
        self._report_recording(recording, order, "in-progress")

    def record_message(self, order: RecordingOrder, length_s: float) -> dict[str, str]:
        """What was said just now; returns what the verb's action is told."""
        recording = self._new_recording(order).lasting(length_s)
        self.carrier.recordings[recording.sid] = recording
        self._report_recording(recording, order, "completed")
        return recording.params(self.carrier.base_url)

    def _new_recording(self, order: RecordingOrder) -> Recording:
        now, carrier = datetime.now(UTC), self.carrier
        return Recording(
            sid("RE"), carrier.account_sid, self.call.sid, now, 0, order.channels, order.source
        )

    def _interrupt(self) -> None:
        with self.call.lock:
            hook, self.call.redirected = self.call.redirected, None
            if self.call.hung_up:
                raise HungUp("api")
            self.call.interrupted.clear()
        if hook:
            raise Redirected(hook)

    def _report(self, event: Event, more: Mapping[str, str] | None = None) -> None:
        """Events nobody asked for are counted all the same."""
        order = self.call.order
        said = {
            "Timestamp": format_datetime(datetime.now(UTC)),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self._sequence),
        }
        self._sequence += 1
        if order.status and event in order.events:
            self._callbacks.add(event, order.status, self.call.params() | said | dict(more or {}))

    def _detection(self) -> tuple[str, float]:
        """What machine detection finds, and the seconds it takes."""
        order, kind = self.call.order, self.callee.kind
        took, found = _DETECTED_S[kind], str(kind)
        if kind is Kind.MACHINE and order.detection == "DetectMessageEnd":
            took, found = took + _GREETING_S, "machine_end_beep"
        elif kind is Kind.MACHINE:
            found = "machine_start"
        return (found, took) if took <= order.detection_s else ("unknown", order.detection_s)

    def _detect_aside(self) -> None:
        found, took = self._detection()
        self.carrier.pause(took)
        if self.call.ended:
            return
        self.call.answered_by = found
        hook = self.call.order.detection_hook
        if hook:
            said = {
                "AccountSid": self.call.account_sid,
                "CallSid": self.call.sid,
                "AnsweredBy": found,
                "MachineDetectionDuration": str(round(took * 1000)),
            }
            self._callbacks.add(Event.MACHINE_DETECTION, hook, said)

    def _report_recording(self, recording: Recording, order: RecordingOrder, status: str) -> None:
        if order.hook and status in order.events:
            said = recording.report(self.carrier.base_url, status)
            self._callbacks.add(Event.RECORDING, order.hook, said)
