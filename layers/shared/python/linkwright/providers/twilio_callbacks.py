"""What Twilio tells us: requests that it signed, read into plain values.

A callback says by the path of its URL which attempt of which call it is about. Sources:
https://www.twilio.com/docs/usage/security and
https://www.twilio.com/docs/voice/api/call-resource#statuscallback.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlsplit

from linkwright import ids

# A form has about 30 fields and 1 KB; a minute of Hebrew is 6 KB more.
MAX_FORM_BYTES = 64 * 1024
MAX_FIELDS = 200
MAX_SPEECH_CHARS = 4_000
CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}", re.ASCII)
RECORDING_SID = re.compile(r"RE[0-9a-fA-F]{32}", re.ASCII)

# Only what no gateway writes in another way, and no query: the signature is over each character.
_PATH = re.compile(
    r"/callbacks/twilio/(?P<partition>[\w-]{1,80}(?:\.test)?)/(?P<call>\w+)"
    r"/(?P<attempt>[1-9][0-9]?)/(?P<kind>[a-z]+)(?:/(?P<turn>[1-9][0-9]{0,2}))?",
    re.ASCII,
)
KINDS = frozenset({"answer", "turn", "status", "machine", "recording", "transfer"})
_DEFAULT_PORTS = {"https": 443, "http": 80}
_STATUS = re.compile(r"[a-z-]{1,20}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_KEY = re.compile(r"[0-9*#]", re.ASCII)

Fields = list[tuple[str, str]]


class Malformed(Exception):
    """Signed, perhaps, but not a callback that we can read. The text quotes nothing of it."""


@dataclass(frozen=True)
class Route:
    """Which attempt of which call, and what about it; a `turn` counts from 1."""

    partition: str
    call_id: str
    attempt: int
    kind: str
    turn: int | None = None

    def path(self) -> str:
        turn = f"/{self.turn}" if self.turn else ""
        return f"/callbacks/twilio/{self.partition}/{self.call_id}/{self.attempt}/{self.kind}{turn}"


def route(path: str) -> Route:
    """The inverse of `Route.path`. Raises `Malformed`."""
    found = _PATH.fullmatch(path)
    if (
        found is None
        or found["kind"] not in KINDS
        or (found["turn"] is None) == (found["kind"] == "turn")
        or not ids.matches("call", found["call"])
    ):
        raise Malformed("the path")
    turn = int(found["turn"]) if found["turn"] else None
    return Route(found["partition"], found["call"], int(found["attempt"]), found["kind"], turn)


def public_url(base: str, path: str, query: str = "") -> str:
    """The URL that Twilio was given. The base is the configured one: headers say what they like."""
    return base.rstrip("/") + path + (f"?{query}" if query else "")


def is_genuine(url: str, fields: Fields, signature: str, auth_token: str) -> bool:
    """Whether Twilio signed the request, which went to exactly this URL."""
    # Anybody can sign with no token.
    if not auth_token:
        return False
    # Of a name that comes twice, each value once: so do Twilio's own libraries.
    signed = "".join(name + value for name, value in sorted(set(fields)))
    claimed = signature.encode(errors="replace")
    return any(
        hmac.compare_digest(_signature(spelling + signed, auth_token), claimed)
        for spelling in _spellings(url)
    )


def _signature(signed: str, auth_token: str) -> bytes:
    return base64.b64encode(hmac.digest(auth_token.encode(), signed.encode(), hashlib.sha1))


def _spellings(url: str) -> Iterable[str]:
    """Twilio signs a URL without a port now as it is, now with the scheme's port in it."""
    yield url
    parts = urlsplit(url)
    if parts.port is None and parts.scheme in _DEFAULT_PORTS:
        yield parts._replace(netloc=f"{parts.netloc}:{_DEFAULT_PORTS[parts.scheme]}").geturl()


def parse_form(body: bytes) -> Fields:
    """The fields in their order. Raises `Malformed`."""
    if len(body) > MAX_FORM_BYTES:
        raise Malformed("the form is too large")
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise Malformed("the form") from None


@dataclass(frozen=True)
class StatusUpdate:
    """`sequence` counts a call's updates from 0; `duration_s` is known at the end."""

    sid: str
    status: str
    sequence: int | None
    duration_s: int | None
    answered_by: str | None
    error_code: int | None
    at: datetime | None


@dataclass(frozen=True)
class MachineResult:
    """Who answered, as the detection has it; None where a call is answered without one."""

    sid: str
    answered_by: str | None


@dataclass(frozen=True)
class Speech:
    """What was heard; nothing at all after a silence. Data, whatever it says.

    A key that was pressed stands in brackets, as in `[9]`, which nobody can say.
    """

    sid: str
    text: str


@dataclass(frozen=True)
class RecordingReady:
    """A recording to fetch. By its id: our credentials go to no URL that a request names."""

    sid: str
    recording_sid: str
    duration_s: int | None


@dataclass(frozen=True)
class Transferred:
    """How connecting the caller with another number ended."""

    sid: str
    connected: bool
    duration_s: int | None


def status_update(fields: Fields) -> StatusUpdate:
    return StatusUpdate(
        sid=_required(fields, "CallSid", CALL_SID),
        status=_required(fields, "CallStatus", _STATUS),
        sequence=_number(fields, "SequenceNumber"),
        duration_s=_number(fields, "CallDuration"),
        answered_by=_text(fields, "AnsweredBy"),
        error_code=_number(fields, "ErrorCode"),
        at=moment(_text(fields, "Timestamp")),
    )


def machine_result(fields: Fields) -> MachineResult:
    """Also of the request for what to do with an answered call."""
    return MachineResult(_required(fields, "CallSid", CALL_SID), _text(fields, "AnsweredBy"))


def speech(fields: Fields) -> Speech:
    text = " ".join((_text(fields, "SpeechResult") or "").split())[:MAX_SPEECH_CHARS]
    key = _text(fields, "Digits") or ""
    heard = f"[{key}]" if _KEY.fullmatch(key) else text
    return Speech(_required(fields, "CallSid", CALL_SID), heard)


def recording_ready(fields: Fields) -> RecordingReady | None:
    """None if there will be none: too short, or silent."""
    if _required(fields, "RecordingStatus", _STATUS) != "completed":
        return None
    return RecordingReady(
        sid=_required(fields, "CallSid", CALL_SID),
        recording_sid=_required(fields, "RecordingSid", RECORDING_SID),
        duration_s=_number(fields, "RecordingDuration"),
    )


def transferred(fields: Fields) -> Transferred:
    return Transferred(
        sid=_required(fields, "CallSid", CALL_SID),
        connected=_required(fields, "DialCallStatus", _STATUS) in {"answered", "completed"},
        duration_s=_number(fields, "DialCallDuration"),
    )


def moment(text: str | None) -> datetime | None:
    """Twilio's times are RFC 2822; None for what is none."""
    try:
        found = parsedate_to_datetime(text or "")
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _text(fields: Fields, name: str) -> str | None:
    found = [value for key, value in fields if key == name]
    if len(found) > 1:
        raise Malformed("a field comes twice")
    return found[0] if found and found[0] else None


def _required(fields: Fields, name: str, form: re.Pattern[str]) -> str:
    text = _text(fields, name)
    if text is None or not form.fullmatch(text):
        raise Malformed(f"the field {name}")
    return text


def _number(fields: Fields, name: str) -> int | None:
    text = _text(fields, name)
    return int(text) if text and _NUMBER.fullmatch(text) else None
