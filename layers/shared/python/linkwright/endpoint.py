"""`@endpoint`: everything that holds for every HTTP request, in the order that carries meaning.

Authenticate and count, rate limit, scope, parse, the handler, commit, answer. Nothing before the
commit leaves an effect.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError

from linkwright import clock, deadline, deprecation, idempotency, startup
from linkwright.auth import Account, Window, authenticate
from linkwright.deadline import LambdaContext
from linkwright.errors import ApiError, ServerError, Unavailable
from linkwright.http import (
    IfMatch,
    Request,
    Response,
    cors_headers,
    error_response,
    validation_failed,
)
from linkwright.idempotency import Attempt, Reply
from linkwright.json_body import parse, require_json
from linkwright.observability import count, log_failure, publish, tell
from linkwright.transaction import Outrun, RecordExists, Transaction

# How often a change is made anew, where somebody else was first.
TRIES = 3


@dataclass(frozen=True)
class Contract:
    """What an endpoint's signature says: the source of parsing, checks and the API's schema."""

    scope: str | None
    status: int
    location: str | None
    public: bool
    has_secret: bool
    own: str | None
    parameters: Mapping[str, Any]
    returns: Any

    def models(self) -> Iterator[type[BaseModel]]:
        """The models a request goes through; of a page, that of its rows."""
        for kind in (*self.parameters.values(), self.returns):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                rows = kind.__pydantic_generic_metadata__["args"]
                yield rows[0] if rows else kind

    def reply(self, result: BaseModel | None) -> Reply:
        if result is None:
            return Reply(self.status, "", None)
        location = self.location.format(**vars(result)) if self.location else None
        return Reply(self.status, result.model_dump_json(), location)


Handler = Callable[[Mapping[str, Any], LambdaContext], dict[str, Any]]


def endpoint(
    *,
    scope: str | None,
    status: int = 200,
    location: str | None = None,
    public: bool = False,
    has_secret: bool = False,
    own: str | None = None,
) -> Callable[[Callable[..., Any]], Handler]:
    """Make a function of plain arguments the Lambda of one route.

    `scope=None` asks for a credential but for no scope of it; only `public=True` asks for none.
    `has_secret`: the answer is kept only sealed, and nobody on its way may keep it. `own` is the
    path's parameter in which a member may name themselves, without the scope.
    """
    if has_secret:
        # Before the first event, for those who seal.
        from linkwright import reply_sealing  # noqa: F401

    def decorate(work: Callable[..., Any]) -> Handler:
        signature = inspect.signature(work)
        contract = Contract(
            *(scope, status, location, public, has_secret, own),
            parameters={name: p.annotation for name, p in signature.parameters.items()},
            returns=signature.return_annotation,
        )

        for model in contract.models():
            model.model_rebuild()

        @wraps(work)
        def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
            with deadline.of(context):
                return _Exchange(contract, work, Request.from_event(event)).serve().event()

        handler.contract = contract  # type: ignore[attr-defined]
        startup.ready()
        return handler

    return decorate


class _Exchange:
    """One request on its way through; what is known so far decides the headers of any answer."""

    def __init__(self, contract: Contract, work: Callable[..., Any], request: Request) -> None:
        self.contract = contract
        self.work = work
        self.request = request
        self.account: Account | None = None
        self.window: Window | None = None

    def serve(self) -> Response:
        started = clock.monotonic()
        code = ""
        try:
            response = self._public() if self.contract.public else self._private()
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

    def _public(self) -> Response:
        response: Response = self.work(**self._arguments(None))
        return response

    def _private(self) -> Response:
        request = self.request
        self.account, self.window = authenticate(request.headers)
        self.window.require()
        own = self.contract.own
        if own is None or request.path_parameters[own] != self.account.actor_id:
            self.account.require(self.contract.scope)
        for _ in range(TRIES):
            with suppress(Outrun):
                return self._try(self.account)
        raise Unavailable

    def _try(self, account: Account) -> Response:
        request = self.request
        tx = Transaction(account.partition, request.id, account.actor)
        arguments = self._arguments(tx)
        if request.method != "POST":
            reply = self.contract.reply(self.work(**arguments))
            tx.commit()
            return self._response(reply)
        attempt = idempotency.begin(
            *(account.partition, request.id, request.headers.get("idempotency-key")),
            *(request.method, request.path, self._body),
            secret_for=account.actor_id if self.contract.has_secret else None,
        )
        return self._once(attempt, arguments, tx)

    def _once(self, attempt: Attempt, arguments: Mapping[str, Any], tx: Transaction) -> Response:
        try:
            reply = self.contract.reply(self.work(**arguments))
            attempt.record(tx, reply)
            tx.commit()
        except Exception as failure:
            # Whatever went wrong, an effect stored under this key is the answer: a handler that
            # fails early, or a lost reply, must not hide it.
            settled = attempt.settle()
            if settled is None and isinstance(failure, RecordExists):
                raise Unavailable from failure  # the record expired between the two looks
            if settled is None:
                raise
            reply, replayed = settled
            return self._response(reply, replayed=replayed)
        return self._response(reply)

    def _response(self, reply: Reply, *, replayed: bool = False) -> Response:
        headers = {"Location": self.request.base + reply.location} if reply.location else {}
        if self.contract.has_secret:
            headers["Cache-Control"] = "no-store"
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(reply.status, reply.body, headers)

    @cached_property
    def _body(self) -> dict[str, Any]:
        request = self.request
        # An absent body is an empty object: an endpoint that needs fields names them.
        if not request.raw_body:
            return {}
        require_json(request.headers.get("content-type"), request.headers.get("content-encoding"))
        return parse(request.body())

    def _arguments(self, tx: Transaction | None) -> dict[str, Any]:
        """What the handler's signature asks for: by type, or else by name from the path."""
        supplied: dict[Any, Any] = {Account: self.account, Transaction: tx, Request: self.request}
        arguments: dict[str, Any] = {}
        for name, kind in self.contract.parameters.items():
            if kind in supplied:
                arguments[name] = supplied[kind]
            elif kind is IfMatch:
                arguments[name] = IfMatch.from_headers(self.request.headers)
            elif name == "body":
                arguments[name] = _validated(kind, self._body)
            elif name == "query":
                arguments[name] = _validated(kind, self.request.query(_repeatable(kind)), depth=1)
            else:
                arguments[name] = self.request.path_parameters[name]
        return arguments

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
            "duration_ms": round(duration_ms, 1),
        }
        tell("request", facts)
        # The number of its samples is the number of requests.
        count("duration", duration_ms, "Milliseconds")
        if response.status >= 400:
            count(f"errors_{response.status // 100}xx")
        publish(route=request.route)


def _validated(
    model: type[BaseModel], raw: Mapping[str, Any], depth: int | None = None
) -> BaseModel:
    try:
        return model.model_validate(raw)
    except ValidationError as failure:
        raise validation_failed(failure, depth) from None


def _repeatable(model: type[BaseModel]) -> frozenset[str]:
    fields = model.model_fields.items()
    return frozenset(name for name, field in fields if get_origin(field.annotation) is list)
