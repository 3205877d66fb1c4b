"""The check that every answer goes through can fail."""

import json
import re

import pytest

from tests import description
from tests.description import Undescribed
from tools.openapi import TARGET

GOOD = {"data": [], "next_cursor": None}
HEADERS = {"Request-Id": "req_1"}
ERROR = {"code": "conflict", "message": "", "request_id": "", "doc_url": ""}
PATH = "/v1/voice/calls"


def test_what_is_described_passes() -> None:
    description.hold("GET", PATH, 200, HEADERS, json.dumps(GOOD))


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, HEADERS, {"data": []}),
        (200, HEADERS, GOOD | {"total": 0}),
        (200, HEADERS, GOOD | {"data": [{"id": "call_1"}]}),
        (200, {}, GOOD),
        (204, HEADERS, GOOD),
        (404, HEADERS, GOOD),
        (400, HEADERS, {"error": ERROR | {"code": "made_up"}}),
        (400, HEADERS, {"error": "validation_failed"}),
    ],
)
def test_what_is_not_described_fails(status: int, headers: dict[str, str], body: object) -> None:
    with pytest.raises(Undescribed):
        description.hold("GET", PATH, status, headers, json.dumps(body))


def _named(part: object) -> list[str]:
    return re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(part))


def test_nothing_that_is_sent_has_a_default() -> None:
    """Some generators demand what has one: nobody could send `{"event_id": "evt_1"}`."""
    told = json.loads(TARGET.read_text())
    operations = [one for of_path in told["paths"].values() for one in of_path.values()]
    waiting = _named([one["requestBody"] for one in operations if "requestBody" in one])
    sent: set[str] = set()
    while waiting:
        if (name := waiting.pop()) not in sent:
            sent.add(name)
            waiting += _named(told["components"]["schemas"][name])
    assert {"CreateWebhook", "ReplayWebhook", "PlaceCall", "Schedule"} <= sent
    fields = {name: told["components"]["schemas"][name].get("properties", {}) for name in sent}
    assert not [
        (name, key) for name in sent for key, one in fields[name].items() if "default" in one
    ]
    assert fields["CreateWebhook"]["payload"]["description"] == "`full` unless it is said."
