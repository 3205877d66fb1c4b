"""Requests to AWS without boto3: its own signer is the judge of ours, a server of the rest."""

import io
from datetime import UTC, datetime
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from linkwright import aws, aws_http, clock, egress_dialling, sigv4, vault
from linkwright.errors import Unavailable
from linkwright.settings import Credentials, settings
from tests.unit.aws_server import served
from tests.unit.egress_network import Authority

MOMENT = datetime(2026, 11, 28, 9, 1, 30, 813_000, UTC)
_NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)


@given(
    body=st.binary(max_size=100),
    service=_NAMES,
    region=_NAMES,
    key=st.text("ABC0123456789", min_size=16, max_size=20),
    secret=st.text("abcXYZ019+/=", min_size=1, max_size=40),
    token=st.none() | st.text("abcXYZ019+/=", min_size=1, max_size=100),
    path=st.sampled_from(["/", "/v2/email/outbound-emails"]),
)
def test_the_signature_is_botocores(
    body: bytes, service: str, region: str, key: str, secret: str, token: str | None, path: str
) -> None:
    host = f"{service}.example.com"
    headers = {"content-type": "application/x-amz-json-1.1", "host": host, "x-amz-target": "a.B"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth, "get_current_datetime", lambda: MOMENT.replace(tzinfo=None))
        theirs = AWSRequest("POST", f"https://{host}{path}", headers=dict(headers), data=body)
        auth.SigV4Auth(BotoCredentials(key, secret, token), service, region).add_auth(theirs)
    ours = sigv4.signed(
        headers,
        body,
        path=path,
        service=service,
        region=region,
        credentials=Credentials(key, secret, token),
        moment=MOMENT,
    )
    assert ours == {name.lower(): value for name, value in theirs.headers.items()}


def _ask(environment: pytest.MonkeyPatch, url: str) -> Any:
    environment.setenv("AWS_ENDPOINT_URL", url)
    settings.cache_clear()
    client = aws.secrets_manager()
    return aws.run(lambda: client.get_secret_value(SecretId="arn:one"))


def test_the_secret_is_asked_for_as_the_environment_says(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_SESSION_TOKEN", "token")
    environment.setattr(clock, "now", lambda: MOMENT)
    with served((200, b'{"SecretString": "{}"}')) as (url, asked):
        assert _ask(environment, url) == {"SecretString": "{}"}
    (request,) = asked
    assert (request["path"], request["body"]) == ("/", {"SecretId": "arn:one"})
    assert request["x-amz-target"] == "secretsmanager.GetSecretValue"
    assert request["content-type"] == "application/x-amz-json-1.1"
    assert request["x-amz-security-token"] == "token"
    assert "/20261128/us-east-1/secretsmanager/aws4_request" in request["authorization"]
    assert request["host"] == url.removeprefix("http://")


def test_a_secret_without_a_value_is_an_answer(environment: pytest.MonkeyPatch) -> None:
    missing = b'{"__type": "ResourceNotFoundException", "message": "no value for AWSCURRENT"}'
    environment.setenv("SECRET_ARN", "arn:one")
    with served((400, missing)) as (url, asked):
        environment.setenv("AWS_ENDPOINT_URL", url)
        settings.cache_clear()
        vault.vault.cache_clear()
        assert vault.vault() == vault.Vault()
    assert len(asked) == 1
    vault.vault.cache_clear()


FAULTS = [(500, b"{}"), (503, b"oops"), (400, b'{"__type": "Denied"}'), (200, b"["), (200, b"[]")]


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_one_fault_is_asked_over_and_two_are_unavailable(
    environment: pytest.MonkeyPatch, fault: tuple[int, bytes] | None
) -> None:
    with served(fault, (200, b'{"SecretString": "{}"}')) as (url, asked):
        assert _ask(environment, url) == {"SecretString": "{}"}
        assert len(asked) == 2
    with served(fault, fault) as (url, asked):
        with pytest.raises(Unavailable):
            _ask(environment, url)
        assert len(asked) == 2


def test_nobody_there_is_unavailable(environment: pytest.MonkeyPatch) -> None:
    with served() as (url, _):
        pass
    with pytest.raises(Unavailable):
        _ask(environment, url)


def test_who_says_nothing_is_not_waited_for(environment: pytest.MonkeyPatch) -> None:
    environment.setattr(aws_http, "READ_TIMEOUT_S", 0.1)
    with pytest.raises(Unavailable), HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        _ask(environment, f"http://127.0.0.1:{server.server_port}")


@pytest.mark.parametrize("trusted", [True, False])
def test_only_who_has_a_certificate_for_its_name_is_told_anything(
    environment: pytest.MonkeyPatch, tmp_path: Path, trusted: bool
) -> None:
    authority = Authority()
    if trusted:
        context = egress_dialling.tls.__wrapped__()
        context.load_verify_locations(cadata=authority.pem())
        environment.setattr(egress_dialling, "tls", lambda: context)
    tls = authority.server("localhost", tmp_path)
    with served((200, b'{"SecretString": "{}"}'), tls=tls) as (url, asked):
        if trusted:
            assert _ask(environment, url) == {"SecretString": "{}"}
        else:
            with pytest.raises(Unavailable):
                _ask(environment, url)
    assert len(asked) == trusted


@pytest.mark.parametrize("answer", [b"[" * 200_000, b'"' + b"a" * aws_http.MAX_BYTES + b'"'])
def test_an_answer_that_no_service_gives_is_none(
    environment: pytest.MonkeyPatch, answer: bytes
) -> None:
    with served((200, answer), (200, answer)) as (url, _), pytest.raises(Unavailable):
        _ask(environment, url)


def test_a_trickle_restarts_no_clock(environment: pytest.MonkeyPatch) -> None:
    moments = count()
    environment.setattr(clock, "monotonic", lambda: next(moments))
    environment.setattr(aws_http, "READ_TIMEOUT_S", 2)
    response = HTTPResponse(_Trickle())  # type: ignore[arg-type]
    response.begin()
    with pytest.raises(Unavailable):
        aws_http._read(response)


class _Trickle:
    """A socket that gives a byte at a time."""

    def makefile(self, mode: str) -> io.BufferedReader:
        head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n"
        return io.BufferedReader(_Bytes(head + b" " * 100), buffer_size=1)


class _Bytes(io.RawIOBase):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        given, self._content = self._content[:1], self._content[1:]
        buffer[: len(given)] = given
        return len(given)


def _on_aws(environment: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What is asked from now on, by the addresses of AWS."""
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    settings.cache_clear()
    asked: list[tuple[object, ...]] = []
    environment.setattr(aws_http, "call", lambda *request, **_: asked.append(request))
    return asked


def test_on_aws_it_is_asked_by_its_address_in_the_region(environment: pytest.MonkeyPatch) -> None:
    asked = _on_aws(environment)
    aws.secrets_manager().get_secret_value(SecretId="arn:one")
    assert asked == [
        (
            "https://secretsmanager.us-east-1.amazonaws.com",
            "secretsmanager",
            "secretsmanager.GetSecretValue",
            {"SecretId": "arn:one"},
        )
    ]


def test_on_aws_a_queue_is_asked_by_the_address_in_the_region(
    environment: pytest.MonkeyPatch,
) -> None:
    asked = _on_aws(environment)
    aws.SQS().send_message_batch(QueueUrl="q", Entries=[])
    assert asked == [
        (
            "https://sqs.us-east-1.amazonaws.com",
            "sqs",
            "AmazonSQS.SendMessageBatch",
            {"QueueUrl": "q", "Entries": []},
        )
    ]
