"""An account at Twilio in memory: no threads, no sockets, and time only as a test lets it pass.

A call does nothing by itself: whoever holds it takes it from step to step (`PlacedCall.advance`) or
to its end (`Switchboard.run`), and may do anything between two steps. What a callee says, which
TwiML can be carried out and what Twilio's REST API answers is `tools.carrier`'s.

Left out: GET, TwiML that comes with the order, detection that holds the answer up, Record.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import SplitResult, urlencode, urlsplit

from linkwright import egress
from linkwright.providers.twilio import API_URL
from tests.client import Context, http_event, load
from tests.switchboard_account import Account
from tests.switchboard_calls import PlacedCall, Reply, Sent, Step, Steps, Wait
from tests.switchboard_talk import course
from tools.carrier import rest
from tools.carrier.behaviour import Operation
from tools.carrier.callees import Callee
from tools.carrier.carrier import Carrier
from tools.carrier.errors import RestError
from tools.carrier.orders import STATUS_EVENTS, Reader
from tools.carrier.recordings import Recording
from tools.carrier.rest import Asked, Response
from tools.template import Function

__all__ = [
    "PlacedCall",
    "Reply",
    "Sent",
    "Step",
    "Steps",
    "Switchboard",
    "Wait",
    "deliver_to_functions",
    "event_of",
    "reply_of",
]

# Partition, call and attempt, and what it is about.
_HOOK = re.compile(r"/callbacks/twilio/[^/]+/(?P<call>[^/]+)/(?P<attempt>\d+)/")


class Switchboard:
    """`account.recordings_absent`, `account.listed_after_s` and `account.refusal` are what may go
    wrong at Twilio.

    The SIDs are counted, unless they come from `new_sid`, which is told the prefix.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        public_url: str,
        now: Callable[[], datetime],
        new_sid: Callable[[str], str] | None = None,
    ) -> None:
        self.account = Account(account_sid, auth_token, public_url, now, new_sid)

    @property
    def callees(self) -> dict[str, Callee]:
        return self.account.callees

    @property
    def calls(self) -> list[PlacedCall]:
        """Those that were placed, the first one first; no transfers."""
        return self.account.placed

    @property
    def recordings(self) -> dict[str, Recording]:
        return self.account.recordings

    def dials(self, to: str | None = None) -> int:
        return sum(to in (None, call.order.to) for call in self.calls)

    def call_of(self, call_id: str, attempt: int | None = None) -> list[PlacedCall]:
        """By our own id of the call."""
        return [call for call in self.calls if _is_about(call, call_id, attempt)]

    def run(
        self,
        call: PlacedCall,
        deliver: Callable[[Sent], Reply | None],
        wait: Callable[[float], None] = lambda _: None,
    ) -> None:
        """To the end of the call and of all reports; `deliver` says None if nobody answers."""
        reply: Reply | None = None
        while step := call.advance(reply):
            reply = None
            if isinstance(step, Wait):
                wait(step.seconds)
            else:
                reply = deliver(step)

    # ---- the REST API ---------------------------------------------------------------------------

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_s: float = egress.TOTAL_TIMEOUT_S,
        max_bytes: int = egress.MAX_BYTES,
        redirects: int = 0,
        ports: frozenset[int] = egress.HTTPS_ONLY,
    ) -> egress.Answer:
        """`egress.fetch`, of Twilio only."""
        target = urlsplit(url)
        assert f"{target.scheme}://{target.netloc}" == API_URL, f"{target.netloc} is not Twilio"
        given = {name.lower(): value for name, value in (headers or {}).items()}
        try:
            response = self._respond(method, target, given, (body or b"").decode())
        except RestError as error:
            response = Response(error.status, error.body())
        content = response.body
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        if len(content) > max_bytes:
            raise egress.TooLarge("the answer is too large")
        named = {"content-type": response.content_type} if content else {}
        return egress.Answer(response.status, named, content, url)

    def _respond(
        self, method: str, target: SplitResult, headers: Mapping[str, str], body: str
    ) -> Response:
        carrier = cast(Carrier, self.account)
        below = rest.account_path(carrier, target.path, headers.get("authorization", ""))
        if self.account.refusal:
            raise self.account.refusal
        route, found = rest.find(method, below)
        asked = Asked(target.path, rest.values(target.query), rest.values(body), found)
        if route.operation is Operation.PLACE:
            return self._place(asked)
        return route.handler(carrier, asked)

    def _place(self, asked: Asked) -> Response:
        events = asked.form.get("StatusCallbackEvent", [])
        order = Reader(asked.fields(), self.account.reaches).order(events)
        assert order.events <= STATUS_EVENTS, "Twilio would report nothing"
        assert order.page, "the switchboard asks for TwiML"
        assert order.detects_aside or not order.detection, "the switchboard answers at once"
        call = self.account.place(order)
        call.course = course(self.account, call)
        return Response(201, call.resource())


def deliver_to_functions(sent: Sent) -> Reply:
    """To the function that the template has for it, as API Gateway would."""
    event, function = event_of(sent)
    return reply_of(load(function).handler(event, Context()))


def event_of(sent: Sent) -> tuple[dict[str, Any], Function]:
    """The event that API Gateway makes of a request, and the function that gets it."""
    target = urlsplit(sent.url)._replace(scheme="", netloc="").geturl()
    # What is neither text nor JSON comes to a function in base64.
    body = b64encode(urlencode(sent.form).encode()).decode()
    return http_event("POST", target, sent.headers, body, is_base64=True)


def reply_of(answer: Mapping[str, Any]) -> Reply:
    """What Twilio gets of a function's answer."""
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return Reply(
        answer["statusCode"], headers.get("content-type", ""), answer.get("body", "").encode()
    )


def _is_about(call: PlacedCall, call_id: str, attempt: int | None) -> bool:
    found = _HOOK.search(urlsplit(call.order.page.url).path) if call.order.page else None
    return bool(found and found["call"] == call_id and attempt in (None, int(found["attempt"])))
