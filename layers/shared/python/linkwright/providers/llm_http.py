"""One POST of JSON to a vendor of models, and what its failures mean."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from linkwright import egress
from linkwright.providers.llm_types import Failure, ModelFailed

_UNAUTHORIZED = 401
_PAYMENT_REQUIRED = 402
_NOT_CONFIGURED = {_UNAUTHORIZED, 403, 404}
# 409 is a lock that was not had in time; 424 is how Bedrock says that the model failed.
_MAY_PASS = {408, 409, 424, 429}
# What an account without money is told, by whatever status: no try of this hour mends it. By codes
# alone: Anthropic has none where a balance is used up, a 400, and the words may change.
_NO_FUNDS = {
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "contract_spend_limit_reached",
    "insufficient_quota",
}

Read = TypeVar("Read", bound=BaseModel)


def post(url: str, headers: Mapping[str, str], body: Mapping[str, Any], timeout_s: float) -> bytes:
    """What is answered with status 200. Raises `ModelFailed`."""
    try:
        answer = egress.fetch(
            url,
            method="POST",
            headers={**headers, "content-type": "application/json"},
            body=json.dumps(body, ensure_ascii=False).encode(),
            timeout_s=timeout_s,
        )
    except egress.EgressError as failure:
        raise _unanswered(failure) from failure
    if answer.status != 200:
        if _NO_FUNDS & _codes(answer.body):
            raise _no_funds(answer.status)
        raise failed(answer.status, _retry_after_s(answer.headers.get("retry-after", "")))
    return answer.body


def read(kind: type[Read], body: bytes) -> Read:
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        # Without the cause, which quotes what came.
        raise ModelFailed(Failure.INVALID_OUTPUT, "the answer cannot be read") from None


def failed(status: int, retry_after_s: int | None = None) -> ModelFailed:
    """What a status other than 200 means, of any of the vendors."""
    detail = f"status {status}"
    if status == _PAYMENT_REQUIRED:
        return _no_funds(status)
    if status in _NOT_CONFIGURED:
        return ModelFailed(Failure.NOT_CONFIGURED, detail, is_of_key=status == _UNAUTHORIZED)
    if status in _MAY_PASS or status >= 500:
        return ModelFailed(Failure.UNAVAILABLE, detail, may_pass=True, retry_after_s=retry_after_s)
    reason = Failure.REFUSED if status >= 400 else Failure.UNAVAILABLE
    return ModelFailed(reason, detail)


def _no_funds(status: int) -> ModelFailed:
    return ModelFailed(Failure.NO_FUNDS, f"status {status}")


class _Details(BaseModel):
    error_code: Any = None


class _Error(BaseModel):
    code: Any = None
    type: Any = None
    details: _Details | Any = None


class _Refusal(BaseModel):
    error: _Error


def _codes(body: bytes) -> set[str]:
    """What a vendor's error is called, at each of the places where one of them says it."""
    try:
        error = _Refusal.model_validate_json(body).error
    except ValidationError:
        return set()
    told = error.code, error.type, getattr(error.details, "error_code", None)
    return {one for one in told if isinstance(one, str)}


def _unanswered(failure: egress.EgressError) -> ModelFailed:
    detail = type(failure).__name__
    match failure:
        case egress.Refused():
            return ModelFailed(Failure.NOT_CONFIGURED, detail)
        case egress.TooSlow():
            return ModelFailed(Failure.TOO_SLOW, detail)
        case egress.TooLarge():
            return ModelFailed(Failure.INVALID_OUTPUT, detail)
        case _:
            return ModelFailed(Failure.UNAVAILABLE, detail, may_pass=True)


def _retry_after_s(text: str) -> int | None:
    """Also a date is allowed there, which none of the vendors sends."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None
