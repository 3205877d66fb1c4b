"""What the vendors refuse of a request, as their documentation and their clients' users tell it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from linkwright.providers import llm_catalogue

INVALID = "invalid_request_error"
_MESSAGE = frozenset(
    {"model", "max_tokens", "messages", "system", "thinking", "output_config", "metadata"}
    | {"stop_sequences", "temperature", "top_k", "top_p", "tools", "tool_choice", "service_tier"}
)
_COMPLETION = frozenset(
    {"model", "messages", "max_completion_tokens", "response_format", "reasoning_effort", "store"}
    | {"metadata", "n", "seed", "stop", "temperature", "top_p", "tools", "tool_choice", "user"}
    | {"service_tier", "verbosity", "prompt_cache_key", "safety_identifier"}
)
_MESSAGE_ROLES = frozenset({"user", "assistant"})
_COMPLETION_ROLES = frozenset({"developer", "system", "user", "assistant"})
# Of a schema in a strict mode; bounds are among what it does not have.
_KEYWORDS = frozenset(
    {"type", "enum", "const", "description", "title", "properties", "required", "items", "anyOf"}
    | {"additionalProperties", "$defs", "$ref"}
)


class Refused(Exception):
    """`kind` is the type of the error, in both envelopes; `code` is in OpenAI's alone."""

    def __init__(self, status: int, kind: str, told: str, code: str | None = None) -> None:
        super().__init__(told)
        self.status, self.kind, self.code = status, kind, code


def read(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise _refused("the body is not JSON") from None
    if not isinstance(asked, dict):
        raise _refused("the body is not an object")
    return asked


def message(asked: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    if not headers.get("anthropic-version"):
        raise _refused("anthropic-version: header is required")
    _judge(asked, _MESSAGE, _MESSAGE_ROLES)
    if not _is_count(asked.get("max_tokens")):
        raise _refused("max_tokens: field required")
    _require_model(asked, "anthropic", Refused(404, "not_found_error", "model: no such model"))
    form = part(part(asked, "output_config"), "format")
    if form:
        _judge_schema(form.get("schema"), is_all_required=False)


def completion(asked: Mapping[str, Any]) -> None:
    if "max_tokens" in asked:
        told = "Use 'max_completion_tokens' instead."
        raise Refused(400, INVALID, told, "unsupported_parameter")
    _judge(asked, _COMPLETION, _COMPLETION_ROLES)
    if "max_completion_tokens" in asked and not _is_count(asked["max_completion_tokens"]):
        raise _refused("max_completion_tokens: must be a positive integer")
    _require_model(asked, "openai", Refused(404, INVALID, "No such model.", "model_not_found"))
    form = part(asked, "response_format")
    if form.get("type") == "json_schema":
        named = part(form, "json_schema")
        if not isinstance(named.get("name"), str):
            raise _refused("response_format.json_schema.name: is required")
        if named.get("strict"):
            _judge_schema(named.get("schema"), is_all_required=True)


def _judge(asked: Mapping[str, Any], known: frozenset[str], roles: frozenset[str]) -> None:
    if asked.get("stream"):
        raise _refused("stream: is not simulated")
    if unknown := asked.keys() - known - {"stream"}:
        raise _refused(f"{min(unknown)}: extra inputs are not permitted")
    turns = asked.get("messages")
    if not isinstance(turns, list) or not turns:
        raise _refused("messages: must be a list of one at least")
    for turn in turns:
        if not isinstance(turn, dict) or turn.get("role") not in roles:
            raise _refused("messages: a role is unexpected")
        if not _is_content(turn.get("content")):
            raise _refused("messages: a content cannot be read")


def _is_content(content: object) -> bool:
    """Text, or blocks of it: no adapter sends anything else."""
    if isinstance(content, str):
        return bool(content)
    return isinstance(content, list) and all(
        isinstance(block, dict)
        and block.get("type") == "text"
        and isinstance(block.get("text"), str)
        for block in content
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _require_model(asked: Mapping[str, Any], provider: str, otherwise: Refused) -> None:
    known = {one.model_id for one in llm_catalogue.MODELS.values() if one.provider == provider}
    if asked.get("model") not in known:
        raise otherwise


def part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = {} if whole.get(name) is None else whole[name]
    if not isinstance(found, dict):
        raise _refused(f"{name}: must be an object")
    return found


def _judge_schema(schema: object, *, is_all_required: bool) -> None:
    for part in _schemas(schema):
        if unknown := part.keys() - _KEYWORDS:
            raise _of_schema(f"'{min(unknown)}' is not permitted")
        if part.get("type") != "object":
            continue
        if part.get("additionalProperties") is not False:
            raise _of_schema("'additionalProperties' is required to be false")
        if is_all_required and set(part.get("required", ())) != part.get("properties", {}).keys():
            raise _of_schema("'required' is required to have every key of 'properties'")


def _schemas(schema: object) -> Iterator[dict[str, Any]]:
    if not isinstance(schema, dict):
        raise _of_schema("it is no object")
    yield schema
    within = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    within += [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]
    for part in within:
        yield from _schemas(part)


def _of_schema(told: str) -> Refused:
    return Refused(400, INVALID, f"Invalid schema: {told}.", "invalid_json_schema")


def _refused(told: str) -> Refused:
    return Refused(400, INVALID, told)
