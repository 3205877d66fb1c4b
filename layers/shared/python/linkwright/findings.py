"""What a model finds wrong with a request, in our words."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from linkwright.errors import MAX_PATH_CHARS, ValidationFailed


def validation_failed(failure: ValidationError, depth: int | None = None) -> ValidationFailed:
    """Our words for pydantic's findings: `field` for one fault, `errors[]` for many.

    `depth` cuts the paths: what a repeated query parameter holds has no name but the parameter's.
    """
    errors = failure.errors(include_url=False, include_input=False)
    findings = [_finding(error, depth) for error in errors]
    if len(findings) == 1:
        return ValidationFailed(findings[0]["message"], field=findings[0]["path"] or None)
    return ValidationFailed(f"{len(findings)} fields are not valid.", errors=findings)


def _length(edge: str, number: int, of: str) -> str:
    # What is no collection is a secret text, of which pydantic knows the length alone.
    unit = "character" if of == "Value" else "item"
    return f"at {edge} {number} {unit if number == 1 else f'{unit}s'}"


def _finding(error: Mapping[str, Any], depth: int | None) -> dict[str, str]:
    ctx = error.get("ctx", {})
    # A check of a whole model names the field that it is about.
    parts = [*error["loc"], *([ctx["field"]] if "field" in ctx else [])]
    path = ".".join(str(part) for part in parts[:depth])[:MAX_PATH_CHARS]
    said = str(error["msg"])
    # What is wrong with several fields together has no path.
    where = f"Field '{path}'" if path else "The request"
    match error["type"]:
        case "extra_forbidden":
            message = f"Unknown field '{path}'."
        case "missing":
            message = f"{where} is required."
        case "model_type" | "dict_type":
            message = f"{where} must be an object."
        case "too_short":
            message = f"{where} must have {_length('least', ctx['min_length'], ctx['field_type'])}."
        case "too_long":
            message = f"{where} must have {_length('most', ctx['max_length'], ctx['field_type'])}."
        case _ if said.startswith("must "):
            message = f"{where} {said}."
        case _:
            message = f"{where} is not valid: {said[:1].lower()}{said[1:]}."
    return {"path": path, "message": message}
