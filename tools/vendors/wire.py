"""The formats of the vendors, as the adapters ask them: Anthropic's Messages, OpenAI's chat
completions. Any key but the one that is known is refused as they refuse one, and what they refuse
of a request is refused here (`refusing.py`): else a mistake would first be seen there.
"""

import json
from collections.abc import Mapping
from typing import Any

from linkwright import clock
from tools.vendors import refusing
from tools.vendors.refusing import Refused
from tools.vendors.writing import written

MESSAGES, COMPLETIONS = "/v1/messages", "/v1/chat/completions"
_OF_ANTHROPIC, _OF_OPENAI = "sk-ant-", "sk-proj-"
_BEARER = "Bearer "
_USAGE = (64, 32)


def of_anthropic(key: str) -> str:
    """The key that is known there, where one of OpenAI's is known besides."""
    return f"{_OF_ANTHROPIC}{key.removeprefix(_OF_OPENAI).removeprefix(_OF_ANTHROPIC)}"


def answer(path: str, headers: Mapping[str, str], body: bytes, key: str) -> tuple[int, bytes]:
    """Status and body; the names of headers are in lower case."""
    try:
        shown = _answered(path, headers, body, key)
    except Refused as refused:
        failure = refused
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        failure = Refused(400, refusing.INVALID, "the request cannot be read")
    else:
        return 200, json.dumps(shown, ensure_ascii=False).encode()
    return failure.status, json.dumps(_refusal(path, failure)).encode()


def _answered(path: str, headers: Mapping[str, str], body: bytes, key: str) -> dict[str, Any]:
    if path not in {MESSAGES, COMPLETIONS}:
        raise Refused(404, "not_found_error", "no such path")
    given = headers.get("authorization", "").removeprefix(_BEARER)
    if path == MESSAGES:
        given, key = headers.get("x-api-key", given), of_anthropic(key)
    if given != key:
        # As vendors do it: a part of what came, which must get no further.
        told = f"Incorrect API key provided: {given}"
        raise Refused(401, "authentication_error", told, "invalid_api_key")
    asked = refusing.read(body)
    if path == MESSAGES:
        refusing.message(asked, headers)
        return _message(asked)
    refusing.completion(asked)
    return _completion(asked)


def _refusal(path: str, refused: Refused) -> dict[str, Any]:
    """In the envelope of each."""
    error = {"type": refused.kind, "message": str(refused)}
    if path == COMPLETIONS:
        return {"error": error | {"param": None, "code": refused.code}}
    return {"type": "error", "error": error, "request_id": "req_simulated"}


def _message(asked: Mapping[str, Any]) -> dict[str, Any]:
    form = refusing.part(refusing.part(asked, "output_config"), "format")
    return {
        "id": "msg_simulated",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": written(_user(asked), form.get("schema"))}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": dict(zip(("input_tokens", "output_tokens"), _USAGE, strict=True)),
    }


def _completion(asked: Mapping[str, Any]) -> dict[str, Any]:
    named = refusing.part(refusing.part(asked, "response_format"), "json_schema")
    text = written(_user(asked), named.get("schema"))
    said = {"role": "assistant", "content": text, "refusal": None}
    counts = (*_USAGE, sum(_USAGE))
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return {
        "id": "chatcmpl-simulated",
        "object": "chat.completion",
        "created": clock.epoch(),
        "model": asked["model"],
        "choices": [{"index": 0, "message": said, "logprobs": None, "finish_reason": "stop"}],
        "usage": dict(zip(names, counts, strict=True)),
    }


def _user(asked: Mapping[str, Any]) -> str:
    content = asked["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(one["text"] for one in content)
