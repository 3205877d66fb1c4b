"""What a request to place a call asks for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tools.carrier.behaviour import Event
from tools.carrier.errors import RestError

Form = Mapping[str, str]

STATUS_EVENTS = frozenset({Event.INITIATED, Event.RINGING, Event.ANSWERED, Event.COMPLETED})
# Twilio's defaults and bounds, in seconds.
RING_S = 60
RING_LONGEST_S = 600
CALL_LONGEST_S = 14_400
DETECTION_S = 30
E164 = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True)
class Hook:
    """Where something is reported or fetched."""

    url: str
    method: str


@dataclass(frozen=True)
class Page:
    """The next document, and what its request says besides what each says."""

    hook: Hook
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordingOrder:
    hook: Hook | None
    events: frozenset[str]
    channels: int
    source: str


@dataclass(frozen=True)
class Order:
    to: str
    sender: str
    page: Hook | None
    twiml: str
    fallback: Hook | None
    status: Hook | None
    events: frozenset[str]
    detection: str
    detection_s: float
    detects_aside: bool
    """The call goes on while it is found out who answered."""
    detection_hook: Hook | None
    ring_s: float
    longest_s: float
    recording: RecordingOrder | None


class Reader:
    """Reads a form. `reachable` says whether a URL is one that can be called back."""

    def __init__(self, form: Form, reachable: Callable[[str], bool]) -> None:
        self._form = form
        self._reachable = reachable

    def order(self, events: list[str]) -> Order:
        """`events` are the values of StatusCallbackEvent, the one field that is repeated."""
        page, twiml = self.hook("Url", "Method"), self._form.get("Twiml", "")
        to, sender = self._numbers()
        if page is None and not twiml:
            raise RestError(400, 21205, "Url parameter is required.")
        detection = self._one_of("MachineDetection", ("", "Enable", "DetectMessageEnd"))
        return Order(
            to=to,
            sender=sender,
            page=page,
            twiml=twiml,
            fallback=self.hook("FallbackUrl", "FallbackMethod"),
            status=self.hook("StatusCallback", "StatusCallbackMethod"),
            events=frozenset(events) or frozenset({Event.COMPLETED}),
            detection=detection,
            detection_s=self._seconds("MachineDetectionTimeout", DETECTION_S, 120),
            detects_aside=self._form.get("AsyncAmd") == "true",
            detection_hook=self.hook("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod"),
            ring_s=self._seconds("Timeout", RING_S, RING_LONGEST_S),
            longest_s=self._seconds("TimeLimit", CALL_LONGEST_S, CALL_LONGEST_S),
            recording=self._recording(),
        )

    def hook(self, url_field: str, method_field: str) -> Hook | None:
        url = self._form.get(url_field, "")
        if not url:
            return None
        if not self._reachable(url):
            raise RestError(
                400, 21205, f"{url_field} is not a valid URL: {url} (only loopback is called here)"
            )
        return Hook(url, self._one_of(method_field, ("POST", "GET")))

    def _numbers(self) -> tuple[str, str]:
        to, sender = self._form.get("To", ""), self._form.get("From", "")
        if not to:
            raise RestError(400, 21201, "No 'To' number is specified")
        if not E164.fullmatch(to):
            raise RestError(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if not sender:
            raise RestError(400, 21213, "A 'From' phone number is required.")
        if not E164.fullmatch(sender):
            raise RestError(400, 21212, f"Invalid 'From' Phone Number: {sender}")
        return to, sender

    def _recording(self) -> RecordingOrder | None:
        if self._form.get("Record") != "true":
            return None
        channels = self._one_of("RecordingChannels", ("mono", "dual"))
        return RecordingOrder(
            self.hook("RecordingStatusCallback", "RecordingStatusCallbackMethod"),
            recording_events(self._form.get("RecordingStatusCallbackEvent", "")),
            2 if channels == "dual" else 1,
            "OutboundAPI",
        )

    def _one_of(self, name: str, values: tuple[str, ...]) -> str:
        """The first value is the default."""
        value = self._form.get(name, values[0])
        if value not in values:
            raise RestError(400, 20001, f"Invalid {name}: {value}")
        return value

    def _seconds(self, name: str, default: int, most: int) -> int:
        value = self._form.get(name, "")
        if not value:
            return default
        if not value.isdecimal() or not 0 < int(value) <= most:
            raise RestError(400, 20001, f"Invalid {name}: {value}")
        return int(value)


def recording_events(value: str) -> frozenset[str]:
    return frozenset(value.split()) or frozenset({"completed"})
