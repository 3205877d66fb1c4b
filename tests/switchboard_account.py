"""An account at Twilio: its calls, its recordings, and who is at which number."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from linkwright.providers.twilio import API_URL
from tests.switchboard_calls import PlacedCall
from tools.carrier.behaviour import Behaviour
from tools.carrier.callees import HUMAN, MAGIC, Callee
from tools.carrier.calls import Call
from tools.carrier.errors import RestError
from tools.carrier.orders import Order
from tools.carrier.recordings import Recording

_BEHAVIOUR = Behaviour()
# The carrier's list goes by the real clock, the calls here by the test's.
_LISTED_ALWAYS = Behaviour(listed_after_s=-timedelta(days=36_500).total_seconds())


class Account:
    """Also what the handlers of `tools.carrier.rest` take for a carrier."""

    behaviour = _LISTED_ALWAYS
    base_url = API_URL
    opened = datetime(2026, 1, 1, tzinfo=UTC)

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        public_url: str,
        now: Callable[[], datetime],
        new_sid: Callable[[str], str] | None,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.secondary_token = ""
        # What it answers to everything, while it is not to be used.
        self.refusal: RestError | None = None
        self.now = now
        self.new_sid = new_sid or _counted()
        self.callees: dict[str, Callee] = dict(MAGIC)
        self.placed: list[PlacedCall] = []
        self.recordings: dict[str, Recording] = {}
        self.deleted: dict[str, Recording] = {}
        self.recordings_absent = False
        self.listed_after_s = 0.0
        self._public_url = public_url.rstrip("/")
        self._calls: dict[str, Call] = {}

    @property
    def poster(self) -> "Account":
        return self

    def reaches(self, url: str) -> bool:
        return url.startswith(f"{self._public_url}/")

    def calls(self) -> list[Call]:
        """Those that a list has by now, transfers among them, the first one first."""
        listed = self.now() - timedelta(seconds=self.listed_after_s)
        return [call for call in self._calls.values() if call.created <= listed]

    def call(self, sid: str) -> Call | None:
        return self._calls.get(sid)

    def callee(self, number: str) -> Callee:
        return self.callees.get(number, HUMAN)

    def place(self, order: Order) -> PlacedCall:
        sid = self.new_sid("CA")
        call = PlacedCall(sid, self.account_sid, order, _BEHAVIOUR, created=self.now())
        self._calls[sid] = call
        self.placed.append(call)
        return call

    def place_child(self, parent: Call, to: str, sender: str) -> Call:
        order = replace(parent.order, to=to, sender=sender, status=None, recording=None)
        sid, now = self.new_sid("CA"), self.now()
        child = Call(sid, self.account_sid, order, _BEHAVIOUR, created=now, parent_sid=parent.sid)
        self._calls[sid] = child
        return child

    def end(self, call: Call, status: str, duration_s: int = 0) -> None:
        """`Call.end` by the test's clock."""
        call.status, call.duration_s, call.ended = status, duration_s, self.now()


def _counted() -> Callable[[str], str]:
    numbers = itertools.count(1)
    return lambda prefix: f"{prefix}{next(numbers):032x}"
