"""Generate the API's description from the code that serves it: `python -m tools.openapi`.

Paths come from template.yaml, scopes and types from the handlers' signatures, shapes from the
models, codes from the error classes. Nothing is written twice, so nothing can disagree.
"""

import importlib.util
import json
from collections.abc import Iterator

from pydantic import BaseModel

from linkwright.exchange import Contract
from linkwright.http import IfMatch
from linkwright.pagination import Page
from tools import openapi_components as components
from tools.openapi_components import ALWAYS, ASKING, BY_ID, REF, WRITING, Schema
from tools.template import ROOT, Function, functions

TARGET = ROOT / "docs" / "openapi.json"


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
            "headers": components.headers(),
            "responses": {**components.refusals(), **components.refusals(components.FLAT)},
            "schemas": components.schemas([contract for _, _, contract in described]),
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
        unless = ", unless it is one's own" if contract.own else ""
        operation["description"] = f"Needs the scope `{contract.scope}`{unless}."
    if body := contract.parameters.get("body"):
        needed = any(field.is_required() for field in body.model_fields.values())
        operation["requestBody"] = {"required": needed, "content": components.content(body)}
    operation["responses"] = _responses(method, path, contract)
    return operation


def _operation_id(method: str, path: str, contract: Contract) -> str:
    """`voice.calls.create`: the words of the path, and what is done with what they name."""
    _, *parts = path.strip("/").split("/")
    words = [part.replace("-", "_") for part in parts if "{" not in part]
    is_of_one = "{" in parts[-1]
    if method == "POST" and len(words) < len(parts):
        return ".".join(words)  # the last word is what is done with one of them
    if method == "PUT":
        return ".".join(words)
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
            yield {
                "name": name,
                "in": "query",
                "schema": _absent_not_null(components.untitled(schema)),
            }


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
    if components.is_binary(contract.returns):
        text = "The `ETag` of what the caller has."
        schema = {"type": "string"}
        yield {"name": "If-None-Match", "in": "header", "description": text, "schema": schema}
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
    if contract.paid:
        statuses.add(402)
    if contract.charge:
        statuses |= set(ASKING)
        of_method = ["X-Cache", "Age"] if method == "GET" else ["Idempotent-Replayed"]
        names += ["X-AI-Credits-Charged", "X-AI-Credits-Remaining", *of_method]
    if contract.location:
        names += ["Location", "Idempotent-Replayed"]
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    success: Schema = {"description": "Done.", "headers": headers}
    answers = {str(contract.status): success}
    if components.is_binary(contract.returns):
        statuses.update(contract.returns.REFUSALS)
        success["content"] = components.binary(contract.returns)
        headers["ETag"] = {"$ref": "#/components/headers/ETag"}
        headers["Content-Disposition"] = {"$ref": "#/components/headers/Content-Disposition"}
        kept = {name: one for name, one in headers.items() if name != "Content-Disposition"}
        answers["304"] = {"description": "As the caller has it.", "headers": kept}
    elif contract.returns is not None:
        success["content"] = components.content(contract.returns)
    if contract.others:
        answers[str(contract.others_status)] = {
            "description": "Done before, or done for many.",
            "headers": {name: one for name, one in headers.items() if name != "Location"},
            "content": components.content(*contract.others),
        }
    envelope = components.FLAT if path.startswith("/api/") else ""
    if contract.charge and contract.charge.later:
        answers["202"] = _later(headers, contract.charge.later)
    refused = {
        str(at): {"$ref": f"#/components/responses/{envelope}{at}"} for at in sorted(statuses)
    }
    return {**answers, **refused}


def _later(headers: Schema, shown: type[BaseModel]) -> Schema:
    of_later = ("Location", "X-AI-Credits-Held")
    return {
        "description": "It takes longer: what comes of it is asked for later.",
        "headers": headers | {name: {"$ref": f"#/components/headers/{name}"} for name in of_later},
        "content": components.content(shown),
    }


if __name__ == "__main__":
    TARGET.write_text(rendered())
