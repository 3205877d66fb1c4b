"""JSON Schema as the vendors' strict modes take it, and what was wrong with an answer to it.

They take little: every field required, no field beyond those named, no reference that has company
and no bounds. So references are written out, and bounds become words of the description; the
model itself is what judges the answer. Read in 2026 at platform.claude.com, structured outputs,
and in OpenAI's client for Python, `to_strict_json_schema`.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

# What else is wrong shows when these are mended.
MAX_COMPLAINTS = 20

_BOUNDS = (
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
)
_KEPT = {"type", "enum", "const"}
_READ = {
    "description",
    "properties",
    "items",
    "anyOf",
    "oneOf",
    "required",
    "additionalProperties",
    "$defs",
    "$ref",
}
# Said by the rest, or of no use to a model.
_LEFT_OUT = {"title", "default", "examples", "discriminator"}
_KNOWN = _KEPT | _READ | _LEFT_OUT | set(_BOUNDS)

Schema = dict[str, Any]


def of(kind: type[BaseModel]) -> Schema:
    """Raises `TypeError` for a model that strict modes cannot express."""
    schema = kind.model_json_schema()
    return _strict(schema, schema.get("$defs", {}), ())


def complaint(wrong: ValidationError, schema: Schema) -> str:
    """What to mend, by path and kind of error: nothing of the answer, which may repeat the data."""
    names = set(_names(schema))
    errors = wrong.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"- {_path(error['loc'], names)}: {error['type']}" for error in errors]
    return "\n".join(
        ("Your earlier answer was not accepted. What was wrong:", *lines[:MAX_COMPLAINTS])
    )


def _strict(schema: Schema, definitions: Schema, within: tuple[str, ...]) -> Schema:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in within:
            raise TypeError(f"{name} holds itself")
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _strict({**definitions[name], **beside}, definitions, (*within, name))
    if unknown := schema.keys() - _KNOWN:
        raise TypeError(f"a model cannot be asked for {', '.join(sorted(unknown))}")
    strict = {key: value for key, value in schema.items() if key in _KEPT}
    if described := _description(schema):
        strict["description"] = described
    if "items" in schema:
        strict["items"] = _strict(schema["items"], definitions, within)
    if members := schema.get("anyOf", schema.get("oneOf")):
        strict["anyOf"] = [_strict(member, definitions, within) for member in members]
    if schema.get("type") == "object":
        strict.update(_fields(schema, definitions, within))
    if not strict.keys() & {"type", "enum", "const", "anyOf"}:
        raise TypeError("a model cannot be asked for just anything")
    return strict


def _fields(schema: Schema, definitions: Schema, within: tuple[str, ...]) -> Schema:
    properties = schema.get("properties")
    if properties is None or schema.get("additionalProperties"):
        raise TypeError("a model cannot be asked for an object of any fields")
    return {
        "properties": {
            name: _strict(value, definitions, within) for name, value in properties.items()
        },
        "required": list(properties),
        "additionalProperties": False,
    }


def _description(schema: Schema) -> str:
    bounds = ", ".join(f"{key} {schema[key]}" for key in _BOUNDS if key in schema)
    return " ".join(filter(None, (schema.get("description"), f"({bounds})" if bounds else None)))


def _names(schema: Schema) -> Iterator[str]:
    for name, value in schema.get("properties", {}).items():
        yield name
        yield from _names(value)
    members = [schema["items"]] if "items" in schema else schema.get("anyOf", ())
    for member in members:
        yield from _names(member)


def _path(location: tuple[int | str, ...], names: set[str]) -> str:
    """A name that is not ours was made up, maybe by whoever wrote the data."""
    parts = [str(part) if isinstance(part, int) or part in names else "*" for part in location]
    return ".".join(parts) or "the whole"
