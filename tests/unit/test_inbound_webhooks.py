"""Others' webhooks to us: read only if they are genuine, by the secrets that are good now."""

from typing import Any

import pytest
from pydantic import SecretStr

from linkwright import clock, inbound_webhooks
from linkwright.errors import Forbidden, PayloadTooLarge
from linkwright.json_body import MAX_BYTES
from tests import webhooks
from tests.unit.calls import NOW

OLD, NEW = (webhooks.secret_of(path) for path in (webhooks.BILLING, webhooks.CLERK))


class Sent:
    """A message, signed by a secret."""

    def __init__(self, body: bytes, secret: str, late_s: int = 0) -> None:
        moment = clock.epoch() - late_s
        self.headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(moment),
            "webhook-signature": webhooks.sign(secret, "msg_1", moment, body),
        }
        self._body = body

    def body(self) -> bytes:
        return self._body


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the process knows of the secrets, what there is by now, and how often it looked."""
    vault: dict[str, Any] = {"known": [OLD], "there": [OLD], "looks": 0}

    def reread() -> None:
        vault.update(known=vault["there"], looks=vault["looks"] + 1)

    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(inbound_webhooks, "vault", lambda: vault)
    monkeypatch.setattr(inbound_webhooks, "reread", reread)
    return vault


def _received(sent: Any) -> bytes:
    def known(vault: Any) -> list[SecretStr]:
        return [SecretStr(secret) for secret in vault["known"]]

    return inbound_webhooks.received(sent, known)


def test_what_is_signed_is_read_and_nothing_more_is_asked(vault: dict[str, Any]) -> None:
    assert _received(Sent(b"{}", OLD)) == b"{}"
    assert vault["looks"] == 0


@pytest.mark.parametrize("there", [[OLD, NEW], [NEW]])
def test_a_secret_that_is_newer_than_what_is_known_is_looked_for(
    vault: dict[str, Any], there: list[str]
) -> None:
    vault["there"] = there
    assert _received(Sent(b'{"n": 1}', NEW)) == b'{"n": 1}'
    assert vault["looks"] == 1
    assert _received(Sent(b"{}", NEW)) == b"{}"
    assert vault["looks"] == 1


def test_what_nobody_signed_is_forbidden(vault: dict[str, Any]) -> None:
    forged = Sent(b"{}", NEW)
    with pytest.raises(Forbidden):
        _received(forged)
    assert vault["looks"] == 1


@pytest.mark.parametrize(
    ("late_s", "is_read"), [(300, True), (301, False), (-300, True), (-301, False)]
)
def test_a_signature_is_good_for_five_minutes_either_way(
    vault: dict[str, Any], late_s: int, is_read: bool
) -> None:
    sent = Sent(b"{}", OLD, late_s)
    if is_read:
        assert _received(sent) == b"{}"
        return
    with pytest.raises(Forbidden):
        _received(sent)


def test_a_body_other_than_the_signed_one_is_forbidden(vault: dict[str, Any]) -> None:
    changed = Sent(b"{}", OLD)
    changed._body = b"[]"
    with pytest.raises(Forbidden):
        _received(changed)


@pytest.mark.parametrize(("size", "is_read"), [(MAX_BYTES, True), (MAX_BYTES + 1, False)])
def test_a_giant_is_refused_before_it_is_looked_at(
    vault: dict[str, Any], size: int, is_read: bool
) -> None:
    body = b"x" * size
    if is_read:
        assert _received(Sent(body, OLD)) == body
        return
    with pytest.raises(PayloadTooLarge, match=r"larger than 256 KB\.$"):
        _received(Sent(body, NEW))
    assert vault["looks"] == 0
