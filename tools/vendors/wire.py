"""The formats of the vendors, as the adapters ask them: Anthropic's Messages, OpenAI's chat
completions. Any key but the one that is known is refused as they refuse one.
"""

import json
from collections.abc import Mapping
from typing import Any

from tools.vendors.writing import written

MESSAGES, COMPLETIONS = "/v1/messages", "/v1/chat/completions"
_USAGE = (64, 32)


def answer(path: str, headers: Mapping[str, str], body: bytes, key: str) -> tuple[int, bytes]:
    """Status and body; the names of headers are in lower case."""
    given = {
        MESSAGES: headers.get("x-api-key", ""),
        COMPLETIONS: headers.get("authorization", "").removeprefix("Bearer "),
    }
    if path not in given:
        return 404, _refusal("not_found_error", "no such path")
    if given[path] != key:
        # As vendors do it: a part of what came, which must get no further.
        return 401, _refusal("authentication_error", f"Incorrect API key provided: {given[path]}")
    try:
        asked = json.loads(body)
        shown = _message(asked) if path == MESSAGES else _completion(asked)
    except (ValueError, KeyError, TypeError, IndexError):
        return 400, _refusal("invalid_request_error", "the request cannot be read")
    return 200, json.dumps(shown, ensure_ascii=False).encode()


def _refusal(kind: str, text: str) -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "message": text}}).encode()


def _message(asked: Mapping[str, Any]) -> dict[str, Any]:
    schema = asked.get("output_config", {}).get("format", {}).get("schema")
    text = written(asked["messages"][-1]["content"], schema)
    return {
        "id": "msg_simulated",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": dict(zip(("input_tokens", "output_tokens"), _USAGE, strict=True)),
    }


def _completion(asked: Mapping[str, Any]) -> dict[str, Any]:
    schema = asked.get("response_format", {}).get("json_schema", {}).get("schema")
    said = {"role": "assistant", "content": written(asked["messages"][-1]["content"], schema)}
    return {
        "id": "chatcmpl-simulated",
        "object": "chat.completion",
        "model": asked["model"],
        "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
        "usage": dict(zip(("prompt_tokens", "completion_tokens"), _USAGE, strict=True)),
    }
