"""A request for each route: from the table here, else the sample event of its function."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.factories import CALLEE
from tools.demo import AGENT_ID
from tools.template import ROOT, Function, functions


class NoSample(Exception):
    """A route cannot be put through the faults because nobody said what to send to it."""


@dataclass(frozen=True)
class Sample:
    """`path` is filled in from the reply to `after`, a route that is asked before, if need be.

    What that route began comes to rest first, unless `settled` says otherwise.
    """

    method: str
    path: str
    body: str | None = None
    after: str | None = None
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    settled: bool = True


@dataclass(frozen=True)
class _Wanted:
    body: object = None
    path: Mapping[str, str] = field(default_factory=dict)
    after: str | None = None
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    settled: bool = True


# What else of a sample event's headers decides what happens.
_KEPT = {"if-match"}

_PLACE_CALL = "POST /v1/voice/calls"
_ADD_NUMBER = "POST /v1/voice/do-not-call"

# `{id}` is the id in the reply to the route of `after`.
_WANTED = {
    _PLACE_CALL: _Wanted({"agent_id": AGENT_ID, "to": CALLEE, "metadata": {"name": "נועה"}}),
    "GET /v1/voice/calls": _Wanted(after=_PLACE_CALL, query="status=completed&status=queued"),
    "GET /v1/voice/calls/{call_id}": _Wanted(path={"call_id": "{id}"}, after=_PLACE_CALL),
    "POST /v1/voice/calls/{call_id}/cancel": _Wanted(
        path={"call_id": "{id}"}, after=_PLACE_CALL, settled=False
    ),
    "GET /v1/voice/agents/{agent_id}": _Wanted(path={"agent_id": AGENT_ID}),
    _ADD_NUMBER: _Wanted({"number": CALLEE, "reason": "asked on the phone"}),
    "GET /v1/voice/do-not-call": _Wanted(after=_ADD_NUMBER),
    "DELETE /v1/voice/do-not-call/{number}": _Wanted(path={"number": CALLEE}, after=_ADD_NUMBER),
}


def routes() -> list[str]:
    """Every route but the pages of the reference, whose role allows no call at all."""
    served = [function for function in functions() if function.folder != "console"]
    return [f"{method} {path}" for function in served for method, path in function.routes]


def effectful_routes() -> list[str]:
    return [route for route in routes() if not route.startswith("GET ")]


def sample(route: str) -> Sample:
    """Raises `NoSample`, naming the route."""
    method, path = route.split(" ")
    wanted = _WANTED.get(route) or _from_event(route)
    if wanted is None and method == "GET" and "{" not in path:
        wanted = _Wanted()
    if wanted is None:
        raise NoSample(
            f"{route} has no sample request: add one to events/, or to tests/faults/samples.py"
        )
    for name, value in wanted.path.items():
        path = path.replace(f"{{{name}}}", value)
    body = None if wanted.body is None else json.dumps(wanted.body, ensure_ascii=False)
    return Sample(method, path, body, wanted.after, wanted.query, wanted.headers, wanted.settled)


def _from_event(route: str) -> _Wanted | None:
    function = _function_of(route)
    file = ROOT / "events" / function.folder / f"{function.file}.json"
    if not file.exists():
        return None
    event: dict[str, Any] = json.loads(file.read_text())
    raw = event.get("body") or ""
    if event.get("isBase64Encoded"):
        raw = base64.b64decode(raw).decode()
    return _Wanted(
        body=json.loads(raw) if raw else None,
        path=event.get("pathParameters") or {},
        query=event.get("rawQueryString", ""),
        headers={name: text for name, text in event["headers"].items() if name.lower() in _KEPT},
    )


def _function_of(route: str) -> Function:
    method, path = route.split(" ")
    return next(function for function in functions() if (method, path) in function.routes)
