"""The two envelopes of errors, and what a refused body or query is told."""

import json
from typing import Self

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from linkwright import errors, http
from linkwright.errors import (
    ApiError,
    Conflict,
    EnterpriseRequired,
    Forbidden,
    InvalidRequest,
    InvalidToken,
    MethodNotAllowed,
    MissingScope,
    NoSuchRoute,
    OwnKeyFailed,
    PaidPlanRequired,
    PayloadTooLarge,
    PlanLimitExceeded,
    ProviderAway,
    QuotaExceeded,
    RateLimited,
    ResourceNotFound,
    ServerError,
    TooManyLogIns,
    TooManyRuns,
    Unavailable,
    Unheard,
    UnsupportedMediaType,
    ValidationFailed,
)
from linkwright.findings import validation_failed
from linkwright.http import Request, Response, error_response

NESTED_PATHS = ["/v1/whoami", "/", "", "/apis", "/API/ai", "//api/ai", "/v1/api/ai"]
FLAT_PATHS = ["/api", "/api/", "/api/ai/insight/link"]


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    class Settings:
        base_path = ""
        docs_url = "https://docs.example.com/errors"

    monkeypatch.setattr(http, "settings", Settings)


def _request(path: str = "/v1/whoami") -> Request:
    event = {
        "routeKey": "$default",
        "rawPath": path,
        "requestContext": {"http": {"method": "GET"}},
    }
    return Request.from_event(event)


ERRORS: list[tuple[ApiError, int, str]] = [
    (ValidationFailed("m", field="to"), 400, "validation_failed"),
    (ValidationFailed("m", errors=[{"path": "a", "message": "m"}]), 400, "validation_failed"),
    (InvalidRequest("m"), 400, "invalid_request"),
    (InvalidToken(), 401, "invalid_token"),
    (MissingScope("calls:read"), 401, "missing_scope"),
    (PlanLimitExceeded("m", dimension="d", upgrade_to="pro"), 402, "plan_limit_exceeded"),
    (PaidPlanRequired(), 402, "ai_requires_paid_plan"),
    (EnterpriseRequired(), 402, "byok_requires_enterprise"),
    (OwnKeyFailed("unavailable"), 502, "byok_provider_error"),
    (
        QuotaExceeded(upgrade_to=None, remaining=1, required=2, resets_at="2026-12-01T00:00:00Z"),
        *(402, "quota_exceeded"),
    ),
    (Forbidden(), 403, "invalid_request"),
    (ResourceNotFound("m"), 404, "resource_not_found"),
    (NoSuchRoute(), 404, "resource_not_found"),
    (MethodNotAllowed("m"), 405, "invalid_request"),
    (Conflict("m", reason="r"), 409, "conflict"),
    (PayloadTooLarge("m"), 413, "invalid_request"),
    (UnsupportedMediaType("m"), 415, "invalid_request"),
    (RateLimited(retry_after=17), 429, "rate_limited"),
    (TooManyRuns(retry_after=30), 429, "rate_limited"),
    (TooManyLogIns(retry_after=30), 429, "rate_limited"),
    (ServerError(), 500, "server_error"),
    (Unavailable(), 503, "server_error"),
    (ProviderAway(), 503, "server_error"),
    (Unheard(), 503, "server_error"),
]
every_error = pytest.mark.parametrize(
    ("error", "status", "code"), ERRORS, ids=lambda value: type(value).__name__
)


def _all_kinds(kind: type[ApiError]) -> set[type[ApiError]]:
    return {kind}.union(*map(_all_kinds, kind.__subclasses__()))


def test_every_error_of_the_kernel_is_in_the_table() -> None:
    kinds = {kind for kind in _all_kinds(ApiError) if kind.__module__ == errors.__name__}
    assert kinds - {ApiError} == {type(error) for error, _, _ in ERRORS}


@every_error
@pytest.mark.parametrize("path", NESTED_PATHS)
def test_errors_are_nested(error: ApiError, status: int, code: str, path: str) -> None:
    request = _request(path)
    answer = error_response(error, request)
    assert (answer.status, answer.headers) == (status, error.headers)
    body = json.loads(answer.body)
    assert set(body) == {"error"}
    assert body["error"] == {
        "code": code,
        "message": error.message,
        **({"field": error.field} if error.field else {}),
        **error.details,
        "request_id": request.id,
        "doc_url": f"https://docs.example.com/errors#{code}",
    }


