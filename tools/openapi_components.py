"""What all operations of the API's description refer to: schemas, errors and headers."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeGuard

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from linkwright.errors import ApiError
from linkwright.exchange import Contract
from linkwright.http import Binary

REF = "#/components/schemas/{model}"
JSON = "application/json"

# What may fail on any route with a credential, on one with an id, and on one that writes.
ALWAYS = (400, 401, 429, 500, 503)
BY_ID = (404,)
WRITING = (402, 404, 409, 413, 415)
# Where a model is asked, by a key that may be the workspace's own.
ASKING = (502,)

Schema = dict[str, Any]

# A text without control characters, but for tabs and ends of lines.
_CLEAN = r"^(?:\r\n|[^\u0000-\u0008\u000b-\u001f\u007f])*$"
_SAYS_MORE = {"pattern", "enum", "const", "format"}


# In the names of the answers of paths under /api, whose errors have an envelope of their own.
FLAT = "flat-"
_REFERRED = re.compile(r'"#/components/schemas/([^"]+)"')


def refusals(envelope: str = "") -> Schema:
    """The error answers, alike on every route; or of those with flat errors."""
    names = {429: ["Retry-After"], 503: ["Retry-After"], 401: ["WWW-Authenticate"]}
    return {
        f"{envelope}{status}": {
            "description": ", ".join(f"`{code}`" for code in listed),
            "headers": {
                name: {"$ref": f"#/components/headers/{name}"}
                for name in ["Request-Id", *names.get(status, [])]
            },
            "content": {JSON: {"schema": {"$ref": REF.format(model=_model(envelope, status))}}},
        }
        for status, listed in codes().items()
        if status in {*ALWAYS, *BY_ID, *WRITING, *(ASKING if envelope else ())}
    }


def _model(envelope: str, status: int) -> str:
    if not envelope:
        return "Error"
    return "FlatPlanLimit" if status == 402 else "FlatError"  # noqa: PLR2004


def codes() -> dict[int, list[str]]:
    """The error codes of each status."""
    found: dict[int, set[str]] = {}
    for kind in _subclasses(ApiError):
        found.setdefault(kind.status, set()).add(kind.code)
    return {status: sorted(found[status]) for status in sorted(found)}


def _subclasses(kind: type[ApiError]) -> Iterator[type[ApiError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _subclasses(child)


def content(*models: type[BaseModel]) -> Schema:
    """One of these."""
    schemas = [{"$ref": REF.format(model=model.__name__)} for model in models]
    return {JSON: {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}


def is_binary(returns: object) -> TypeGuard[type[Binary]]:
    """Whether an endpoint answers with bytes."""
    return isinstance(returns, type) and issubclass(returns, Binary)


def binary(kind: type[Binary]) -> Schema:
    """What is sent as it is has no schema, only a type."""
    return {name: {} for name in kind.TYPES}


def schemas(contracts: list[Contract]) -> Schema:
    bodies = {c.parameters["body"] for c in contracts if "body" in c.parameters}
    wanted = [(model, "validation") for model in bodies]
    wanted += [
        (model, "serialization")
        for c in contracts
        for model in (c.returns, *c.others)
        if model is not None and not is_binary(model)
    ]
    wanted += [(c.charge.later, "serialization") for c in contracts if c.charge and c.charge.later]
    _, schema = models_json_schema(sorted(wanted, key=str), ref_template=REF)  # type: ignore[arg-type]
    found: Schema = _errors()
    # pydantic's own name for AgentPage is Page_Agent_.
    pages = {name: one["title"] for name, one in schema["$defs"].items() if "_" in name}
    for name, one in untitled(schema["$defs"]).items():
        found[pages.get(name) or _unhyphened(name)] = one
    for name in _reached(found, {body.__name__ for body in bodies}):
        found[name] = _of_clean_texts(_without_defaults(found[name]))
    # Generators name what they make by the title, and of two of one title they leave one out.
    return {name: {"title": name, **found[name]} for name in sorted(found)}


def _reached(schemas: Schema, names: set[str]) -> set[str]:
    """These, and all that they are made of."""
    waiting, reached = [f"{name}Input" if name not in schemas else name for name in names], set()
    while waiting:
        if (name := waiting.pop()) not in reached:
            reached.add(name)
            waiting += _REFERRED.findall(json.dumps(schemas[name]))
    return reached


def _without_defaults(schema: Schema) -> Schema:
    """Of what is sent. Some generators demand what has a default, null too: words say it."""
    changed = dict(schema.get("properties", {}))
    for name, field in changed.items():
        if "default" in field:
            kept = {key: value for key, value in field.items() if key != "default"}
            if (value := field["default"]) is not None:
                said = value if isinstance(value, str) else json.dumps(value)
                told = f"`{said}` unless it is said."
                kept["description"] = " ".join(filter(None, (field.get("description"), told)))
            changed[name] = kept
    return {**schema, "properties": changed} if changed else schema


def _of_clean_texts(schema: Any) -> Any:  # noqa: ANN401 -- any part of a schema
    """Of what is sent: no text may hold what `json_body` refuses in each."""
    if isinstance(schema, list):
        return [_of_clean_texts(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _of_clean_texts(member) for name, member in schema.items()}
    if made.get("type") == "string" and not made.keys() & _SAYS_MORE:
        made["pattern"] = _CLEAN
    return made


def _unhyphened(name: str) -> str:
    """A model that is both sent and shown has two schemas: what is shown has its plain name."""
    return name.removesuffix("-Output").replace("-Input", "Input")


def untitled(schema: Any) -> Any:  # noqa: ANN401 -- any part of a schema
    """Without pydantic's titles, which say the names again, and with the names that are ours."""
    if isinstance(schema, list):
        return [untitled(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: v for k, v in schema.items() if k != "title" or not isinstance(v, str)}
    if "$ref" in kept:
        kept["$ref"] = _unhyphened(kept["$ref"])
    return {name: untitled(member) for name, member in kept.items()}


def _errors() -> Schema:
    every = sorted({code for listed in codes().values() for code in listed})
    text = {"type": "string"}
    fault = {
        "type": "object",
        "required": ["path", "message"],
        "properties": {"path": text, "message": text},
    }
    code = {"type": "string", "enum": every}
    facts: Schema = {
        "message": {**text, "description": "For people; branch on `code`."},
        "field": {**text, "description": "The one field at fault, where it is one."},
        "errors": {"type": "array", "items": fault, "description": "The fields at fault."},
        "reason": {**text, "description": "Of a conflict: which."},
        "dimension": {**text, "description": "Of a plan's limit: of what."},
        "limit": {"type": "integer"},
        "used": {"type": "integer"},
        "upgrade_to": {"type": ["string", "null"]},
        "resets_at": {**text, "format": "date-time"},
        "request_id": text,
        "doc_url": text,
    }
    failure = {"failure": {**text, "description": "Of the provider of an own key: why."}}
    required = ["message", "request_id", "doc_url"]
    nested = _object(["code", *required], {"code": code} | facts)
    limit = {name: facts[name] for name in ("dimension", "upgrade_to")}
    return {
        "Error": _object(["error"], {"error": nested}),
        "FlatError": _object(["error", *required], {"error": code} | facts | failure),
        "FlatPlanLimit": _object(["error", *limit], {"error": code} | limit),
    }


def _object(required: list[str], properties: Schema) -> Schema:
    return {"type": "object", "required": required, "properties": properties}


def headers() -> Schema:
    texts = {
        "Request-Id": "The id of this request, as in the error and in our logs.",
        "RateLimit": "What is left of the limit, and the seconds until it is whole again.",
        "RateLimit-Policy": "The limit of the credential.",
        "Retry-After": "The seconds after which a retry may succeed.",
        "WWW-Authenticate": "What the credential lacks.",
        "Location": "Where the thing made can be read.",
        "ETag": "Of what was sent, for `If-None-Match`.",
        "Content-Disposition": "By which name to save it, where that was asked for.",
        "X-AI-Credits-Charged": "What it cost; of a repetition, what the first one did.",
        "X-AI-Credits-Held": "What is held until it is known whether that is charged.",
        "X-AI-Credits-Remaining": "What was left then.",
        "X-Cache": "`hit` if it was made before.",
        "Age": "How many seconds before.",
        "Idempotent-Replayed": "`true` on an answer that an earlier request was given.",
    }
    schema = {"type": "string"}
    return {name: {"description": text, "schema": schema} for name, text in texts.items()}
