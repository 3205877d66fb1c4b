"""Reading a JSON body strictly: what two parsers could read differently is refused."""

import json
import math
import re
from typing import Any, NoReturn, cast

from linkwright.errors import (
    MAX_PATH_CHARS,
    InvalidRequest,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
)

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
# A float tells all integers apart up to here.
_EXACT = 2**53

# Clients send a semicolon too many, and parameters that say nothing; ASCII is UTF-8 too.
_PARAMETER = re.compile(
    r'|charset=("?)(?:utf-?8|us-ascii)\1|(?!charset)[\w.-]+=("?)[\w./:+-]*\2',
    re.IGNORECASE | re.ASCII,
)
# Possessive, and content with a string that never ends: no text is read twice, so none takes long.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
# Control characters but line feed and tab, and half a surrogate pair, which no UTF-8 can carry.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def require_json(content_type: str | None, content_encoding: str | None) -> None:
    """Raises `UnsupportedMediaType` for all but plain JSON in UTF-8."""
    kind, *parameters = [part.strip(" \t") for part in (content_type or "").split(";")]
    if kind.lower() != "application/json" or not all(map(_PARAMETER.fullmatch, parameters)):
        raise UnsupportedMediaType("Content-Type must be application/json in UTF-8.")
    if content_encoding is not None and content_encoding.lower() != "identity":
        raise UnsupportedMediaType("Content-Encoding is not supported.")


def parse(raw: bytes) -> dict[str, Any]:
    """Raises `InvalidRequest`, `PayloadTooLarge` or `ValidationFailed`."""
    if len(raw) > MAX_BYTES:
        raise PayloadTooLarge(f"The body is larger than {MAX_BYTES // 1024} KB.")
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")  # a byte order mark, as some editors put
        _require_shallow(text)
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_number,
        )
    except (ValueError, RecursionError):
        # ValueError: not UTF-8, not JSON, or an integer of thousands of digits.
        raise InvalidRequest("The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return cast(dict[str, Any], _clean(value, ""))


def _require_shallow(text: str) -> None:
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise InvalidRequest(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise InvalidRequest("The body names a key twice in one object.")
    return value


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _number(digits: str) -> float | int:
    """JSON has one kind of number: 247.0 is an integer."""
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("the number is too large")
    return int(number) if number.is_integer() and abs(number) <= _EXACT else number


def _clean(value: object, path: str) -> object:
    """The value with its line ends as one line feed each."""
    if isinstance(value, str):
        text = value.replace("\r\n", "\n")
        _require_clean(text, path)
        return text
    if isinstance(value, dict):
        for key in value:
            _require_clean(key, path)
        return {key: _clean(member, _below(path, key)) for key, member in value.items()}
    if isinstance(value, list):
        return [_clean(member, _below(path, str(at))) for at, member in enumerate(value)]
    return value


def _require_clean(text: str, path: str) -> None:
    if _FORBIDDEN.search(text):
        raise ValidationFailed(
            "The text holds a control character or half a surrogate pair.", field=path or None
        )


def _below(path: str, part: str) -> str:
    return (f"{path}.{part}" if path else part)[:MAX_PATH_CHARS]
