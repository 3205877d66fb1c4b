"""Errors a caller may see: one class per fact, each with its stable code and status.

The text of a class is for people and names no secret, key, number or address. Nothing else that is
raised in this code base ever reaches a caller: it becomes `ServerError`.
"""

from collections.abc import Mapping
from typing import ClassVar

# A path in an error names a field of ours or echoes the caller's own; it need not be longer.
MAX_PATH_CHARS = 100


class ApiError(Exception):
    """A fact that ends a request. `details` are added to the error object as they are."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "server_error"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        **details: object,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.headers = dict(headers or {})
        self.details = details


class ValidationFailed(ApiError):
    """A field, a parameter or a header has a value that the contract does not allow."""

    status = 400
    code = "validation_failed"


class InvalidRequest(ApiError):
    """The request cannot be read at all: not JSON, not an object, not UTF-8."""

    status = 400
    code = "invalid_request"


class Forbidden(InvalidRequest):
    """A callback that its provider has not signed. Never an answer to a customer."""

    status = 403

    def __init__(self) -> None:
        super().__init__("The request is not signed by the provider.")


class MethodNotAllowed(InvalidRequest):
    """The path exists, but not for this method; the header Allow lists those it has."""

    status = 405


class PayloadTooLarge(InvalidRequest):
    status = 413


class UnsupportedMediaType(InvalidRequest):
    status = 415


class InvalidToken(ApiError):
    """No credential, a broken one, or one that is unknown, expired or revoked."""

    status = 401
    code = "invalid_token"

    def __init__(self, message: str = "The credential is missing or not valid.") -> None:
        challenge = 'Bearer realm="linkwright", error="invalid_token"'
        super().__init__(message, headers={"WWW-Authenticate": challenge})


class MissingScope(ApiError):
    """The credential is good, but was not given the scope. 401 and not 403."""

    status = 401
    code = "missing_scope"

    def __init__(self, scope: str) -> None:
        challenge = f'Bearer realm="linkwright", error="insufficient_scope", scope="{scope}"'
        super().__init__(
            f"The credential lacks the scope '{scope}'.",
            headers={"WWW-Authenticate": challenge},
        )


class PlanLimitExceeded(ApiError):
    """The plan's allowance of the billing cycle is used up."""

    status = 402
    code = "plan_limit_exceeded"


class PaidPlanRequired(ApiError):
    """The plan has no AI: under /api/ai a body of three keys, as printed in the reference."""

    status = 402
    code = "ai_requires_paid_plan"

    def __init__(self) -> None:
        super().__init__("The plan has no AI credits.", dimension="ai_credits", upgrade_to="pro")


class EnterpriseRequired(ApiError):
    """The plan has no key of its own."""

    status = 402
    code = "byok_requires_enterprise"

    def __init__(self) -> None:
        super().__init__("The plan has no own key.", dimension="byok", upgrade_to="enterprise")


class QuotaExceeded(ApiError):
    """Not enough credits are left. Its body has no room for more than which: headers tell it."""

    status = 402
    code = "quota_exceeded"

    def __init__(
        self, *, upgrade_to: str | None, remaining: int, required: int, resets_at: str
    ) -> None:
        super().__init__(
            "Not enough AI credits are left.",
            headers={
                "X-AI-Credits-Remaining": str(remaining),
                "X-AI-Credits-Required": str(required),
                "X-AI-Credits-Resets-At": resets_at,
            },
            dimension="ai_credits",
            upgrade_to=upgrade_to,
        )


class ResourceNotFound(ApiError):
    """There is no such thing in the caller's workspace; elsewhere is nowhere."""

    status = 404
    code = "resource_not_found"


class NoSuchRoute(ResourceNotFound):
    """No route takes the path; what only looks like one is answered the same."""

    def __init__(self) -> None:
        super().__init__("There is no such route.")


class Conflict(ApiError):
    """The request contradicts what is stored; `reason` tells how."""

    status = 409
    code = "conflict"

    def __init__(
        self, message: str, *, reason: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, headers=headers, reason=reason)


class RateLimited(ApiError):
    status = 429
    code = "rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Too many requests for this credential.",
            headers={"Retry-After": str(retry_after)},
        )


class TooManyRuns(ApiError):
    """So many runs of the workspace are under way as there may be at once."""

    status = 429
    code = "rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Too many runs of this workspace are under way.",
            headers={"Retry-After": str(retry_after)},
            reason="runs_under_way",
        )


class TooManyLogIns(ApiError):
    """A mailbox's host was asked to let somebody in as often as it may be in an hour."""

    status = 429
    code = "rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Too many log-ins were tried: at this mailbox's host, or by this workspace.",
            headers={"Retry-After": str(retry_after)},
            reason="log_ins_tried",
        )


class ServerError(ApiError):
    status = 500
    code = "server_error"

    def __init__(self) -> None:
        super().__init__("Something failed on our side. Retry with backoff.")


class OwnKeyFailed(ApiError):
    """The vendor of the workspace's own key gave no answer; no other key is used in its place.

    `failure` says in a word of ours why: what the vendor said may quote the key.
    """

    status = 502
    code = "byok_provider_error"

    def __init__(self, failure: str) -> None:
        super().__init__("The provider of your own key gave no answer.", failure=failure)


class Unavailable(ApiError):
    """Nothing was done, or it cannot be known yet: a retry with the same key settles it."""

    status = 503
    code = "server_error"
    told: ClassVar[str] = "The service is busy. Retry with the same Idempotency-Key."

    def __init__(self) -> None:
        super().__init__(self.told, headers={"Retry-After": "1"})


class ProviderAway(Unavailable):
    """It is somebody else's service that gives no answer."""

    told = "The provider gives no answer just now. Try again later."


class Unheard(Unavailable):
    """It was asked for, and nothing came back: it may have been done."""
