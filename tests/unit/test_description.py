"""The check that every answer goes through can fail."""

import json

import pytest

from tests import description
from tests.description import Undescribed

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
