"""Where the faults strike: around the DynamoDB client, and in botocore's hooks for the others.

Each fault looks as the real client reports it; `test_proxy.py` holds that against the client.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from pydynox.exceptions import (
    ConnectionException,
    ProvisionedThroughputExceededException,
    PydynoxException,
)

from tests.faults.injection import CANARY, Effect, Fault, Injector, Killed, land

TRANSACT = "sync_transact_write"
QUERY = "sync_query_page"
# The client's answer to a body of `{}`: no item, and no capacity consumed.
_NOTHING = SimpleNamespace(consumed_rcu=None, consumed_wcu=None)

_STATUS = {
    Fault.THROTTLE: (400, "RequestThrottled"),
    Fault.ERROR_500: (500, "InternalFailure"),
    Fault.ERROR_503: (503, "ServiceUnavailable"),
    Fault.ERROR_500_AFTER: (500, "InternalFailure"),
}


class Seam:
    """Holds the injector of the invocation that is under way."""

    def __init__(self) -> None:
        self.injector = Injector()

    @contextmanager
    def use(self, injector: Injector) -> Iterator[Injector]:
        outer, self.injector = self.injector, injector
        try:
            yield injector
        finally:
            self.injector = outer
            injector.finish()


class FaultyDriver:
    """Stands before the DynamoDB client; every method of it is a call that can fail."""

    def __init__(self, real: object, seam: Seam) -> None:
        self._real = real
        self._seam = seam

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._real, name)

        def call(*arguments: object, **options: object) -> object:
            return self._call(name, lambda: method(*arguments, **options))

        return call

    def _call(self, name: str, perform: Callable[[], object]) -> object:
        injector = self._seam.injector
        earlier = injector.take_late()
        try:
            fault = injector.hit(name)
            return perform() if fault is None else _strike(injector, fault, name, perform)
        finally:
            land(earlier)


def _strike(injector: Injector, fault: Fault, name: str, perform: Callable[[], object]) -> object:
    if fault.effect is Effect.DONE:
        with suppress(PydynoxException):  # an answer that nobody gets, whatever it says
            perform()
    elif fault.effect is Effect.LATE:
        injector.postpone(perform)
    if fault.kills:
        raise Killed
    # A transaction's own answer is `{}`: only what cannot be read at all is garbage there.
    if fault is Fault.GARBAGE and name != TRANSACT:
        return ([], None, _NOTHING) if name == QUERY else (None, _NOTHING)
    raise dynamodb_failure(fault)


def dynamodb_failure(fault: Fault) -> PydynoxException:
    match fault:
        case Fault.THROTTLE:
            return ProvisionedThroughputExceededException(f"Throughput exceeded {CANARY}")
        case Fault.RESET | Fault.LOST_REPLY | Fault.CONNECT_TIMEOUT | Fault.READ_TIMEOUT:
            return ConnectionException(f"Connection failed: {fault} {CANARY}")
        case Fault.GARBAGE:
            return PydynoxException(f"unhandled error {CANARY}")
        case _:
            return PydynoxException(f"InternalServerError {CANARY}")


class Boto3Hooks:
    """The same for a boto3 client.

    Not `before-send`: an answer returned there does not stop the call. `before-call` does.
    """

    def __init__(self, seam: Seam) -> None:
        self._seam = seam

    def install(self, client: Any) -> None:  # noqa: ANN401 -- boto3 makes its clients at run time
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"before-call.{service}", self._before)
        client.meta.events.register(f"after-call.{service}", self._after)

    def remove(self, client: Any) -> None:  # noqa: ANN401
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.unregister(f"before-call.{service}", self._before)
        client.meta.events.unregister(f"after-call.{service}", self._after)

    def _before(self, model: Any, params: Any, context: dict[str, Any], **_: object) -> Any:  # noqa: ANN401
        fault = self._seam.injector.hit(model.name)
        if fault is None:
            return None
        if fault.effect is not Effect.NONE:
            context["fault"] = fault
            return None
        if fault in _STATUS or fault is Fault.GARBAGE:
            status, code = _STATUS.get(fault, (200, ""))
            return AWSResponse(params["url"], status, {}, None), _answer(status, code)
        raise boto3_failure(fault, params["url"], model.name)

    def _after(self, model: Any, context: dict[str, Any], **_: object) -> None:  # noqa: ANN401
        if fault := context.get("fault"):
            raise boto3_failure(fault, "http://sqs", model.name)


def _answer(status: int, code: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"ResponseMetadata": {"HTTPStatusCode": status}}
    return answer | ({"Error": {"Code": code, "Message": CANARY}} if code else {})


def boto3_failure(fault: Fault, url: str, operation: str) -> BaseException:
    match fault:
        case Fault.KILL_BEFORE | Fault.KILL_AFTER:
            return Killed()
        case Fault.RESET:
            return EndpointConnectionError(endpoint_url=f"{url} {CANARY}")
        case Fault.CONNECT_TIMEOUT:
            return ConnectTimeoutError(endpoint_url=f"{url} {CANARY}")
        case Fault.READ_TIMEOUT:
            return ReadTimeoutError(endpoint_url=f"{url} {CANARY}")
        case Fault.LOST_REPLY:
            return ConnectionClosedError(endpoint_url=f"{url} {CANARY}")
        case _:
            return ClientError(_answer(*_STATUS[fault]), operation)
