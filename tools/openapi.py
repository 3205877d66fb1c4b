"""Generate the API's description from the code that serves it: `python -m tools.openapi`.

Paths come from template.yaml, scopes and types from the handlers' signatures, shapes from the
models, codes from the error classes. Nothing is written twice, so nothing can disagree.
"""

import importlib.util
import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from linkwright.endpoint import Contract
from linkwright.errors import ApiError
from linkwright.http import IfMatch
from linkwright.pagination import Page
from tools.template import ROOT, Function, functions

TARGET = ROOT / "docs" / "openapi.json"
REF = "#/components/schemas/{model}"
JSON = "application/json"

# What may fail on any route with a credential, on one with an id, and on one that writes.
ALWAYS = (400, 401, 429, 500, 503)
BY_ID = (404,)
WRITING = (402, 404, 409, 413, 415)

Schema = dict[str, Any]


def document() -> Schema:
    """The whole description, OpenAPI 3.1."""
    operations = [(f, route, _contract(f)) for f in functions() for route in f.routes]
    # What providers call is no part of the API.
    described = [(f, at, known) for f, at, known in operations if known and not known.public]
    paths: dict[str, Schema] = {}
    for function, (method, path), contract in sorted(described, key=lambda one: one[1][::-1]):
        paths.setdefault(path, {})[method.lower()] = _operation(function, method, path, contract)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Linkwright",
            "version": "1",
            "summary": "AI calls, outbound mail and link insight behind one JSON API.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "./"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key (`lk_live_…`, `lk_test_…`) or a session token.",
                }
            },
            "headers": _headers(),
            "responses": _refusals(),
            "schemas": _schemas([contract for _, _, contract in described]),
        },
    }


