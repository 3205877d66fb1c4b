"""Calling functions as AWS would: an HTTP request finds its function through the template."""

import base64
import importlib.util
import json
import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from linkwright.settings import settings
from tests import description, planted, rights
from tools.routes import OF_DOMAINS, OF_MAILS
from tools.template import Function, functions

HTTP_TIMEOUT_MS = 25_000
# Where the API is asked.
HOST = "go.example.com"


class Context:
    """Lambda's context object, as far as it is used; time runs. Each is of an invocation."""

    begun = 0

    def __init__(self, timeout_ms: int = HTTP_TIMEOUT_MS) -> None:
        Context.begun += 1
        self._end = time.monotonic() + timeout_ms / 1000

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    raw: str
    # Of the route; empty where nobody asked by one.
    path: str = ""
    # What was sent, where that is no text.
    content: bytes = b""

    @property
    def is_flat(self) -> bool:
        """Whether an error has the envelope of paths under /api."""
        return self.path.startswith("/api/") if self.path else isinstance(self.json["error"], str)

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> dict[str, Any]:
        """With its `code`, whichever envelope it is in."""
        told: dict[str, Any] = self.json
        return {**told, "code": told["error"]} if self.is_flat else dict(told["error"])


_LOADING = Lock()


def load(function: Function) -> Any:
    """Import a function's file as Lambda does: by itself, and once, whoever asks for it at once. A
    model that is built meanwhile reads by the rules of its parent.
    """
    with _LOADING:
        return _loaded(function)


@cache
def _loaded(function: Function) -> Any:
    name = f"functions.{function.folder}.{function.file}"
    spec = importlib.util.spec_from_file_location(name, function.source)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    module.handler = rights.watched(function, module.handler)  # type: ignore[attr-defined]
    return module


@cache
@cache
def named(file: str) -> Function:
    return next(function for function in functions() if function.file == file)


def invoke(file: str, event: Mapping[str, Any], context: Context | None = None) -> Any:
    return load(named(file)).handler(event, context or Context())


@cache
def _routes() -> Mapping[tuple[str, int], list[tuple[str, re.Pattern[str], Function]]]:
    """By the method and how many parts the path has: one of ours has no `/` in a parameter."""
    found = defaultdict[tuple[str, int], list[tuple[str, re.Pattern[str], Function]]](list)
    for function in functions():
        for method, path in function.routes:
            pattern = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path))
            found[method, path.count("/")].append((path, pattern, function))
    return found


@cache
def _catch_all() -> Function:
    return next(function for function in functions() if function.is_catch_all)


def find_route(method: str, path: str) -> tuple[str, dict[str, str], Function]:
    """The route key, the decoded path parameters and the function of a request."""
    for template_path, pattern, function in _routes().get((method, path.count("/")), ()):
        if found := pattern.fullmatch(path):
            parameters = {name: unquote(value) for name, value in found.groupdict().items()}
            return f"{method} {template_path}", parameters, function
    return "$default", {}, _catch_all()


def http_event(
    method: str, url: str, headers: Mapping[str, str], body: str | None, is_base64: bool
) -> tuple[dict[str, Any], Function]:
    """The event that API Gateway makes of a request, payload format 2.0."""
    parts = urlsplit(url)
    # What a domain's mapping puts before our paths chooses the API and stays in the path.
    route, parameters, function = find_route(method, _of_a_route(parts.path))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": unquote(parts.path),
        "rawQueryString": parts.query,
        "headers": {"host": HOST} | {name.lower(): value for name, value in headers.items()},
        "requestContext": {
            "http": {"method": method, "path": parts.path, "sourceIp": "192.0.2.1"},
            "requestId": "gateway",
            "stage": "$default",
        },
        "isBase64Encoded": is_base64,
    }
    if parameters:
        event["pathParameters"] = parameters
    if body is not None:
        event["body"] = body
    return event, function


def _of_a_route(path: str) -> str:
    # Where there is no deployment there is no mapping.
    return path.removeprefix(settings().base_path) if "STAGE" in os.environ else path


class Client:
    """An API client with one token. `post("/v1/voice/calls", json=…)` runs the function itself."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token

    def request(
        self,
        method: str,
        url: str,
        *,
        json: object = None,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        is_base64: bool = False,
        context: Context | None = None,
    ) -> Answer:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if json is not None:
            body = _dumps(json)
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        event, function = http_event(method, url, sent, body, is_base64)
        found = load(function).handler(event, context or Context())
        path = _of_a_route(event["rawPath"])
        content = base64.b64decode(found["body"]) if found["isBase64Encoded"] else b""
        raw = content.decode("latin-1") if content else found["body"]
        answer = Answer(found["statusCode"], found["headers"], raw, path, content)
        planted.look_at_answer(f"{method} {urlsplit(url).path}", answer.status, answer.raw)
        if event["routeKey"].removeprefix(f"{method} ") not in {"$default", *OF_DOMAINS, *OF_MAILS}:
            description.hold(method, path, answer.status, answer.headers, answer.raw)
        return answer

    def get(self, url: str, **options: Any) -> Answer:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Answer:
        return self.request("POST", url, **options)


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def queue_event(bodies: Sequence[str], *, received: int = 1) -> dict[str, Any]:
    """What Lambda gets from SQS, of messages that were received so many times."""
    records = [
        {
            "messageId": f"m{at}",
            "receiptHandle": f"r{at}",
            "body": body,
            "attributes": {"ApproximateReceiveCount": str(received)},
            "eventSource": "aws:sqs",
        }
        for at, body in enumerate(bodies)
    ]
    return {"Records": records}


def stream_event(*changes: tuple[Mapping[str, Any] | None, Mapping[str, Any]]) -> dict[str, Any]:
    """What Lambda gets from a table's stream: items as they were, if they were there, and are."""
    from pydynox.pydynox_core import item_to_dynamo

    records = []
    for at, (before, item) in enumerate(changes):
        images = {"NewImage": item_to_dynamo(dict(item))}
        if before is not None:
            images["OldImage"] = item_to_dynamo(dict(before))
        told = {
            "SequenceNumber": str(1000 + at),
            "Keys": item_to_dynamo({"pk": item["pk"], "sk": item["sk"]}),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **images,
        }
        records.append(
            {
                "eventID": f"e{at}",
                "eventName": "INSERT" if before is None else "MODIFY",
                "eventSource": "aws:dynamodb",
                "dynamodb": told,
            }
        )
    return {"Records": records}
