"""One request on its way to an answer: what holds for all, whoever asks and whatever it is for.

What only the API's own endpoints need is in `endpoint.py`. Nothing here loads a model: the redirect
is asked more often than all of them, and starts in a part of their time.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

from linkwright import clock, deadline, deprecation, startup
from linkwright.errors import ApiError, ServerError
from linkwright.http import Request, Response, cors_headers, error_response
from linkwright.observability import count, log_failure, publish, tell

if TYPE_CHECKING:
    from linkwright.auth import Account, Window
    from linkwright.deadline import LambdaContext

Handler = Callable[[Mapping[str, Any], "LambdaContext"], dict[str, Any]]


class Contract(NamedTuple):
    """What an endpoint's signature says: the source of parsing, checks and the API's schema."""

    scope: str | None
    status: int
    location: str | None
    public: bool
    has_secret: bool
    own: str | None
    parameters: Mapping[str, Any]
    returns: Any
    charge: Any = None
    paid: bool = False
    free_with: str | None = None
    # What else it may answer, and by which status.
    others: tuple[Any, ...] = ()
    others_status: int | None = None
    in_parts: bool = False


class Exchange:
    """What is known so far decides the headers of any answer."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.account: Account | None = None
        self.window: Window | None = None

    def serve(self, respond: Callable[[], Response]) -> Response:
        """`respond` raises `ApiError` for what is to be told; whatever else it raises is not."""
        started = clock.monotonic()
        code = ""
        try:
            response = respond()
        except ApiError as error:
            code, response = error.code, error_response(error, self.request)
        except Exception as failure:  # noqa: BLE001 -- the one funnel: nothing unforeseen gets out
            log_failure("request failed", failure, request_id=self.request.id)
            code, response = ServerError.code, error_response(ServerError(), self.request)
        response.headers |= self.window.headers() if self.window else {}
        response.headers |= deprecation.headers(self.request.route)
        response.headers |= cors_headers(self.request) | {"Request-Id": self.request.id}
        self._log(response, code, (clock.monotonic() - started) * 1000)
        return response

    def _log(self, response: Response, code: str, duration_ms: float) -> None:
        request, account = self.request, self.account
        facts: dict[str, object] = {
            "request_id": request.id,
            "route": request.route,
            "method": request.method,
            "status": response.status,
            "code": code,
            "workspace": account.partition if account else None,
            "credential": account.credential_id if account else None,
            **response.told,
            "duration_ms": round(duration_ms, 1),
        }
        tell("request", facts)
        # The number of its samples is the number of requests.
        count("duration", duration_ms, "Milliseconds")
        if response.status >= 400:
            count(f"errors_{response.status // 100}xx")
        publish(route=request.route)


def public(work: Callable[[Request], Response]) -> Handler:
    """Make a function the Lambda of routes that anybody may ask: it gets the request as it came."""

    @wraps(work)
    def handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        request = Request.from_event(event)
        with deadline.of(context):
            return Exchange(request).serve(lambda: work(request)).event()

    handler.contract = Contract(  # type: ignore[attr-defined]
        *(None, 200, None, True, False, None), {"request": Request}, Response
    )
    startup.ready()
    return handler
