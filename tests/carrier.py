"""The carrier of the tests: an account at Twilio in memory for each mode, in place of the network.

Nothing happens by itself: `pump.settle` carries the calls on, or a test takes one step by step.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
from twilio.request_validator import RequestValidator

from linkwright import clock, egress
from linkwright.egress import Answer
from linkwright.providers import twilio_callbacks
from tests import mailhost, sites, vendors, webhooks
from tests.switchboard import PlacedCall, Reply, Sent, Step, Switchboard, deliver_to_functions

PUBLIC_URL = "https://api.linkwright.test"
PHONE_NUMBER = "+15017122661"
_ACCOUNTS = {
    name: {
        "account_sid": f"AC{digit * 32}",
        "auth_token": f"token-of-the-{name}-account",
        "phone_number": PHONE_NUMBER,
    }
    for name, digit in (("carrier", "1"), ("carrier_test", "2"))
}
SECRET = json.dumps(_ACCOUNTS | webhooks.SECRET)

# No two calls of a run have one: whose they are is kept longer than a test takes.
_sids = count(1)


class Exchange:
    """The accounts of both modes; `egress.fetch` goes here.

    `placing` is what becomes of an order, and `deliver` of what the carrier tells: a test may lose
    either, or do something meanwhile. `orders` counts those that were sent, taken or not.
    """

    def __init__(self) -> None:
        self.placing: Callable[[Callable[[], Answer]], Answer] = lambda place: place()
        self.deliver: Callable[[Sent], Reply | None] = deliver_to_functions
        self.orders = 0
        self._at: dict[str, Step] = {}
        known: Mapping[str, Any] = json.loads(SECRET)
        self.live, self.test = (
            Switchboard(
                account_sid=known[name]["account_sid"],
                auth_token=known[name]["auth_token"],
                public_url=PUBLIC_URL,
                now=lambda: clock.now(),
                new_sid=lambda prefix: f"{prefix}{next(_sids):032x}",
            )
            for name in ("carrier", "carrier_test")
        )

    @property
    def boards(self) -> tuple[Switchboard, Switchboard]:
        return self.live, self.test

    def fetch(self, url: str, **options: Any) -> Answer:
        if vendors.is_one(url):
            return vendors.fetch(url, **options)
        if sites.is_asked(options):
            return sites.fetch(url, **options)
        path = urlsplit(url).path
        found = [one for one in self.boards if f"/{one.account.account_sid}/" in path]
        assert found, "no account of ours"
        if options.get("method") == "POST" and path.endswith("/Calls.json"):
            self.orders += 1
            return self.placing(lambda: found[0].fetch(url, **options))
        return found[0].fetch(url, **options)

    def calls(self, call_id: str | None = None) -> list[PlacedCall]:
        """Those that were placed in either mode, or those of one call of ours."""
        return [
            call
            for one in self.boards
            for call in (one.calls if call_id is None else one.call_of(call_id))
        ]

    def call(self, call_id: str) -> PlacedCall:
        """The last that was placed of one of ours."""
        return self.calls(call_id)[-1]

    def advance(self, call: PlacedCall) -> Step | None:
        """Carry out the step at which a call is. Returns the next one, None if it was the last."""
        step = self._at.pop(call.sid, None)
        after = call.advance(self.deliver(step) if isinstance(step, Sent) else None)
        if after is not None:
            self._at[call.sid] = after
        return after

    def run_to(self, call: PlacedCall, kind: str, status: str = "") -> Sent:
        """Take a call up to a request about something, which is not delivered yet."""
        while step := self.advance(call):
            if isinstance(step, Sent) and about(step) == kind and _says(step, status):
                return step
        raise AssertionError(f"the call came to no {kind} {status}")

    def ring(self, call_id: str) -> PlacedCall:
        """Take a call up to its ringing, which we are told."""
        call = self.call(call_id)
        self.run_to(call, "status", "ringing")
        self.advance(call)
        return call

    def talk(self, call_id: str) -> PlacedCall:
        """Take a call into its talk: the callee's first words are on their way to us."""
        call = self.call(call_id)
        self.run_to(call, "turn")
        return call

    def finish(self, call: PlacedCall) -> None:
        """Take a call to its end."""
        while self.advance(call):
            continue

    def carry_on(self) -> int:
        """Take every call that is under way to its end. Returns how many there were."""
        begun = [call for call in self.calls() if not call.is_over]
        for call in begun:
            self.finish(call)
        return len(begun)

    def signed(self, sent: Sent, **fields: str) -> Sent:
        """The same request with other fields, as rightly signed."""
        said = sent.fields | fields
        account = next(
            one.account for one in self.boards if one.account.account_sid == said["AccountSid"]
        )
        signature = RequestValidator(account.auth_token).compute_signature(sent.url, said)
        headers = sent.headers | {"X-Twilio-Signature": signature}
        return replace(sent, form=list(said.items()), headers=headers)


class Killed(BaseException):
    """The worker is gone."""


def die(*_: object) -> Any:
    raise Killed


def then_die(work: Callable[[], object]) -> Any:
    """Once it is done: nobody hears of it."""
    work()
    raise Killed


def lose(work: Callable[[], object]) -> Any:
    """It is done, and the answer gets lost."""
    work()
    raise egress.TooSlow("the time is up")


def unanswered(*_: object, **__: object) -> Any:
    """It is not done, and nobody knows."""
    raise egress.TooSlow("the time is up")


def unreachable(*_: object, **__: object) -> Any:
    """It is not done, and we know."""
    raise egress.Unreachable("no connection")


def about(sent: Sent) -> str:
    """Which of our callbacks a request is for: answer, turn, status, machine, …"""
    return twilio_callbacks.route(urlsplit(sent.url.removeprefix(PUBLIC_URL)).path).kind


def _says(sent: Sent, status: str) -> bool:
    return status in ("", sent.fields.get("CallStatus"))


def current() -> Exchange:
    """The one that the running test has."""
    return _exchanges[-1]


@contextmanager
def exchange(patch: pytest.MonkeyPatch) -> Iterator[Exchange]:
    """In place of the network, with a host of mail, until `patch` is undone.

    It is the test's own: of two that patch the same, the one undone last would leave this behind.
    """
    made = Exchange()
    patch.setattr(egress, "fetch", made.fetch)
    _exchanges.append(made)
    with mailhost.host(patch):
        yield made
    _exchanges.remove(made)


_exchanges: list[Exchange] = []
