"""Twilio's REST API, as far as calls and their recordings go."""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode

from tools.carrier import dialling
from tools.carrier.behaviour import Operation
from tools.carrier.calls import API_VERSION, Call
from tools.carrier.carrier import Carrier
from tools.carrier.errors import RestError, not_found
from tools.carrier.orders import STATUS_EVENTS, Reader
from tools.carrier.recordings import Recording, mp3, wav

PAGE_SIZE = 50
LARGEST_PAGE = 1000
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
            return one, found.groups()
    raise RestError(405, 20004, "Method not allowed")


def account_path(carrier: Carrier, path: str, authorization: str) -> str:
    """What of the path is below the account. Raises `RestError` unless it is the caller's."""
    found = re.fullmatch(rf"/{API_VERSION}/Accounts/([^/]+)/(.+)", path)
    if not found:
        raise not_found(path)
    expected = f"{carrier.account_sid}:{carrier.auth_token}"
    given = _credentials(authorization)
    if not hmac.compare_digest(given, expected.encode()) or found[1] != carrier.account_sid:
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
    query = {name: given[-1] for name, given in asked.query.items()}
    size, page = _number(query, "PageSize", PAGE_SIZE), _number(query, "Page", 0)
    size = min(max(size, 1), LARGEST_PAGE)
    listed = datetime.now(UTC) - timedelta(seconds=carrier.behaviour.listed_after_s)
    matching = [
        call
        for call in reversed(carrier.calls())
        if call.created <= listed and _matches(call, query)
    ]
    shown = matching[page * size : (page + 1) * size]
    more = len(matching) > (page + 1) * size

    def uri(number: int) -> str:
        return f"{asked.path}?{urlencode({**query, 'PageSize': size, 'Page': number})}"

    return Response(
        200,
        {
            "calls": [call.resource() for call in shown],
            "start": page * size,
            "end": page * size + max(len(shown) - 1, 0),
            "page": page,
            "page_size": size,
            "uri": uri(page),
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if more else None,
            "previous_page_uri": uri(page - 1) if page else None,
        },
    )


def _matches(call: Call, query: Mapping[str, str]) -> bool:
    exact = {
        "To": call.order.to,
        "From": call.order.sender,
        "Status": call.status,
        "ParentCallSid": call.parent_sid,
    }
    if any(query[name] != value for name, value in exact.items() if query.get(name)):
        return False
    started = call.started or call.created
    after, before = query.get("StartTime>"), query.get("StartTime<")
    on = query.get("StartTime")
    return (
        (not after or started >= _moment(after))
        and (not before or started <= _moment(before))
        and (not on or _moment(on) <= started < _moment(on) + timedelta(days=1))
    )


def _moment(text: str) -> datetime:
    """A day, or a time in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RestError(400, 20001, f"Invalid StartTime: {text}") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise RestError(400, 20001, f"Invalid {name}: {text}")
    return int(text)


def _recordings(carrier: Carrier, asked: Asked) -> Response:
    call = _call(carrier, asked)
    made = [one for one in carrier.recordings.values() if one.call_sid == call.sid]
    return Response(200, {"recordings": [one.resource() for one in made], "page": 0})


def _recording(carrier: Carrier, asked: Asked) -> Response:
    recording, kind = _known(carrier, asked), asked.found[1]
    if kind == ".json":
        return Response(200, recording.resource())
    if kind == ".mp3":
        return Response(200, mp3(recording), "audio/mpeg")
    return Response(200, wav(recording), "audio/x-wav")


def _delete(carrier: Carrier, asked: Asked) -> Response:
    del carrier.recordings[_known(carrier, asked).sid]
    return Response(204)


def _known(carrier: Carrier, asked: Asked) -> Recording:
    recording = carrier.recordings.get(asked.found[0])
    if recording is None:
        raise not_found(asked.path)
    return recording


_CALL = r"Calls/(CA[0-9a-f]{32})"
_RECORDING = r"Recordings/(RE[0-9a-f]{32})"
ROUTES = [
    Route(method, re.compile(pattern), operation, handler)
    for method, pattern, operation, handler in (
        ("POST", r"Calls\.json", Operation.PLACE, _place),
        ("GET", r"Calls\.json", Operation.LIST, _list),
        ("GET", rf"{_CALL}\.json", Operation.FETCH, _fetch),
        ("POST", rf"{_CALL}\.json", Operation.UPDATE, _update),
        ("GET", rf"{_CALL}/Recordings\.json", Operation.RECORDING, _recordings),
        ("GET", rf"{_RECORDING}(|\.json|\.wav|\.mp3)", Operation.RECORDING, _recording),
        ("DELETE", rf"{_RECORDING}(|\.json)", Operation.DELETE, _delete),
    )
]
