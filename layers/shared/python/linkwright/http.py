"""Requests and answers as plain values: what API Gateway's event says, and what goes back."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl

from linkwright import ids
from linkwright.errors import MAX_PATH_CHARS, ApiError, InvalidRequest, ValidationFailed
from linkwright.settings import settings

JSON = "application/json; charset=utf-8"
_EXPOSED = (
    "Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, Location, Age"
    ", X-Cache, X-AI-Credits-Charged, X-AI-Credits-Held, X-AI-Credits-Remaining"
    ", X-AI-Credits-Required, X-AI-Credits-Resets-At"
)
_ACCEPTED = "Authorization, Content-Type, Idempotency-Key, If-Match"


_VERSION = re.compile(r'([1-9][0-9]{0,8})|"([1-9][0-9]{0,8})"', re.ASCII)


class IfMatch(NamedTuple):
    """The version of an object that a change was made from; quoted or not."""

    version: int

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> "IfMatch":
        """Raises `ValidationFailed`: a change without it might undo somebody else's."""
        found = _VERSION.fullmatch(headers.get("if-match", "").strip())
        if not found:
            raise ValidationFailed(
                "Header 'If-Match' must be the version that the change was made from.",
                field="If-Match",
            )
        return cls(int(found[1] or found[2]))


class Request(NamedTuple):
    """`path` is that of the routes; `base` is what stood before it, where a domain adds that."""

    id: str
    method: str
    route: str
    base: str
    path: str
    headers: Mapping[str, str]
    path_parameters: Mapping[str, str]
    raw_query: str
    raw_body: str
    body_is_base64: bool
    # Who asked, as API Gateway saw it, and at which of its names.
    source_ip: str = ""
    domain: str = ""

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        """Payload format 2.0. The id is ours: one that the client sends is never trusted."""
        base, path = _split(event["rawPath"], settings().base_path)
        asked = event["requestContext"]
        return cls(
            id=ids.new("req"),
            method=asked["http"]["method"],
            route=event["routeKey"],
            base=base,
            path=path,
            headers={name.lower(): value for name, value in event.get("headers", {}).items()},
            path_parameters=event.get("pathParameters") or {},
            raw_query=event.get("rawQueryString", ""),
            raw_body=event.get("body") or "",
            body_is_base64=event.get("isBase64Encoded", False),
            source_ip=asked["http"].get("sourceIp", ""),
            domain=asked.get("domainName", ""),
        )

    def body(self) -> bytes:
        if not self.body_is_base64:
            # A lone surrogate cannot be encoded; as "?" it would pass for text.
            return self.raw_body.encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(self.raw_body, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidRequest("The body is not valid base64.") from None

    def query(self, repeatable: frozenset[str]) -> dict[str, str | list[str]]:
        """The parameters by name; only those said to be repeatable may come twice."""
        try:
            pairs = parse_qsl(self.raw_query, keep_blank_values=True, errors="strict")
        except ValueError:
            raise InvalidRequest("The query string is not valid UTF-8.") from None
        values: dict[str, str | list[str]] = {}
        for name, value in pairs:
            if name in repeatable:
                collected = values.setdefault(name, [])
                assert isinstance(collected, list)  # noqa: S101 -- for the type checker
                collected.append(value)
            elif name in values:
                path = name[:MAX_PATH_CHARS]
                raise ValidationFailed(f"Parameter '{path}' is given twice.", field=path)
            else:
                values[name] = value
        return values


def _split(path: str, base: str) -> tuple[str, str]:
    """A mapping of a domain stands in the path, and in no route."""
    within = path.removeprefix(base)
    return (base, within) if path.startswith(base) and within[:1] == "/" else ("", path)


@dataclass
class Response:
    """`told` is what the log says besides, ids only. A body of bytes goes as it is."""

    status: int
    body: str | bytes = ""
    headers: dict[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)

    def event(self) -> dict[str, Any]:
        headers = {"Content-Type": JSON, **self.headers} if self.body else self.headers
        body = self.body
        return {
            "statusCode": self.status,
            "headers": headers,
            "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
            "isBase64Encoded": isinstance(body, bytes),
        }


@dataclass(frozen=True)
class Binary:
    """What an endpoint answers with that is no JSON; each kind of it says as what it may come.

    `file_name`, of ASCII letters, digits and `._-`: it is to be saved, not shown.
    """

    # Media types; and the statuses with which a kind is refused besides those of all GETs.
    TYPES: ClassVar[tuple[str, ...]] = ()
    REFUSALS: ClassVar[tuple[int, ...]] = ()

    content: bytes
    type: str
    file_name: str | None = None

    def response(self, status: int, request: Request) -> Response:
        """Or that the caller has it already (304)."""
        tag = f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'
        # It is of whoever may read it, who asks whether it is still the same.
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        known = request.headers.get("if-none-match", "")
        if "*" in known or tag in known:
            return Response(304, headers=headers)
        headers |= {"Content-Type": self.type, "X-Content-Type-Options": "nosniff"}
        if self.file_name is not None:
            headers["Content-Disposition"] = f'attachment; filename="{self.file_name}"'
        return Response(status, self.content, headers)


def cors_headers(request: Request) -> dict[str, str]:
    """Only configured origins are told anything; the answer depends on the origin, so it varies."""
    origin = request.headers.get("origin")
    if origin is None or origin not in settings().cors_origins:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": _EXPOSED,
        "Vary": "Origin",
    }


def preflight(request: Request, methods: list[str]) -> Response:
    """The answer to OPTIONS; without an allowed origin it permits nothing."""
    headers = {"Allow": ", ".join(["OPTIONS", *methods])}
    if cors_headers(request):
        headers |= {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": _ACCEPTED,
            "Access-Control-Max-Age": "600",
        }
    return Response(204, headers=headers)


def error_response(error: ApiError, request: Request) -> Response:
    """The envelope of the path: flat under /api, nested everywhere else."""
    flat = request.path == "/api" or request.path.startswith("/api/")
    if flat and error.status == 402:
        shown = {name: error.details[name] for name in ("dimension", "upgrade_to")}
        body: dict[str, Any] = {"error": error.code, **shown}
    else:
        facts = {
            "message": error.message,
            **({"field": error.field} if error.field else {}),
            **error.details,
            "request_id": request.id,
            "doc_url": f"{settings().docs_url}#{error.code}",
        }
        body = {"error": error.code, **facts} if flat else {"error": {"code": error.code, **facts}}
    return Response(error.status, json.dumps(body, ensure_ascii=False), dict(error.headers))
