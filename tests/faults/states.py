"""Comparing what two runs left behind, and what they answered.

Ids and times differ between a run and its repetition, and so do the versions that a second try
counts up; everything else must be the same.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from linkwright.table import Item
from tests.client import Answer
from tests.faults.injection import CANARY
from tests.stack import Stack

State = Counter[str]

_ID = re.compile(r"\b([a-z]{2,5})_[0-9A-HJKMNP-TV-Z]{26}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_SIGNED = re.compile(r'"https?://[^"]*X-Amz-Signature=[^"]*"')
_VOLATILE = {"v", "sequence", "ttl", "exp"}
_REQUEST_COUNT = re.compile(r"h\d+")
_INTERNALS = ("pydynox", "botocore", "traceback", "exception", "arn:", "dynamodb", CANARY.lower())


def state(items: Mapping[str, list[Item]]) -> State:
    return Counter(f"{table}: {_shown(item)}" for table, rows in items.items() for item in rows)


def difference(expected: State, found: State) -> list[str]:
    missing = [f"missing {item}" for item in (expected - found).elements()]
    return missing + [f"too much {item}" for item in (found - expected).elements()]


def leaks(answer: Answer, stack: Stack) -> list[str]:
    """What of our insides an answer shows; a signed address names its bucket."""
    said = (_SIGNED.sub('""', answer.raw) + json.dumps(dict(answer.headers))).lower()
    words = [*_INTERNALS, *(name.lower() for name in stack.names.values())]
    return [f"an answer says {word!r}: {answer.raw}" for word in words if word in said]


def neutral(text: str) -> str:
    return _TIME.sub("<time>", _ID.sub(r"<\1>", _SIGNED.sub('"<address>"', text)))


def _shown(item: Item) -> str:
    kept = {name: value for name, value in item.items() if not _is_volatile(name)}
    return neutral(json.dumps(kept, sort_keys=True, ensure_ascii=False, default=_plain))


def _is_volatile(name: str) -> bool:
    return name in _VOLATILE or bool(_REQUEST_COUNT.fullmatch(name))


def _plain(value: Any) -> str:  # noqa: ANN401 -- whatever JSON does not know
    return str(sorted(value)) if isinstance(value, set | frozenset) else str(value)
