"""A single request to a service of AWS without boto3, of those that speak JSON.

For what a function needs before its first event, or once: importing boto3 and making a client costs
a hundred times such a request.
"""

import json
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from linkwright import clock, egress, sigv4
from linkwright.errors import Unavailable
from linkwright.settings import credentials, settings

CONNECT_TIMEOUT_S = 1
READ_TIMEOUT_S = 3
# More than any secret or sealed key has.
MAX_BYTES = 1024 * 1024


def call(url: str, service: str, target: str, content: Mapping[str, object]) -> dict[str, Any]:
    """Ask for an operation, as in "secretsmanager.GetSecretValue", of the service at an address.

    Raises `Unavailable` where there is no answer, or a refusal, twice.
    """
    try:
        return _asked(url, service, target, content)
    except Unavailable:
        return _asked(url, service, target, content)


def _asked(url: str, service: str, target: str, content: Mapping[str, object]) -> dict[str, Any]:
    body = json.dumps(content).encode()
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": urlsplit(url).netloc,
        "x-amz-target": target,
    }
    headers = sigv4.signed(
        headers,
        body,
        service=service,
        region=settings().aws_region,
        credentials=credentials(),
        moment=clock.now(),
    )
    try:
        answer = _posted(url, headers, body)
    except (OSError, HTTPException, ValueError, RecursionError) as failure:
        raise Unavailable from failure
    if not isinstance(answer, dict):
        raise Unavailable
    return answer


def _posted(url: str, headers: Mapping[str, str], body: bytes) -> object:
    with closing(_connection(url)) as connection:
        connection.connect()
        connection.sock.settimeout(READ_TIMEOUT_S)
        connection.request("POST", "/", body, dict(headers))
        response = connection.getresponse()
        answer: object = json.loads(_read(response))
        if response.status != 200:
            raise Unavailable
        return answer


def _read(response: HTTPResponse) -> bytes:
    """All of an answer that is not too long, in size or time: a trickle restarts no clock."""
    end, content = clock.monotonic() + READ_TIMEOUT_S, b""
    while chunk := response.read1(MAX_BYTES):
        content += chunk
        if len(content) > MAX_BYTES or clock.monotonic() > end:
            raise Unavailable
    return content


def _connection(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "http":
        return HTTPConnection(parts.netloc, timeout=CONNECT_TIMEOUT_S)
    return HTTPSConnection(parts.netloc, timeout=CONNECT_TIMEOUT_S, context=egress.tls())
