"""The API behind a domain that puts a path before its own: `PublicUrl` says which."""

from collections.abc import Iterator

import pytest

from linkwright.settings import settings
from tests import carrier
from tests.carrier import Exchange
from tests.client import Client
from tests.factories import CALLEE, Workspace

BASE = "/calls/eu"


@pytest.fixture
def mapped(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exchange]:
    """Everything that the API tells of itself is asked for there."""
    monkeypatch.setattr(carrier, "PUBLIC_URL", f"https://api.example.com{BASE}")
    monkeypatch.setenv("PUBLIC_URL", carrier.PUBLIC_URL)
    settings.cache_clear()
    with carrier.exchange(monkeypatch) as exchange:
        yield exchange
    monkeypatch.undo()
    settings.cache_clear()


def _place(workspace: Workspace, base: str, key: str) -> dict[str, str]:
    sent = {"agent_id": workspace.agent(), "to": CALLEE}
    headers = {"Idempotency-Key": key}
    for _ in range(2):  # the second time it is replayed
        answer = workspace.client.post(f"{base}/v1/voice/calls", json=sent, headers=headers)
        assert answer.headers["Location"] == f"{base}/v1/voice/calls/{answer.json['id']}"
    found: dict[str, str] = workspace.client.get(answer.headers["Location"]).json
    return found


def test_a_call_lives_by_callbacks_to_the_mapped_address(
    workspace: Workspace, mapped: Exchange
) -> None:
    call_id = _place(workspace, BASE, "mapped")["id"]
    workspace.dial(call_id)
    placed = mapped.call(call_id)
    asked = mapped.run_to(placed, "answer")
    assert asked.url.startswith(f"{carrier.PUBLIC_URL}/callbacks/twilio/")
    mapped.finish(placed)
    call = workspace.call(call_id)
    assert (call["status"], call["transcript_status"]) == ("completed", "ready")
    assert call["transcript"]


def test_201_under_the_own_address_too(workspace: Workspace, mapped: Exchange) -> None:
    assert _place(workspace, "", "own")["status"] == "queued"


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/nothing", 404), ("/v1/whoami", 405), ("/v1/voice/calls/", 404)]
)
def test_what_no_route_takes_is_told_as_ever(mapped: Exchange, path: str, status: int) -> None:
    answer = Client().request("PUT", f"{BASE}{path}")
    assert (answer.status, answer.error["code"]) == (
        status,
        "invalid_request" if status == 405 else "resource_not_found",
    )


def test_404_flat_under_the_mapped_base_of_links(mapped: Exchange) -> None:
    assert Client().get(f"{BASE}/api/nothing").json["error"] == "resource_not_found"