def rendered() -> str:
    return json.dumps(document(), indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def _contract(function: Function) -> Contract | None:
    """What the handler's decorator read off its signature; None for what is no JSON endpoint."""
    name = f"functions.{function.folder}.{function.file}"
    spec = importlib.util.spec_from_file_location(name, function.source)
    if spec is None or spec.loader is None:
        raise LookupError(function.source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    contract: Contract | None = getattr(module.handler, "contract", None)
    return contract


def _operation(function: Function, method: str, path: str, contract: Contract) -> Schema:
    summary = function.properties["Description"].partition(": ")[2].removesuffix(".")
    operation: Schema = {
        "operationId": _operation_id(method, path, contract),
        "summary": summary[:1].upper() + summary[1:],
        "tags": [function.folder],
        "parameters": [
            *_path_parameters(path, contract),
            *_query_parameters(contract),
            *_header_parameters(method, contract),
        ],
    }
    if contract.scope:
        operation["description"] = f"Needs the scope `{contract.scope}`."
    if body := contract.parameters.get("body"):
        needed = any(field.is_required() for field in body.model_fields.values())
        operation["requestBody"] = {"required": needed, "content": _content(body)}
    operation["responses"] = _responses(method, path, contract)
    return operation


def _operation_id(method: str, path: str, contract: Contract) -> str:
    """`voice.calls.create`: the words of the path, and what is done with what they name."""
    _, *parts = path.strip("/").split("/")
    words = [part.replace("-", "_") for part in parts if "{" not in part]
    is_of_one = "{" in parts[-1]
    if method == "POST" and len(words) < len(parts):
        return ".".join(words)  # the last word is what is done with one of them
    is_list = isinstance(contract.returns, type) and issubclass(contract.returns, Page)
    verbs = {"POST": "create", "PATCH": "update", "DELETE": "delete"}
    verb = verbs.get(method, "list" if is_list and not is_of_one else "get")
    return ".".join([*words, verb])


def _path_parameters(path: str, contract: Contract) -> Iterator[Schema]:
    for name in contract.parameters:
        if f"{{{name}}}" in path:
            schema = {"type": "string"}
            yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(contract: Contract) -> Iterator[Schema]:
    if query := contract.parameters.get("query"):
        for name, schema in query.model_json_schema(ref_template=REF)["properties"].items():
            yield {"name": name, "in": "query", "schema": _absent_not_null(_untitled(schema))}


def _absent_not_null(schema: Schema) -> Schema:
    """A parameter is left out, not null."""
    kept = {name: value for name, value in schema.items() if (name, value) != ("default", None)}
    options = [option for option in kept.pop("anyOf", []) if option != {"type": "null"}]
    return kept | (options[0] if options else {})


def _header_parameters(method: str, contract: Contract) -> Iterator[Schema]:
    if method == "POST":
        text = "Makes a retry safe: the same key gives the same answer for 24 hours."
        schema: Schema = {"type": "string", "pattern": "^[ -~]{1,255}$"}
        yield {"name": "Idempotency-Key", "in": "header", "description": text, "schema": schema}
    if IfMatch in contract.parameters.values():
        text = "The `version` that the change was made from."
        schema = {"type": "string", "pattern": '^("[1-9][0-9]{0,8}"|[1-9][0-9]{0,8})$'}
        yield {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "description": text,
            "schema": schema,
        }


def _responses(method: str, path: str, contract: Contract) -> dict[str, Schema]:
    statuses = {*ALWAYS, *(BY_ID if "{" in path else ()), *(WRITING if method != "GET" else ())}
    names = ["Request-Id", "RateLimit", "RateLimit-Policy"]
    if contract.location:
        names += ["Location", "Idempotent-Replayed"]
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    success: Schema = {"description": "Done.", "headers": headers}
    if contract.returns is not None:
        success["content"] = _content(contract.returns)
    refused = {str(at): {"$ref": f"#/components/responses/{at}"} for at in sorted(statuses)}
    return {str(contract.status): success, **refused}


def _refusals() -> Schema:
    """The error answers, alike on every route."""
    names = {429: ["Retry-After"], 503: ["Retry-After"], 401: ["WWW-Authenticate"]}
    return {
        str(status): {
            "description": ", ".join(f"`{code}`" for code in listed),
            "headers": {
                name: {"$ref": f"#/components/headers/{name}"}
                for name in ["Request-Id", *names.get(status, [])]
            },
            "content": {JSON: {"schema": {"$ref": REF.format(model="Error")}}},
        }
        for status, listed in codes().items()
        if status in {*ALWAYS, *BY_ID, *WRITING}
    }


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


def _content(model: type[BaseModel]) -> Schema:
    return {JSON: {"schema": {"$ref": REF.format(model=model.__name__)}}}


def _schemas(contracts: list[Contract]) -> Schema:
    bodies = {c.parameters["body"] for c in contracts if "body" in c.parameters}
    wanted = [(model, "validation") for model in bodies]
    wanted += [(c.returns, "serialization") for c in contracts if c.returns is not None]
    _, schema = models_json_schema(sorted(wanted, key=str), ref_template=REF)  # type: ignore[arg-type]
    found: Schema = {"Error": _error()}
    # pydantic's own name for AgentPage is Page_Agent_.
    pages = {name: one["title"] for name, one in schema["$defs"].items() if "_" in name}
    for name, one in _untitled(schema["$defs"]).items():
        found[pages.get(name) or _unhyphened(name)] = one
    # Generators name what they make by the title, and of two of one title they leave one out.
    return {name: {"title": name, **found[name]} for name in sorted(found)}


def _unhyphened(name: str) -> str:
    """A model that is both sent and shown has two schemas: what is shown has its plain name."""
    return name.removesuffix("-Output").replace("-Input", "Input")


def _untitled(schema: Any) -> Any:  # noqa: ANN401 -- any part of a schema
    """Without pydantic's titles, which say the names again, and with the names that are ours."""
    if isinstance(schema, list):
        return [_untitled(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: v for k, v in schema.items() if k != "title" or not isinstance(v, str)}
    if "$ref" in kept:
        kept["$ref"] = _unhyphened(kept["$ref"])
    return {name: _untitled(member) for name, member in kept.items()}


def _error() -> Schema:
    every = sorted({code for listed in codes().values() for code in listed})
    text = {"type": "string"}
    fault = {
        "type": "object",
        "required": ["path", "message"],
        "properties": {"path": text, "message": text},
    }
    facts: Schema = {
        "code": {"type": "string", "enum": every},
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
    required = ["code", "message", "request_id", "doc_url"]
    error = {"type": "object", "required": required, "properties": facts}
    return {"type": "object", "required": ["error"], "properties": {"error": error}}


def _headers() -> Schema:
    texts = {
        "Request-Id": "The id of this request, as in the error and in our logs.",
        "RateLimit": "What is left of the limit, and the seconds until it is whole again.",
        "RateLimit-Policy": "The limit of the credential.",
        "Retry-After": "The seconds after which a retry may succeed.",
        "WWW-Authenticate": "What the credential lacks.",
        "Location": "Where the thing made can be read.",
        "Idempotent-Replayed": "`true` on an answer that an earlier request was given.",
    }
    schema = {"type": "string"}
    return {name: {"description": text, "schema": schema} for name, text in texts.items()}


if __name__ == "__main__":
    TARGET.write_text(rendered())
