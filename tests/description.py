"""Every answer the tests see is held against the committed description of the API."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from jsonschema_rs import Draft202012Validator

from tests import pages
from tools.openapi import TARGET

Schema = dict[str, Any]


class Undescribed(AssertionError):
    """The API answered something that its description does not know."""


def hold(method: str, path: str, status: int, headers: Mapping[str, str], body: str) -> None:
    """Raises `Undescribed`. A path that is described nowhere is the catch-all's."""
    operation = _operation(method, path)
    if operation is None:
        return
    answer = operation["responses"].get(str(status))
    if answer is None:
        raise Undescribed(f"{method} {path} answered {status}, which is not described")
    answer = _resolved(answer)
    lowered = {name.lower(): value for name, value in headers.items()}
    if "request-id" not in lowered:
        raise Undescribed(f"{method} {path} answered {status} without a Request-Id")
    if "content" not in answer:
        if body:
            raise Undescribed(f"{method} {path} answered {status} with a body")
        return
    if "application/json" not in answer["content"]:
        if lowered.get("content-type") not in answer["content"]:
            raise Undescribed(f"{method} {path} answered {status} as another type")
        return
    told = json.loads(body)
    problems = _validator(_schema(answer)).iter_errors(told)
    if problem := next(problems, None):
        raise Undescribed(f"{method} {path} {status}: {problem.instance_path} {problem.message}")
    if status >= HTTPStatus.BAD_REQUEST and (reason := _reason(told)):
        _require_explained(f"{method} {path} {status}", reason)


def _require_explained(where: str, reason: str) -> None:
    if reason not in pages.reasons():
        raise Undescribed(f"{where}: docs/errors.md does not know the reason {reason}")


@cache
def _document() -> Schema:
    document: Schema = json.loads(TARGET.read_text())
    closed: Schema = _closed(document)
    return closed


@cache
def _paths() -> Mapping[int, list[tuple[re.Pattern[str], Schema]]]:
    """By how many parts they have: no parameter has a `/`."""
    found = defaultdict[int, list[tuple[re.Pattern[str], Schema]]](list)
    for path, methods in _document()["paths"].items():
        found[path.count("/")].append((re.compile(re.sub(r"{\w+}", "[^/]+", path)), methods))
    return found


def _reason(told: dict[str, Any]) -> str | None:
    nested = told["error"]
    return (told if isinstance(nested, str) else nested).get("reason")


def _operation(method: str, path: str) -> Schema | None:
    for pattern, methods in _paths().get(path.count("/"), ()):
        if pattern.fullmatch(path):
            found: Schema | None = methods.get(method.lower())
            return found
    return None


def _resolved(answer: Schema) -> Schema:
    if "$ref" in answer:
        found: Schema = _document()["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
        return found
    return answer


def _schema(answer: Schema) -> str:
    """What names its model, or one of several."""
    return json.dumps(answer["content"]["application/json"]["schema"])


@cache
def _validator(schema: str) -> Draft202012Validator:
    described = {**json.loads(schema), "components": _document()["components"]}
    return Draft202012Validator(described, validate_formats=True)


def _closed(schema: Any) -> Any:
    """Integrators must bear with new fields; we must describe each: so here, no object is open."""
    if isinstance(schema, list):
        return [_closed(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(member) for name, member in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed
