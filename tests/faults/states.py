"""Comparing what two runs left behind, and what they answered.

Ids and times differ between a run and its repetition, and so do the versions that a second try
counts up, and whether the carrier's call was told or found; everything else must be the same.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from linkwright.table import Item
from tests.client import Answer
from tests.faults.injection import CANARY
from tests.stack import Stack
from tests.switchboard import PlacedCall, Switchboard

State = Counter[str]

_ID = re.compile(r"\b([a-z]{2,5})_[0-9A-HJKMNP-TV-Z]{26}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_SHARD = re.compile(r"\b(DUE)#\d+")
_DAY = re.compile(r'"\d{4}-\d\d-\d\d"')
_OFFSET = re.compile(r'"(start|end)_ms": \d+')
_SIGNED = re.compile(r'"https?://[^"]*X-Amz-Signature=[^"]*"')
# A key is random, and so are its hash and what seals it.
_TOKEN = re.compile(r"\blk_(live|test)_[0-9A-Za-z]{49}\b")
_HASH = re.compile(r'(KEY#|"hash": ")[0-9a-f]{64}\b')
# A secret that is made is random, and so is what seals it.
_SECRET = re.compile(r"\bwhsec_[0-9A-Za-z+/=]+")
_SEALED = re.compile(r'("sealed(?:_headers)?": ")[^"]+')
# How often an endpoint has failed so far.
_FAILURE = re.compile(r'("fail(?:ing|ure)": )\{[^}]*\}')
# What undoes an action is signed, for the id of its link.
_UNDO = re.compile(r"(undo_of\W{3,7})[0-9A-Za-z_-]{43}")
# A line of the ledger is named by its moment.
_LINE = re.compile(r"\bL#[0-9A-HJKMNP-TV-Z]{26}\b")
_VOLATILE = {
    "lease",
    "made_at",
    "fresh_until",
    "bell",
    "runs",
    "leased_until",
    "rests_until",
    "v",
    "sequence",
    "ttl",
    "exp",
    "free_at",
    "heard_at",
    "said_at",
    "guess",
    "cursor_key",
    "facts_v",
}
_REQUEST_COUNT = re.compile(r"h\d+")
# How many dials a second had, where a second try takes another one; the salts of the days on which
# a run was.
_PASSING = re.compile(r"PACE#.*|SALT")
_INTERNALS = ("pydynox", "botocore", "traceback", "exception", "arn:", "dynamodb", CANARY.lower())


def state(
    items: Mapping[str, Sequence[Item]], objects: Mapping[str, str], board: Switchboard
) -> State:
    given_back = _given_back(items)
    stored = Counter(
        f"{table}: {_shown(item)}"
        for table, rows in items.items()
        for item in rows
        if not _PASSING.fullmatch(item["pk"]) and not _is_needless(item, board)
        if given_back.isdisjoint(item["sk"].replace("_", "#").split("#"))
    )
    kept = Counter(neutral(f"bucket: {key} {digest}") for key, digest in objects.items())
    return stored + kept + Counter(_at_the_carrier(board))


def _given_back(items: Mapping[str, Sequence[Item]]) -> set[str]:
    """The moments of holds that came to nothing: with their lines in the ledger they make up 0."""
    holds = [item for item in items["CoreTable"] if item["pk"].endswith("#HOLD")]
    return {item["sk"].partition("_")[2] for item in holds if item["st"] == "RELEASED"}


def _is_needless(item: Item, board: Switchboard) -> bool:
    """Whether it is the job to hang up a call that had ended: what comes late may order that."""
    call = board.account.call(item["sk"])
    is_job = item["pk"].endswith("#HUP")
    return is_job and isinstance(call, PlacedCall) and call.ended_by != "api"


def difference(expected: State, found: State) -> list[str]:
    missing = [f"missing {item}" for item in (expected - found).elements()]
    return missing + [f"too much {item}" for item in (found - expected).elements()]


def leaks(answer: Answer, stack: Stack) -> list[str]:
    """What of our insides an answer shows; a signed address names its bucket."""
    said = (_SIGNED.sub('""', answer.raw) + json.dumps(dict(answer.headers))).lower()
    words = [*_INTERNALS, *(name.lower() for name in stack.names.values())]
    return [f"an answer says {word!r}: {answer.raw}" for word in words if word in said]


@lru_cache(maxsize=8192)
def neutral(text: str) -> str:
    text = _UNDO.sub(r"\1<signed>", _LINE.sub("L#<moment>", text))
    text = _HASH.sub(r"\1<hash>", _TOKEN.sub(r"<\1 key>", text))
    text = _FAILURE.sub(r"\1{}", _SEALED.sub(r"\1<sealed>", _SECRET.sub("<secret>", text)))
    text = _TIME.sub("<time>", _ID.sub(r"<\1>", _SIGNED.sub('"<address>"', text)))
    return _DAY.sub('"<day>"', _OFFSET.sub(r'"\1_ms": 0', _SHARD.sub(r"\1", text)))


def _shown(item: Item) -> str:
    if item.get("type") == "call.recording_ready":
        # Which of the two jobs after a call is done first is nobody's promise.
        item = {**item, "object": _without(item["object"], "analysis")}
    if item["pk"].endswith("#CAND"):
        item = _without(item, "at")
    if item["pk"].startswith("I#") and item.get("body", "")[:1] not in {"", "{"}:
        item = {**item, "body": "<sealed>"}
    if "tried" in item:
        # At least once: how often it was sent, and what was said each time but the last.
        last = [attempt["status"] for attempt in item["view"].get("attempts", [])][-1:]
        item = {**_without(item, "tried"), "view": {**item["view"], "attempts": last}}
    if "dials" in item:
        # When a number was dialled is as volatile as any time; how often is not.
        item = {**item, "dials": len(item["dials"])}
    kept = {name: value for name, value in item.items() if not _is_volatile(name)}
    return neutral(json.dumps(kept, sort_keys=True, ensure_ascii=False, default=_plain))


def _without(item: Item, name: str) -> Item:
    return {key: value for key, value in item.items() if key != name}


def _is_volatile(name: str) -> bool:
    return name in _VOLATILE or bool(_REQUEST_COUNT.fullmatch(name))


def _plain(value: Any) -> str:  # noqa: ANN401 -- whatever JSON does not know
    return str(sorted(value)) if isinstance(value, set | frozenset) else str(value)


def _at_the_carrier(board: Switchboard) -> Iterator[str]:
    """Each call, what was said in it, and whom it was put through to; each recording left there."""
    for call in board.calls:
        children = [one for one in board.account.calls() if one.parent_sid == call.sid]
        through = [f"{one.order.to} {one.status}" for one in children]
        yield f"carrier: {call.sid} {_summary(call)} through to {through}"
    for recording in board.recordings.values():
        yield f"carrier: {recording.sid} of {recording.call_sid}"


def _summary(call: PlacedCall) -> str:
    said = [f"{turn.who}: {turn.text}" for turn in call.turns]
    recorded = "recorded" if call.recorded else "not recorded"
    return f"{call.order.to} {call.status} by {call.ended_by} after {said}, {recorded}"
