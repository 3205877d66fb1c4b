"""`@endpoint`: everything that holds for every HTTP request, in the order that carries meaning.

Authenticate and count, rate limit, scope, parse, the handler, commit, answer. Nothing before the
commit leaves an effect.
"""

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property, partial, wraps
from typing import Any, Protocol, get_args, get_origin

from pydantic import BaseModel, ValidationError

from linkwright import deadline, idempotency, startup
from linkwright.auth import Account, authenticate
from linkwright.deadline import LambdaContext
from linkwright.errors import PaidPlanRequired, Unavailable
from linkwright.exchange import Contract, Exchange, Handler
from linkwright.findings import validation_failed
from linkwright.http import Binary, IfMatch, Request, Response
from linkwright.idempotency import Attempt, Reply
from linkwright.json_body import parse, require_json
from linkwright.transaction import Outrun, RecordExists, Transaction

# How often a change is made anew, where somebody else was first.
TRIES = 3


class Charge(Protocol):
    """What an endpoint that costs credits has done in place of one transaction."""

    def shows(self, returns: Any) -> Any:  # noqa: ANN401 -- annotations
        """The model of the answer, by the annotation of what the work returns."""

    def answer(
        self,
        account: Account,
        request: Request,
        body: dict[str, Any],
        status: int,
        prepare: Callable[[], Any],
    ) -> Response:
        """Hold, make, charge. `prepare` is the work, which tells how the answer is made."""


def endpoint(
    *,
    scope: str | None,
    status: int = 200,
    location: str | None = None,
    has_secret: bool = False,
    own: str | None = None,
    charge: Charge | None = None,
    paid: bool = False,
    free_with: str | None = None,
    others_status: int | None = None,
    in_parts: bool = False,
) -> Callable[[Callable[..., Any]], Handler]:
    """Make a function of plain arguments the Lambda of one route.

    `scope=None` asks for a credential but for no scope of it; what asks for none is `@public`.
    `has_secret`: the answer is kept only sealed, and nobody on its way may keep it. `own` is the
    path's parameter in which a member may name themselves, without the scope. A `charge` asks for
    a plan with AI, and for a work that returns how its answer is made; what is `paid` asks for
    such a plan alone. A body that says something as `free_with` is looked at on any plan. What may
    be returned besides the first model is answered by `others_status`. A work that commits a part
    of it by itself is done `in_parts`: its key is looked at before, and not only with the last.
    """
    if has_secret:
        from linkwright import reply_sealing  # noqa: F401 -- before the first event

    def decorate(work: Callable[..., Any]) -> Handler:
        signature = inspect.signature(work)
        returned, *others = _returned(signature, charge, others_status)
        contract = Contract(
            *(scope, status, location, False, has_secret, own),
            *({name: p.annotation for name, p in signature.parameters.items()}, returned, charge),
            *(paid or charge is not None, free_with, tuple(others)),
            others_status=others_status,
            in_parts=in_parts,
        )

        _build(contract)

        @wraps(work)
        def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
            with deadline.of(context):
                exchange = _Exchange(contract, work, Request.from_event(event))
                return exchange.serve(exchange.respond).event()

        handler.contract = contract  # type: ignore[attr-defined]
        startup.ready()
        return handler

    return decorate


class _Exchange(Exchange):
    def __init__(self, contract: Contract, work: Callable[..., Any], request: Request) -> None:
        super().__init__(request)
        self.contract = contract
        self.work = work

    def respond(self) -> Response:
        request = self.request
        self.account, self.window = authenticate(request.headers)
        self.window.require()
        own = self.contract.own
        if own is None or request.path_parameters[own] != self.account.actor_id:
            self.account.require(self.contract.scope)
        if not (self.account.plan.ai_credits or self._is_free()):
            raise PaidPlanRequired
        for _ in range(TRIES):
            with suppress(Outrun):
                return self._try(self.account)
        raise Unavailable

    def _is_free(self) -> bool:
        """Whether no plan is asked for; a body is looked at only by who would be refused else."""
        if not self.contract.paid:
            return True
        free_with = self.contract.free_with
        return free_with is not None and bool(self._body.get(free_with))

    def _try(self, account: Account) -> Response:
        request = self.request
        tx = Transaction(account.partition, request.id, account.actor)
        arguments = self._arguments(tx)
        if self.contract.charge:
            body = self._body if request.method == "POST" else {}
            status, prepare = self.contract.status, partial(self.work, **arguments)
            charged: Response = self.contract.charge.answer(account, request, body, status, prepare)
            return charged
        if request.method != "POST":
            result = self.work(**arguments)
            if isinstance(result, Binary):
                tx.commit()
                return result.response(self.contract.status, request)
            reply = _reply(self.contract, result)
            tx.commit()
            return self._response(reply)
        attempt = idempotency.begin(
            *(account.partition, request.id, request.headers.get("idempotency-key")),
            *(request.method, request.path, self._body),
            secret=account.cursor_key,
            secret_for=account.actor_id if self.contract.has_secret else None,
        )
        return self._once(attempt, arguments, tx)

    def _once(self, attempt: Attempt, arguments: Mapping[str, Any], tx: Transaction) -> Response:
        if self.contract.in_parts and (before := attempt.settle()):
            return self._response(before[0], replayed=before[1])
        try:
            reply = _reply(self.contract, self.work(**arguments))
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

    def _arguments(self, tx: Transaction) -> dict[str, Any]:
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


def _returned(
    signature: inspect.Signature, charge: Charge | None, others_status: int | None
) -> tuple[Any, ...]:
    """The models of the answer."""
    shown = signature.return_annotation
    if others_status is not None:
        return get_args(shown)
    return (charge.shows(shown) if charge else shown,)


def _build(contract: Contract) -> None:
    """Make the models a request goes through; of a page, that of its rows."""
    for kind in (*contract.parameters.values(), contract.returns, *contract.others):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            rows = kind.__pydantic_generic_metadata__["args"]
            (rows[0] if rows else kind).model_rebuild()


def _reply(contract: Contract, result: BaseModel | None) -> Reply:
    if result is None:
        return Reply(contract.status, "", None)
    if contract.others_status and type(result) in contract.others:
        return Reply(contract.others_status, result.model_dump_json(), None)
    location = contract.location.format(**vars(result)) if contract.location else None
    return Reply(contract.status, result.model_dump_json(), location)


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