@every_error
@pytest.mark.parametrize("path", FLAT_PATHS)
def test_errors_are_flat_under_api(error: ApiError, status: int, code: str, path: str) -> None:
    request = _request(path)
    answer = error_response(error, request)
    assert (answer.status, answer.headers) == (status, error.headers)
    body = json.loads(answer.body)
    assert body.pop("error") == code
    if status == 402:
        kept = {"dimension", "upgrade_to"}
        assert body == {name: error.details[name] for name in kept}
    else:
        assert body.pop("request_id") == request.id
        assert body.pop("message") == error.message
        assert body.pop("doc_url") == f"https://docs.example.com/errors#{code}"
        assert body == {**({"field": error.field} if error.field else {}), **error.details}


def test_retries_are_asked_for_where_they_help() -> None:
    assert {type(error) for error, _, _ in ERRORS if "Retry-After" in error.headers} == {
        ProviderAway,
        RateLimited,
        TooManyLogIns,
        TooManyRuns,
        Unavailable,
        Unheard,
    }


def test_an_envelope_is_utf_8_without_escapes() -> None:
    answer = error_response(ValidationFailed("שלום 🔥", field="שם"), _request())
    assert "שלום 🔥" in answer.body
    assert '"שם"' in answer.body


def test_the_media_type_is_told_of_every_body_and_of_nothing_else() -> None:
    assert Response(200, "{}").event()["headers"] == {
        "Content-Type": "application/json; charset=utf-8"
    }
    assert Response(204).event() == {
        "statusCode": 204,
        "headers": {},
        "body": "",
        "isBase64Encoded": False,
    }


# ---- Findings ------------------------------------------------------------------------------------


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    inner: Inner
    many: list[Inner] = []


def _refusal(raw: object, depth: int | None = None) -> ValidationFailed:
    with pytest.raises(ValidationError) as failure:
        Outer.model_validate(raw)
    return validation_failed(failure.value, depth)


@pytest.mark.parametrize(
    ("raw", "field", "message"),
    [
        ({}, "inner", "Field 'inner' is required."),
        ({"inner": {}}, "inner.number", "Field 'inner.number' is required."),
        ({"inner": {"number": 1, "x": 1}}, "inner.x", "Unknown field 'inner.x'."),
        (
            {"inner": {"number": 1}, "many": [{"number": 1}, {"number": 1, "y": 1}]},
            "many.1.y",
            "Unknown field 'many.1.y'.",
        ),
        (
            {"inner": {"number": "x"}},
            "inner.number",
            "Field 'inner.number' is not valid: input should be a valid integer, "
            "unable to parse string as an integer.",
        ),
    ],
)
def test_one_fault_is_told_by_its_path(raw: object, field: str, message: str) -> None:
    refusal = _refusal(raw)
    assert (refusal.field, refusal.message, refusal.details) == (field, message, {})


class Pair(BaseModel):
    a: int | None = None
    b: int | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.a == self.b:
            raise PydanticCustomError("one", "must name one of a and b")
        return self


def test_a_fault_of_several_fields_names_none_of_them() -> None:
    with pytest.raises(ValidationError) as failure:
        Pair.model_validate({})
    refusal = validation_failed(failure.value)
    assert (refusal.field, refusal.message) == (None, "The request must name one of a and b.")


def test_many_faults_are_listed() -> None:
    refusal = _refusal({"inner": {"x": 1}, "y": 1})
    assert refusal.field is None
    listed = refusal.details["errors"]
    assert isinstance(listed, list)
    assert [fault["path"] for fault in listed] == ["inner.number", "inner.x", "y"]


def test_a_query_parameter_is_told_by_its_name_alone() -> None:
    raw = {"inner": {"number": 1}, "many": [{"number": "x"}]}
    assert _refusal(raw, depth=1).field == "many"


def test_a_value_is_never_told() -> None:
    assert "canary" not in repr(_refusal({"inner": {"number": "canary"}}).__dict__)
