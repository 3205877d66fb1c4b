"""Where the faults strike: around the clients of DynamoDB, of the other services, of the carrier.

Each fault looks as the real client reports it; `test_proxy.py` holds that against the clients of
AWS, and what `egress.py` raises is held against real sockets by its own tests.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
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

from linkwright import egress
from linkwright.errors import Unavailable, Unheard
from tests import sites
from tests.factories import HOOK
from tests.faults.injection import CANARY, Effect, Fault, Injector, Killed, land

TRANSACT = "sync_transact_write"
QUERY, MANY = "sync_query_page", "sync_batch_get"
CARRIER, RECEIVER, SITE = "carrier", "receiver", "site"
# The client's answer to a body of `{}`: no item, and no capacity consumed.
_NOTHING = SimpleNamespace(consumed_rcu=None, consumed_wcu=None)
_NOTHING_FOUND: Mapping[str, object] = {QUERY: ([], None, _NOTHING), MANY: []}

_STATUS = {
    Fault.THROTTLE: (400, "RequestThrottled"),
    Fault.ERROR_500: (500, "InternalFailure"),
    Fault.ERROR_503: (503, "ServiceUnavailable"),
    Fault.ERROR_500_AFTER: (500, "InternalFailure"),
}
_HTTP_STATUS = {
    Fault.THROTTLE: 429,
    Fault.ERROR_500: 500,
    Fault.ERROR_503: 503,
    Fault.ERROR_500_AFTER: 500,
    Fault.GARBAGE: 200,
}
# After which our own client cannot know whether it was done; `test_seams.py` holds it against that.
_UNHEARD = {Fault.ERROR_500, Fault.ERROR_503, Fault.ERROR_500_AFTER}
_UNHEARD |= {Fault.RESET, Fault.LOST_REPLY, Fault.READ_TIMEOUT}
# How a call that takes place may be refused; nobody hears of it where a fault strikes as well.
_REFUSALS = (PydynoxException, BotoCoreError, ClientError, Unavailable, egress.EgressError)
_SID = re.compile(r"(CA|RE)[0-9a-f]{32}")

Spoiled = Callable[[Fault], Any]
"""What is answered in a fault, or raised."""


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

    def call(self, name: str, perform: Callable[[], object], spoiled: Spoiled) -> Any:
        """Make a call, unless a fault strikes it."""
        injector = self.injector
        earlier = injector.take_late()
        try:
            fault = injector.hit(name)
            if fault is not None:
                return _strike(injector, fault, perform, spoiled)
            if injector.sends_again:
                with suppress(*_REFUSALS):
                    perform()
            return perform()
        finally:
            land(earlier)


def _strike(
    injector: Injector, fault: Fault, perform: Callable[[], object], spoiled: Spoiled
) -> object:
    if fault.effect is Effect.DONE:
        with suppress(*_REFUSALS):
            perform()
    elif fault.effect is Effect.LATE:
        injector.postpone(perform)
    if fault.kills:
        raise Killed
    return spoiled(fault)


# ---- DynamoDB -----------------------------------------------------------------------------------


class FaultyDriver:
    """Stands before the DynamoDB client; every method of it is a call that can fail."""

    def __init__(self, real: Callable[[], object], seam: Seam) -> None:
        self._real = real
        self._seam = seam

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            method = getattr(self._real(), name)
            return self._seam.call(
                _about(name, arguments, options),
                lambda: method(*arguments, **options),
                lambda fault: _spoiled(name, fault),
            )

        return call


def _spoiled(name: str, fault: Fault) -> object:
    # A transaction's own answer is `{}`: only what cannot be read at all is garbage there.
    if fault is Fault.GARBAGE and name != TRANSACT:
        return _NOTHING_FOUND.get(name, (None, _NOTHING))
    raise dynamodb_failure(fault)


def _about(name: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> str:
    """What a call is, and which kinds of items it is about."""
    if name == TRANSACT:
        places = [one.get("item") or one["key"] for one in arguments[0]]
        return f"{name} {' '.join(_kind(place['pk']) for place in places)}"
    if name == QUERY:
        return f"{name} {_kind(options['expression_attribute_values'][':partition'])}"
    if name == MANY:
        return f"{name} {_kind(arguments[1][0]['pk'])}"
    changed = sorted(set(re.findall(r"#\w+", options.get("update_expression", ""))))
    return " ".join([name, _kind(arguments[1]["pk"]), *changed])


def _kind(pk: str) -> str:
    parts = pk.split("#")
    return parts[2] if parts[0] == "W" and len(parts) > 2 else parts[0]


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


# ---- the other services -------------------------------------------------------------------------


class FaultyClient:
    """Stands before a client of a service, or before what does its work in memory."""

    def __init__(self, service: str, real: Callable[[], object], seam: Seam) -> None:
        self._service = service
        self._real = real
        self._seam = seam

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**options: Any) -> Any:
            method = getattr(self._real(), name)
            return self._seam.call(
                name,
                lambda: method(**options),
                lambda fault: _spoiled_answer(self._service, name, fault),
            )

        return call


def _spoiled_answer(service: str, operation: str, fault: Fault) -> object:
    if fault is Fault.GARBAGE:
        return _answer(200, "")
    raise service_failure(service, fault, operation)


def service_failure(service: str, fault: Fault, operation: str) -> BaseException:
    """As the client of the service has it: boto3's, or ours, which tells whether it was heard."""
    if fault.kills:
        return Killed()
    if service == "s3":
        return boto3_failure(fault, "http://aws", operation)
    return Unheard() if fault in _UNHEARD else Unavailable()


def _answer(status: int, code: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"ResponseMetadata": {"HTTPStatusCode": status}}
    return answer | ({"Error": {"Code": code, "Message": CANARY}} if code else {})


def boto3_failure(fault: Fault, url: str, operation: str) -> BaseException:
    match fault:
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


# ---- the carrier, and receivers of webhooks -----------------------------------------------------


class FaultyEgress:
    """Stands before `egress.fetch`."""

    def __init__(self, fetch: Callable[..., egress.Answer], seam: Seam) -> None:
        self._fetch = fetch
        self._seam = seam

    def fetch(self, url: str, **options: Any) -> egress.Answer:
        answer: egress.Answer = self._seam.call(
            _asked(url, options),
            lambda: self._fetch(url, **options),
            lambda fault: _http_answer(fault, url),
        )
        return answer


def _asked(url: str, options: Mapping[str, Any]) -> str:
    parts, method = urlsplit(url), options.get("method", "GET")
    if sites.is_asked(options):
        return f"{SITE} {method} {parts.path}"
    if parts.hostname == urlsplit(HOOK).hostname:
        return f"{RECEIVER} {method} {parts.path}"
    path = _SID.sub(r"<\1>", parts.path).split("/", 4)[-1]
    return f"{CARRIER} {method} {path}"


def _http_answer(fault: Fault, url: str) -> egress.Answer:
    """By what is known of the effect: only who could not connect has certainly sent nothing."""
    match fault:
        case Fault.CONNECT_TIMEOUT:
            raise egress.Unreachable(f"no connection {CANARY}")
        case Fault.READ_TIMEOUT:
            raise egress.TooSlow(f"the time is up {CANARY}")
        case Fault.RESET | Fault.LOST_REPLY:
            raise egress.BadAnswer(f"no whole answer {CANARY}")
        case Fault.GARBAGE:
            body = f"\x00 no JSON {CANARY}".encode()
        case _:
            body = json.dumps({"code": 20500, "message": CANARY}).encode()
    return egress.Answer(_HTTP_STATUS[fault], {"content-type": "text/plain"}, body, url)
