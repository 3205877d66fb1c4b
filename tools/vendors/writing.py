"""What a simulated model writes: an instance of the schema that is asked for, out of the data.

It knows the shapes that this API asks for by the names of their fields, and no more of them: where
what it writes does not fit, whoever asked says so, as of a model.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_WORD = re.compile(r"[^\W\d_]{3,}")
_ASCII = re.compile(r"[a-z]{3,20}")
_MOST_WORDS = 6
# Facts that are a sentence by themselves, in any language.
_PLAIN = ("clicks", "share", "rate", "taken", "expires", "since", "scans", "bots")
_VALUES = {"source": "newsletter", "medium": "email", "theme": "light"}


def written(user: str, schema: Mapping[str, Any] | None) -> str:
    """The text of an answer to the user's turn."""
    if schema is None:
        return "OK"
    try:
        data = json.loads(user)
    except ValueError:
        data = {}
    known = data if isinstance(data, dict) else {}
    if {"summary", "findings"} <= schema.get("properties", {}).keys():
        return json.dumps(_words(known), ensure_ascii=False)
    return json.dumps(_Instance(known, schema).of(schema, ""), ensure_ascii=False)


def _words(data: Mapping[str, Any]) -> dict[str, Any]:
    """An insight in words, with a placeholder for each fact."""
    summary = [f"{{{name}}}" for name in ("clicks", "week", "verdict") if name in data["summary"]]
    return {
        "summary": f"{' – '.join(summary)}.",
        "findings": [
            {"finding": one["finding"], "text": _sentence(one["finding"], one["facts"])}
            for one in data["findings"]
        ],
    }


def _sentence(finding: str, facts: Mapping[str, Any]) -> str:
    names = [f"{finding}_{plain}" for plain in ("link", *_PLAIN)]
    told = [name for name in names if name in facts][:2] or list(facts)[:1]
    return f"{' – '.join(f'{{{name}}}' for name in told)}."


class _Instance:
    def __init__(self, data: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
        self._schemas: Mapping[str, Any] = schema.get("$defs", {})
        texts = " ".join(_texts(data))
        self._words = list(dict.fromkeys(_WORD.findall(texts)))[:_MOST_WORDS] or ["link"]
        plain = list(dict.fromkeys(_ASCII.findall(texts.lower().partition("http")[0])))
        self._slug = "-".join(plain[:3])[:32].strip("-") or "link"

    def of(self, schema: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 -- of any schema
        if "$ref" in schema:
            return self.of(self._schemas[schema["$ref"].rpartition("/")[2]], name)
        if "enum" in schema:
            return schema["enum"][0]
        if "const" in schema:
            return schema["const"]
        if options := schema.get("anyOf"):
            # What may be left out is.
            is_optional = any(one.get("type") == "null" for one in options)
            return None if is_optional else self.of(options[0], name)
        match schema.get("type"):
            case "object":
                fields = schema.get("properties", {})
                return {field: self.of(kind, field) for field, kind in fields.items()}
            case "array":
                # Of what has a number, the first; else none that might not be there.
                return [self.of(schema["items"], name)] if name != "links" else []
            case "integer" | "number":
                return 1
            case "boolean":
                return False
            case _:
                return self._text(name)

    def _text(self, name: str) -> str:
        if name in _VALUES:
            return _VALUES[name]
        if name == "tags":
            return str(self._words[0]).lower()
        return self._slug if name in {"aliases", "campaign"} else " ".join(self._words)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for held in value.values():
            yield from _texts(held)
    elif isinstance(value, list):
        for held in value:
            yield from _texts(held)
