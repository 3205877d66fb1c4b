"""Twilio's REST API, as far as calls and their recordings go."""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs

from tools.carrier import dialling, lists
from tools.carrier.behaviour import Operation
from tools.carrier.calls import API_VERSION, Call
from tools.carrier.carrier import Carrier
from tools.carrier.errors import RestError, not_found
from tools.carrier.orders import STATUS_EVENTS, Reader
from tools.carrier.recordings import DELETED, Recording, mp3, wav

# Python's clients repeat this field, Twilio's pages separate its values by a blank.
_JOINED = "RecordingStatusCallbackEvent"


@dataclass(frozen=True)
class Response:
    """`body` is JSON if it is a dictionary."""

    status: int
    body: Mapping[str, object] | bytes = b""
    content_type: str = "application/json"


@dataclass(frozen=True)
class Asked:
    path: str
    query: Mapping[str, list[str]]
    form: Mapping[str, list[str]]
    found: tuple[str, ...]
    """What the groups of the route's pattern matched."""

    def only(self) -> dict[str, str]:
        """The query, of which each name comes once."""
        return {name: given[-1] for name, given in self.query.items()}

    def fields(self) -> dict[str, str]:
        return {
            name: " ".join(values) if name == _JOINED else values[-1]
            for name, values in self.form.items()
        }


Handler = Callable[[Carrier, Asked], Response]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    operation: Operation
    handler: Handler


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """The path below the account. Raises `RestError`."""
    matching = [(one, found) for one in ROUTES if (found := one.pattern.fullmatch(path))]
    if not matching:
        raise not_found(path)
    for one, found in matching:
        if one.method == method:
            return one, tuple(group for group in found.groups() if group is not None)
    raise RestError(405, 20004, "Method not allowed")


def account_path(carrier: Carrier, path: str, authorization: str) -> str:
    """What of the path is below the account. Raises `RestError` unless it is the caller's."""
    found = re.fullmatch(rf"/{API_VERSION}/Accounts/([^/.]+)(?:/|(?=\.))(.+)", path)
    if not found:
        raise not_found(path)
    given, tokens = _credentials(authorization), [carrier.auth_token, carrier.secondary_token]
    known = [f"{carrier.account_sid}:{token}".encode() for token in tokens if token]
    if not any(hmac.compare_digest(given, one) for one in known) or found[1] != carrier.account_sid:
        raise RestError(401, 20003, "Authenticate")
    return found[2]


def _credentials(authorization: str) -> bytes:
    kind, _, value = authorization.partition(" ")
    try:
        return base64.b64decode(value, validate=True) if kind.lower() == "basic" else b""
    except binascii.Error:
        return b""


def values(text: str) -> dict[str, list[str]]:
    return parse_qs(text, keep_blank_values=True)


def _account(carrier: Carrier, asked: Asked) -> Response:
    uri, opened = asked.path.removesuffix(".json"), format_datetime(carrier.opened)
    below = {"calls": f"{uri}/Calls.json", "recordings": f"{uri}/Recordings.json"}
    facts = {
        "auth_token": carrier.auth_token,
        "date_created": opened,
        "date_updated": opened,
        "friendly_name": "Simulated",
        "owner_account_sid": carrier.account_sid,
        "sid": carrier.account_sid,
        "status": "active",
        "subresource_uris": below,
        "type": "Full",
        "uri": asked.path,
    }
    return Response(200, facts)


def _place(carrier: Carrier, asked: Asked) -> Response:
    events = asked.form.get("StatusCallbackEvent", [])
    order = Reader(asked.fields(), carrier.poster.reaches).order(events)
    unknown = order.events - STATUS_EVENTS
    # Twilio takes such an order all the same, and then reports nothing.
    call = carrier.place(replace(order, status=None) if unknown else order)
    created = call.resource()
    if unknown:
        carrier.alert(call, 21626, f"Invalid StatusCallbackEvents: {sorted(unknown)}")
    dialling.start(carrier, call)
    return Response(201, created)


def _fetch(carrier: Carrier, asked: Asked) -> Response:
    return Response(200, _call(carrier, asked).resource())


