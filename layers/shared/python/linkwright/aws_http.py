"""Single requests to services of AWS without boto3, of those that speak JSON.

For what a function needs before its first event, or asks in one way only: importing boto3 and
making a client costs a hundred times such a request, and its every request three of ours.
"""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from select import select
from typing import Any
from urllib.parse import urlsplit

from linkwright import clock, egress_dialling, sigv4
from linkwright.errors import Unavailable, Unheard
from linkwright.settings import credentials, settings, trace_header

CONNECT_TIMEOUT_S = 1
READ_TIMEOUT_S = 3
# More than any secret or sealed key has.
MAX_BYTES = 1024 * 1024


# A connection to each service. Who sends takes it out, and puts it back after a good answer: it is
# nobody else's meanwhile, and none that failed is used again.
_kept: dict[str, HTTPConnection] = {}


def prepare(url: str) -> None:
    """Make what the first call to an address would make; for TLS it reads all the authorities."""
    if url not in _kept:
        _kept[url] = _connection(url)


def call(
    url: str,
    service: str,
    target: str,
    content: Mapping[str, object],
    *,
    version: str = "1.1",
    answers: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Ask for an operation, as in "secretsmanager.GetSecretValue", of the service at an address.

    `version` is that of the service's JSON protocol. Errors named in `answers` are answers, by
    their `__type`. Raises `Unavailable` where there is none, or another refusal, twice.
    """
    body = json.dumps(content).encode()
    headers = {
        "content-type": f"application/x-amz-json-{version}",
        "host": urlsplit(url).netloc,
        "x-amz-target": target,
    }
    try:
        return _posted(url, "/", service, headers, body, answers)
    except Unavailable:
        return _posted(url, "/", service, headers, body, answers)


def post(
    url: str, service: str, path: str, content: Mapping[str, object], answers: tuple[str, ...]
) -> dict[str, Any]:
    """Ask for an operation of a service that speaks REST, once: it may have been done unheard.

    Errors named in `answers` are answers, by their `__type`. Raises `Unavailable` for all others
    that blame the request, and where there is no connection: then it was not done. Else `Unheard`:
    what fails on the other side (5xx) may have failed after the effect.
    """
    headers = {"content-type": "application/json", "host": urlsplit(url).netloc}
    return _posted(url, path, service, headers, json.dumps(content).encode(), answers)


def _posted(
    url: str,
    path: str,
    service: str,
    headers: Mapping[str, str],
    body: bytes,
    answers: tuple[str, ...],
) -> dict[str, Any]:
    signed = sigv4.signed(
        headers,
        body,
        path=path,
        service=service,
        region=settings().aws_region,
        credentials=credentials(),
        moment=clock.now(),
    )
    if trace := trace_header():
        # As boto3 does, so that the trace goes on behind a queue.
        signed["x-amzn-trace-id"] = trace
    try:
        connection = _opened(url)
    except (OSError, HTTPException) as failure:
        raise Unavailable from failure
    try:
        return _answered(connection, url, path, signed, body, answers)
    except (OSError, HTTPException, ValueError, RecursionError) as failure:
        raise Unheard from failure


def _opened(url: str) -> HTTPConnection:
    connection = _kept.pop(url, None) or _connection(url)
    if not _is_open(connection):
        connection.close()
        connection.connect()
        connection.sock.settimeout(READ_TIMEOUT_S)
    return connection


def _answered(
    connection: HTTPConnection,
    url: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    answers: tuple[str, ...],
) -> dict[str, Any]:
    try:
        connection.request("POST", path, body, dict(headers))
        with connection.getresponse() as response:
            content = _read(response)
        is_refused = 400 <= response.status < 500
        if response.status != 200 and not is_refused:
            raise Unheard
        answer = json.loads(content)
        if not isinstance(answer, dict):
            raise Unheard
        if kind := response.headers.get("x-amzn-errortype"):
            # Where REST says it; some services add an address.
            answer["__type"] = kind.partition(":")[0]
        if is_refused and not str(answer.get("__type")).endswith(answers):
            raise Unavailable
    except BaseException:
        connection.close()
        raise
    if _kept.setdefault(url, connection) is not connection:
        # Another thread was faster: one is kept.
        connection.close()
    return answer


def _is_open(connection: HTTPConnection) -> bool:
    """Nothing may come before we ask: what does is the other side's end, or no answer of ours."""
    return bool(connection.sock) and not select([connection.sock], [], [], 0)[0]


def _read(response: HTTPResponse) -> bytes:
    """All of an answer that is not too long, in size or time: a trickle restarts no clock."""
    end, content = clock.monotonic() + READ_TIMEOUT_S, b""
    while chunk := response.read1(MAX_BYTES):
        content += chunk
        if len(content) > MAX_BYTES or clock.monotonic() > end:
            raise Unheard
    return content


def _connection(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "http":
        return HTTPConnection(parts.netloc, timeout=CONNECT_TIMEOUT_S)
    return HTTPSConnection(parts.netloc, timeout=CONNECT_TIMEOUT_S, context=egress_dialling.tls())
