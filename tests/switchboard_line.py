"""A call step by step: dialled, rung, answered, ended; see `tools.carrier.line`."""

import math
from collections.abc import Mapping
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from twilio.request_validator import RequestValidator

from linkwright.providers.twilio import API_URL
from tests.switchboard_account import Account
from tests.switchboard_calls import PlacedCall, Reply, Sent, Steps, Wait
from tools.carrier.behaviour import Event
from tools.carrier.callees import Kind, Outcome
from tools.carrier.calls import HungUp
from tools.carrier.line import DIALLED_S, RECORDED_S, Redirected
from tools.carrier.orders import Hook, RecordingOrder
from tools.carrier.overrides import bare, failure, overrides
from tools.carrier.recordings import Recording, whole

# As Twilio says how long it took; the result comes after the first words.
_DETECTED_MS = {Kind.HUMAN: 1_000, Kind.MACHINE: 2_000, Kind.UNKNOWN: 2_000}
_GREETING_MS = 4_000
_TOO_SHORT = "16101"
_HTTP_ERROR = 400


class Line:
    def __init__(self, account: Account, call: PlacedCall) -> None:
        self.account = account
        self.call = call
        self.callee = account.callee(call.order.to)
        self.at_s = 0.0
        self._answered_s: float | None = None
        self._sequence = 0
        self._messages = 0
        self._is_detecting = False
        self._recordings: list[tuple[Recording, RecordingOrder, float]] = []

    def wait(self, seconds: float) -> Steps[None]:
        """Raises `HungUp` and `Redirected`: what the API wants is noticed at each step."""
        self._interrupt()
        left = math.inf
        if self._answered_s is not None:
            left = self._answered_s + self.call.order.longest_s - self.at_s
        length = max(min(seconds, left), 0.0)
        yield Wait(length)
        self.at_s += length
        self._interrupt()
        if seconds >= left:
            raise HungUp("time_limit")
        if self._is_detecting:
            self._is_detecting = False
            yield from self._report_detection()
            self._interrupt()

    def ask(self, hook: Hook, params: Mapping[str, str]) -> Steps[Reply | None]:
        """For what to do next. Raises as `wait` does."""
        self._interrupt()
        reply = yield from self._send("page", hook, self.call.params() | dict(params))
        self._interrupt()
        return reply

    def ring(self) -> Steps[str]:
        """Up to the answer: `in-progress`, or how the call ends without one."""
        self._interrupt()
        self.call.started = self.account.now()
        yield from self._report(Event.INITIATED, {"CallStatus": "initiated"})
        yield from self.wait(DIALLED_S)
        if self.callee.outcome is Outcome.FAILED:
            return "failed"
        self.call.status = "ringing"
        yield from self._report(Event.RINGING)
        longest = self.call.order.ring_s
        if self.callee.outcome is Outcome.NO_ANSWER or self.callee.rings_s > longest:
            yield from self.wait(longest)
            return "no-answer"
        yield from self.wait(self.callee.rings_s)
        return "busy" if self.callee.outcome is Outcome.BUSY else "in-progress"

    def answer(self) -> Steps[None]:
        self._answered_s = self.at_s
        self.call.status = "in-progress"
        yield from self._report(Event.ANSWERED)
        if self.call.order.recording:
            yield from self.record(self.call.order.recording)
        self._is_detecting = bool(self.call.order.detection)

    def end(self, status: str) -> Steps[None]:
        answered = self.at_s if self._answered_s is None else self._answered_s
        duration = whole(self.at_s - answered)
        self.account.end(self.call, status, duration)
        made = [(one.lasting(self.at_s - began), order) for one, order, began in self._recordings]
        said = {"CallDuration": str(duration), "Duration": str(math.ceil(duration / 60))}
        if self.call.answered_by:
            said["AnsweredBy"] = self.call.answered_by
        if made and self.call.order.recording:
            said |= made[0][0].params(API_URL)
        yield from self._report(Event.COMPLETED, said)
        if made:
            yield Wait(RECORDED_S)
        for recording, order in made:
            yield from self._finish(recording, order)
        self.call.over.set()

    def record(self, order: RecordingOrder) -> Steps[None]:
        """From now to the end of the call."""
        account = self.account
        recording = Recording(
            *(account.new_sid("RE"), account.account_sid, self.call.sid, account.now(), 0),
            *(order.channels, order.source),
        )
        self.call.recorded = True
        self._recordings.append((recording, order, self.at_s))
        yield from self._report_recording(recording, order, "in-progress")

    def _interrupt(self) -> None:
        hook, self.call.redirected = self.call.redirected, None
        if self.call.hung_up:
            raise HungUp("api")
        self.call.interrupted.clear()
        if hook:
            raise Redirected(hook)

    def _send(self, kind: str, hook: Hook, params: Mapping[str, str]) -> Steps[Reply | None]:
        """As often as the URL's overrides say; who does not answer takes all the time there is."""
        sent, rules, tries, passed_s = (
            self._message(kind, hook, params),
            overrides(hook.url),
            0,
            0.0,
        )
        while True:
            reply = yield sent
            tries, passed_s = tries + 1, passed_s + (rules.read_s if reply is None else 0)
            wrong = failure(reply.status if reply else None)
            if not rules.asks_again(wrong, tries, passed_s):
                return reply

    def _message(self, kind: str, hook: Hook, params: Mapping[str, str]) -> Sent:
        assert hook.method == "POST", "the switchboard knows no other"
        self._messages += 1
        url = bare(hook.url)
        validator = RequestValidator(self.account.auth_token)
        headers = {
            "Host": urlsplit(url).netloc,
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "I-Twilio-Idempotency-Token": str(
                uuid5(NAMESPACE_URL, f"{self.call.sid}#{self._messages}")
            ),
            "X-Twilio-Signature": validator.compute_signature(url, dict(params)),
        }
        return Sent(kind, url, list(params.items()), headers)

    def _tell(self, kind: str, hook: Hook, params: Mapping[str, str]) -> Steps[None]:
        """The call goes on whatever becomes of it."""
        reply = yield from self._send(kind, hook, params)
        if reply is None:
            self.call.alert(11205, "HTTP connection failure")
        elif reply.status >= _HTTP_ERROR:
            self.call.alert(11200, f"HTTP retrieval failure: {reply.status}")

    def _report(self, event: Event, more: Mapping[str, str] | None = None) -> Steps[None]:
        """Events nobody asked for are counted all the same."""
        order = self.call.order
        said = {
            "Timestamp": format_datetime(self.account.now()),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self._sequence),
        }
        self._sequence += 1
        if order.status and event in order.events:
            params = self.call.params() | said | dict(more or {})
            yield from self._tell("status", order.status, params)

    def _report_detection(self) -> Steps[None]:
        order, kind = self.call.order, self.callee.kind
        took, found = _DETECTED_MS[kind], str(kind)
        if kind is Kind.MACHINE and order.detection == "DetectMessageEnd":
            took, found = took + _GREETING_MS, "machine_end_beep"
        elif kind is Kind.MACHINE:
            found = "machine_start"
        self.call.answered_by = found
        if order.detection_hook:
            said = {
                "AccountSid": self.call.account_sid,
                "CallSid": self.call.sid,
                "AnsweredBy": found,
                "MachineDetectionDuration": str(took),
            }
            yield from self._tell("machine", order.detection_hook, said)

    def _finish(self, recording: Recording, order: RecordingOrder) -> Steps[None]:
        if self.account.recordings_absent:
            yield from self._report_recording(recording, order, "absent")
            return
        self.account.recordings[recording.sid] = recording
        yield from self._report_recording(recording, order, "completed")

    def _report_recording(
        self, recording: Recording, order: RecordingOrder, status: str
    ) -> Steps[None]:
        if order.hook and status in order.events:
            yield from self._tell("recording", order.hook, recording.report(API_URL, status))
