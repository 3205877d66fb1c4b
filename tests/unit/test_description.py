"""The check that every answer goes through can fail."""

import json
import re
from functools import cache

import pytest
from jsonschema_rs import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from linkwright import json_body
from linkwright.ai.actions.models import ApplyAction
from linkwright.ai.own_key.models import SetOwnKey
from linkwright.errors import ValidationFailed
from tests import description
from tests.description import Undescribed
from tools.openapi import TARGET

GOOD: dict[str, object] = {"data": [], "next_cursor": None}
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


def test_a_moment_is_described_as_one() -> None:
    entry = {"number": "+972541234567", "reason": None, "source": "api", "call_id": None}
    entry["created_at"] = "the day after"
    with pytest.raises(Undescribed, match='"the day after" is not a "date-time"'):
        description.hold(
            "GET", "/v1/voice/do-not-call", 200, HEADERS, json.dumps(GOOD | {"data": [entry]})
        )


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


SEAL = "A" * 43
UTM = {"utm_source": "a"}
ACTIONS = [
    {"type": kind, "link_id": "lnk_1"} | more
    for kind in (
        *("enable_conversion_tracking", "disable_conversion_tracking"),
        *("set_utm", "restore_link"),
    )
    for more in (
        {},
        *(
            {"params": params} | undo
            for params in (
                {},
                UTM,
                {"utm_source": None},
                {"version": 1},
                UTM | {"version": 1},
                {"snapshot": UTM},
                {"snapshot": UTM, "version": 1},
                {"snapshot": {}, "version": 1},
                {"utm_id": "a"},
            )
            for undo in ({}, {"undo_of": SEAL}, {"undo_of": None})
        ),
    )
]
TEXTS = ["a\tb\nc", "a\r\nb", "", "a\rb", "a\x00", "\x1f", "\x7f", "שלום\u2028"]


@cache
def _described(model: str) -> Draft202012Validator:
    told = json.loads(TARGET.read_text())
    schema = {"$ref": f"#/components/schemas/{model}", "components": told["components"]}
    return Draft202012Validator(schema)


def _allows(model: str, body: object) -> bool:
    return _described(model).is_valid(body)


def _takes(model: type, body: object) -> bool:
    try:
        TypeAdapter(model).validate_python(body)
    except ValidationError:
        return False
    return True


def _reads(body: object) -> bool:
    try:
        json_body.parse(json.dumps(body).encode())
    except ValidationFailed:
        return False
    return True


@pytest.mark.slow
def test_of_an_action_that_is_allowed_which_is_taken() -> None:
    allowed = [_allows("ApplyAction", one) for one in ACTIONS]
    assert allowed == [_takes(ApplyAction, one) for one in ACTIONS]
    assert {True, False} == set(allowed)


@pytest.mark.parametrize(
    "key", ["sk-" + "a" * 20, "sk-" + "a" * 19 + ".", "sk-" + "é" * 20, "a" * 301]
)
def test_of_a_key_that_is_allowed_which_is_taken(key: str) -> None:
    body = {"api_key": key}
    assert _allows("SetOwnKey", body) == _takes(SetOwnKey, body)


@pytest.mark.parametrize("text", TEXTS)
def test_of_a_text_that_is_allowed_which_is_read(text: str) -> None:
    assert _allows("RunAgent", {"goal": f"a{text}"}) == _reads({"goal": text})
