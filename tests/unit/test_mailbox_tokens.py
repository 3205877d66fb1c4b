"""A refresh token is told to the endpoints of a list alone, and what they say leaks nothing."""

import json
import traceback
from typing import Any

import pytest

from linkwright import egress, egress_dialling, settings
from linkwright.egress import Answer
from linkwright.providers.mailbox import xoauth2
from linkwright.providers.mailbox.types import Failure, MailboxFailed
from linkwright.providers.mailbox.xoauth2 import Access, Grant
from tests.unit import egress_addresses
from tests.unit.egress_network import Network

pytestmark = pytest.mark.usefixtures("environment")

SECRET = "r3fresh"
GRANT = Grant("google", "client.apps.example", "cl13nt", SECRET)


class Asked:
    def __init__(self, status: int = 200, body: bytes = b"") -> None:
        self.status, self.body = status, body
        self.urls: list[str] = []
        self.sent: list[bytes] = []

    def fetch(self, url: str, **options: Any) -> Answer:
        self.urls.append(url)
        self.sent.append(options["body"])
        return Answer(self.status, {}, self.body, url)


def ask(monkeypatch: pytest.MonkeyPatch, asked: Asked, grant: Grant = GRANT) -> Access:
    monkeypatch.setattr(egress, "fetch", asked.fetch)
    return xoauth2.access(grant, 5)


def granted(**fields: Any) -> bytes:
    return json.dumps({"access_token": "t0ken", "expires_in": 3599} | fields).encode()


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("google", "https://oauth2.googleapis.com/token"),
        ("microsoft", "https://login.microsoftonline.com/common/oauth2/v2.0/token"),
    ],
)
def test_a_token_is_asked_for_at_the_providers_endpoint(
    monkeypatch: pytest.MonkeyPatch, provider: str, url: str
) -> None:
    asked = Asked(body=granted(refresh_token="next"))
    assert ask(monkeypatch, asked, GRANT._replace(provider=provider)) == Access("t0ken", "next")
    assert asked.urls == [url]
    assert asked.sent == [
        b"grant_type=refresh_token&refresh_token=r3fresh&client_id=client.apps.example"
        b"&client_secret=cl13nt"
    ]


def test_a_public_client_says_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(body=granted())
    assert ask(monkeypatch, asked, GRANT._replace(client_secret=None)) == Access("t0ken", None)
    assert b"client_secret" not in asked.sent[0]


@pytest.mark.parametrize("provider", ["local", "https://evil.example/token", "", "Google"])
def test_a_provider_that_is_not_listed_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    asked = Asked(body=granted())
    with pytest.raises(MailboxFailed) as failed:
        ask(monkeypatch, asked, GRANT._replace(provider=provider))
    assert (failed.value.failure, asked.urls) == (Failure.TOKEN_REFUSED, [])
    assert not xoauth2.is_known(provider)


@pytest.mark.parametrize("stage", ["local", "prod"])
def test_the_local_host_is_a_provider_in_the_local_cloud_alone(
    environment: pytest.MonkeyPatch, stage: str
) -> None:
    environment.setenv("STAGE", stage)
    environment.setenv("MAIL_OAUTH_URL", "http://127.0.0.1:1/token")
    settings.settings.cache_clear()
    assert xoauth2.is_known("local") == (stage == "local")


@pytest.mark.parametrize("address", egress_addresses.REFUSED)
def test_nothing_is_sent_to_an_endpoint_that_is_not_public(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    network = Network()
    monkeypatch.setattr(egress_dialling, "_lookup", network.lookup)
    monkeypatch.setattr(egress_dialling, "_dial", network.dial)
    network.name("oauth2.googleapis.com", [address])
    with pytest.raises(MailboxFailed) as failed:
        xoauth2.access(GRANT, 5)
    assert (failed.value.failure, network.dialled) == (Failure.TOKEN_UNAVAILABLE, [])


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, b'{"error": "invalid_grant"}', Failure.TOKEN_REFUSED),
        (401, b'{"error": "invalid_client"}', Failure.TOKEN_REFUSED),
        (429, b"", Failure.TOKEN_UNAVAILABLE),
        (503, b"", Failure.TOKEN_UNAVAILABLE),
        (302, b"", Failure.TOKEN_UNAVAILABLE),
        (200, b"", Failure.TOKEN_UNAVAILABLE),
        (200, b"[]", Failure.TOKEN_UNAVAILABLE),
        (200, b"[" * 60_000, Failure.TOKEN_UNAVAILABLE),
        (200, granted(access_token=7), Failure.TOKEN_UNAVAILABLE),
        (200, granted(access_token=""), Failure.TOKEN_UNAVAILABLE),
        (200, granted(access_token="a\x01auth=x"), Failure.TOKEN_UNAVAILABLE),
        (200, granted(access_token="a\r\nMAIL"), Failure.TOKEN_UNAVAILABLE),
        (200, granted(access_token="x" * 8001), Failure.TOKEN_UNAVAILABLE),
    ],
)
def test_an_answer_without_a_token_is_none(
    monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, expected: Failure
) -> None:
    with pytest.raises(MailboxFailed) as failed:
        ask(monkeypatch, Asked(status, body))
    assert failed.value.failure == expected
    assert SECRET not in "".join(traceback.format_exception(failed.value))


def test_an_odd_next_token_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, Asked(body=granted(refresh_token=["x"]))).refresh_token is None