def _update(carrier: Carrier, asked: Asked) -> Response:
    call, fields = _call(carrier, asked), asked.fields()
    status = fields.get("Status", "")
    if status not in ("", "completed", "canceled"):
        raise RestError(400, 20001, f"Invalid Status: {status}")
    hook = Reader(fields, carrier.poster.reaches).hook("Url", "Method")
    with call.lock:
        under_way = call.status == "in-progress"
        if call.ended or (hook and not under_way):
            raise RestError(400, 21220, "Call is not in-progress. Cannot redirect.")
        if status == "completed" or (status == "canceled" and not under_way):
            call.hung_up = True
        elif hook:
            call.redirected = hook
        if call.hung_up or call.redirected:
            call.interrupted.set()
    return Response(200, call.resource())


def _call(carrier: Carrier, asked: Asked) -> Call:
    call = carrier.call(asked.found[0])
    if call is None:
        raise not_found(asked.path)
    return call


def _list(carrier: Carrier, asked: Asked) -> Response:
    query = asked.only()
    listed = datetime.now(UTC) - timedelta(seconds=carrier.behaviour.listed_after_s)
    calls = [call for call in reversed(carrier.calls()) if call.created <= listed]

    def is_wanted(call: Call) -> bool:
        return lists.is_call_wanted(call, query)

    page = lists.page("calls", asked.path, query, calls, is_wanted, Call.resource)
    return Response(200, page)


def _recordings(carrier: Carrier, asked: Asked) -> Response:
    """Of the account, or of one call."""
    query, of = asked.only(), {"CallSid": _call(carrier, asked).sid} if asked.found else {}
    known = (*carrier.deleted.values(),) if _asks_for_deleted(asked) else ()
    made = sorted((*known, *carrier.recordings.values()), key=lambda one: one.started, reverse=True)

    def is_wanted(one: Recording) -> bool:
        return lists.is_recording_wanted(one, {**query, **of})

    def show(one: Recording) -> dict[str, object]:
        return one.resource(carrier.base_url)

    return Response(200, lists.page("recordings", asked.path, query, made, is_wanted, show))


def _recording(carrier: Carrier, asked: Asked) -> Response:
    recording, kind = _known(carrier, asked), asked.found[-1]
    if kind == ".json":
        return Response(200, recording.resource(carrier.base_url))
    if recording.status == DELETED:
        raise not_found(asked.path)
    if kind == ".mp3":
        return Response(200, mp3(recording), "audio/mpeg")
    return Response(200, wav(recording), "audio/x-wav")


def _delete(carrier: Carrier, asked: Asked) -> Response:
    """Its sound is gone; what is known of it Twilio keeps for 40 days."""
    recording = _known(carrier, asked)
    carrier.deleted[recording.sid] = replace(recording, status=DELETED)
    del carrier.recordings[recording.sid]
    return Response(204)


def _known(carrier: Carrier, asked: Asked) -> Recording:
    *of, sid, _ = asked.found
    known = {**(carrier.deleted if _asks_for_deleted(asked) else {}), **carrier.recordings}
    recording = known.get(sid)
    if recording is None or (of and recording.call_sid != of[0]):
        raise not_found(asked.path)
    return recording


def _asks_for_deleted(asked: Asked) -> bool:
    return asked.only().get("IncludeSoftDeleted") == "true"


_CALL = r"Calls/(CA[0-9a-f]{32})"
_RECORDING = r"Recordings/(RE[0-9a-f]{32})"
ROUTES = [
    Route(method, re.compile(pattern), operation, handler)
    for method, pattern, operation, handler in (
        ("GET", r"\.json", Operation.ACCOUNT, _account),
        ("POST", r"Calls\.json", Operation.PLACE, _place),
        ("GET", r"Calls\.json", Operation.LIST, _list),
        ("GET", rf"{_CALL}\.json", Operation.FETCH, _fetch),
        ("POST", rf"{_CALL}\.json", Operation.UPDATE, _update),
        ("GET", rf"(?:{_CALL}/)?Recordings\.json", Operation.RECORDING, _recordings),
        (
            "GET",
            rf"(?:{_CALL}/)?{_RECORDING}(|\.json|\.wav|\.mp3)",
            Operation.RECORDING,
            _recording,
        ),
        ("DELETE", rf"(?:{_CALL}/)?{_RECORDING}(|\.json)", Operation.DELETE, _delete),
    )
]
