"""The simulated vendors, asked over the wire as own keys ask: they know one key each."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from linkwright import settings
from linkwright.providers import llm
from linkwright.providers.llm import Failure, ModelFailed, Prompt
from tools.vendors import Vendors, start_vendors, wire

MODELS = ("openai/gpt-6-luna", "anthropic/claude-haiku-5-5")
KEY = "sk-proj-0123456789abcdef0123"


class Ideas(BaseModel):
    aliases: list[str]
    source: str
    term: str | None


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendors]:
    with start_vendors(KEY) as made:
        monkeypatch.setenv("STAGE", "local")
        monkeypatch.setenv("VENDORS_URL", made.url)
        monkeypatch.setenv("EGRESS_ALLOW_LOOPBACK", "true")
        for name in ("CORE", "ACCESS", "IDEM", "CLICKS", "METRICS", "LEDGER"):
            monkeypatch.setenv(f"{name}_TABLE", "none")
        monkeypatch.setenv("DOCS_URL", "https://docs.example.com/errors")
        settings.settings.cache_clear()
        yield made
    monkeypatch.undo()
    settings.settings.cache_clear()


def _key(name: str) -> SecretStr:
    return SecretStr(KEY if name.startswith("openai") else f"sk-ant-{KEY.removeprefix('sk-proj-')}")


@pytest.mark.parametrize("name", MODELS)
def test_the_key_that_they_know_is_proven_and_answers(vendors: Vendors, name: str) -> None:
    llm.prove(name, _key(name), 5)
    model = llm.own(name, _key(name))
    prompt = Prompt("Suggest.", {"title": "Spring sale"}, lambda: pytest.fail("it was computed"))
    answer = model.instance(prompt, Ideas, 5)
    assert answer.value == Ideas(aliases=["spring-sale"], source="newsletter", term=None)
    assert answer.generated_by == f"byok:{name}"


@pytest.mark.parametrize("name", MODELS)
def test_any_other_is_refused(vendors: Vendors, name: str) -> None:
    with pytest.raises(ModelFailed) as refused:
        llm.prove(name, SecretStr(f"{_key(name).get_secret_value()}4"), 5)
    assert refused.value.reason is Failure.NOT_CONFIGURED
    assert KEY not in str(refused.value)


def test_what_stands_for_them_is_asked_in_the_local_cloud_alone(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.settings().vendors_url == vendors.url
    monkeypatch.setenv("STAGE", "prod")
    settings.settings.cache_clear()
    assert settings.settings().vendors_url == ""


MESSAGE = {
    "model": "claude-haiku-5-5",
    "max_tokens": 5,
    "messages": [{"role": "user", "content": "{}"}],
}
COMPLETION = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "{}"}]}
LOOSE = {"type": "object", "properties": {"a": {"type": "string"}}}
BOUND = {
    "type": "object",
    "properties": {"a": {"type": "string", "minLength": 3}},
    "required": ["a"],
    "additionalProperties": False,
}


def _asked(path: str, body: Any, **headers: str) -> tuple[int, Any]:
    key = wire.of_anthropic(KEY) if path == wire.MESSAGES else KEY
    given = {"authorization": f"Bearer {key}", "anthropic-version": "2023-06-01"} | headers
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, answer = wire.answer(path, given, sent, KEY)
    return status, json.loads(answer)


def _with_schema(path: str, schema: Any) -> Any:
    if path == wire.MESSAGES:
        form = {"type": "json_schema", "schema": schema}
        return MESSAGE | {"output_config": {"format": form}}
    named = {"name": "a", "strict": True, "schema": schema}
    return COMPLETION | {"response_format": {"type": "json_schema", "json_schema": named}}


PATHS = (wire.MESSAGES, wire.COMPLETIONS)
UNREADABLE: list[Any] = [[], None, "x", b"{"]
SCHEMAS: list[Any] = [LOOSE, BOUND, None, {"anyOf": [LOOSE]}, {"properties": []}]


def _without(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in body:
        yield {key: value for key, value in body.items() if key != name}


WRONG: list[tuple[str, Any]] = [
    *((path, body) for path in PATHS for body in UNREADABLE),
    *((path, _with_schema(path, one)) for path in PATHS for one in SCHEMAS),
    *((wire.MESSAGES, body) for body in _without(MESSAGE)),
    *((wire.COMPLETIONS, body) for body in _without(COMPLETION)),
    (wire.MESSAGES, MESSAGE | {"max_tokens": "5"}),
    (wire.MESSAGES, MESSAGE | {"model": "gpt-6-luna"}),
    (wire.MESSAGES, MESSAGE | {"surprise": 1}),
    (wire.MESSAGES, MESSAGE | {"messages": [{"role": "system", "content": "x"}]}),
    (wire.MESSAGES, MESSAGE | {"messages": [{"role": "user"}]}),
    (wire.MESSAGES, MESSAGE | {"messages": [[]]}),
    (wire.MESSAGES, MESSAGE | {"output_config": []}),
    (wire.COMPLETIONS, COMPLETION | {"max_tokens": 5}),
    (wire.COMPLETIONS, COMPLETION | {"model": "gpt-nope"}),
    (wire.COMPLETIONS, COMPLETION | {"stream": True}),
    (wire.COMPLETIONS, COMPLETION | {"messages": []}),
]


@pytest.mark.parametrize(("path", "body"), WRONG, ids=range(len(WRONG)))
def test_400_or_404_what_the_vendors_refuse_in_their_own_envelopes(path: str, body: Any) -> None:
    status, told = _asked(path, body)
    assert status in {400, 404}
    if path == wire.MESSAGES:
        assert (list(told), list(told["error"])) == (
            *(["type", "error", "request_id"], ["type", "message"]),
        )
    else:
        assert list(told) == ["error"]
        assert list(told["error"]) == ["type", "message", "param", "code"]


def test_400_without_the_version_of_the_api() -> None:
    assert _asked(wire.MESSAGES, MESSAGE, **{"anthropic-version": ""})[0] == 400


def test_401_says_so_by_its_code() -> None:
    status, told = _asked(wire.COMPLETIONS, COMPLETION, authorization="Bearer sk-no")
    assert (status, told["error"]["code"]) == (401, "invalid_api_key")
    status, told = _asked(wire.MESSAGES, MESSAGE, authorization="", **{"x-api-key": KEY})
    assert (status, told["error"]["type"]) == (401, "authentication_error")


def test_200_has_what_the_vendors_clients_read() -> None:
    key = wire.of_anthropic(KEY)
    for headers in ({}, {"authorization": "", "x-api-key": key}):
        status, told = _asked(wire.MESSAGES, MESSAGE, **headers)
        assert (status, told["stop_sequence"]) == (200, None)
    blocks = [{"role": "user", "content": [{"type": "text", "text": "{}"}]}]
    status, told = _asked(wire.COMPLETIONS, COMPLETION | {"messages": blocks})
    assert (status, told["usage"]["total_tokens"]) == (200, 96)
    assert isinstance(told["created"], int)
