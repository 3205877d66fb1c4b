"""The carrier of a world: an account in memory whose calls go on when the world says so.

What it tells and asks comes to the six functions of functions/callbacks as any event does, with a
fault in it if one is planned.
"""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from linkwright.egress import Answer
from linkwright.providers import twilio_callbacks
from tests import carrier
from tests.factories import CALLEE
from tests.switchboard import PlacedCall, Reply, Sent, Switchboard, Wait
from tools.carrier.callees import BUSY, VOICEMAIL, Callee

_ACCOUNT = json.loads(carrier.SECRET)["carrier"]
# Short talks: each line is one more request that all faults are put to.
_YES, _GOODBYE = "כן, זה זמן טוב.", "תודה, להתראות."
A_PERSON = "נציג"
# What callees of these numbers do.
WANTS_A_PERSON, A_MACHINE, BUSY_AT_FIRST = "+972541230001", "+972541230002", "+972541230003"
_CALLEES = {
    CALLEE: Callee(lines=(_YES, _GOODBYE)),
    WANTS_A_PERSON: Callee(lines=(f"{A_PERSON}, בבקשה.",)),
    A_MACHINE: VOICEMAIL,
    BUSY_AT_FIRST: BUSY,
}
_LATER = {BUSY_AT_FIRST: Callee(lines=(_GOODBYE,))}

_STATES = {"machine": "AnsweredBy", "recording": "RecordingStatus"}

Deliver = Callable[[Sent], Reply | None]


class Telephone:
    """`lost` names what never arrives, as `label` does."""

    def __init__(self, now: Callable[[], datetime], wait: Callable[[timedelta], None]) -> None:
        self.board = Switchboard(
            account_sid=_ACCOUNT["account_sid"],
            auth_token=_ACCOUNT["auth_token"],
            public_url=carrier.PUBLIC_URL,
            now=now,
            new_sid=_counted(),
        )
        self.board.callees.update(_CALLEES)
        self.lost: frozenset[str] = frozenset()
        self._wait = wait
        self._replies: dict[str, Reply | None] = {}
        self._tried: dict[str, Sent] = {}
        self._answered: dict[str, Reply | None] = {}
        self._told: list[tuple[PlacedCall, Sent]] = []

    def fetch(self, url: str, **options: object) -> Answer:
        return self.board.fetch(url, **options)  # type: ignore[arg-type]

    @property
    def calls(self) -> list[PlacedCall]:
        return self.board.calls

    def rings(self) -> bool:
        return any(call.status == "ringing" for call in self.calls)

    def step(self, deliver: Deliver) -> bool:
        """Take the first call that is under way one step on; no if none is."""
        call = next((call for call in self.calls if not call.is_over), None)
        if call is None:
            return False
        step = call.advance(self._replies.pop(call.sid, None))
        if isinstance(step, Wait):
            self._wait(timedelta(seconds=step.seconds))
        elif step is not None and label(step) not in self.lost:
            # What is struck is struck in all its tries: whether it comes again, the world says.
            if step is not self._tried.get(call.sid):
                self._tried[call.sid], self._answered[call.sid] = step, deliver(step)
                if step.kind != "page":
                    self._told.append((call, step))
            self._replies[call.sid] = self._answered[call.sid]
        if call.is_over and call.order.to in _LATER:
            self.board.callees[call.order.to] = _LATER[call.order.to]
        return True

    def run(self, deliver: Deliver) -> None:
        """Take all calls to their end."""
        while self.step(deliver):
            continue

    def echoes(self) -> list[Sent]:
        """What was told of calls that are over: late, and for a second time."""
        heard = [sent for call, sent in self._told if call.is_over]
        self._told = [(call, sent) for call, sent in self._told if not call.is_over]
        return heard


def _counted() -> Callable[[str], str]:
    """Each kind by itself: which call is recorded first changes no call's id."""
    numbers: Counter[str] = Counter()

    def new_sid(prefix: str) -> str:
        numbers[prefix] += 1
        return f"{prefix}{numbers[prefix]:032x}"

    return new_sid


def label(sent: Sent) -> str:
    """What is told or asked: its kind, and the state of the call or the number of the turn."""
    route = twilio_callbacks.route(sent.path)
    state = sent.fields[_STATES.get(route.kind, "CallStatus")]
    return f"{route.kind} {route.turn or state}"


def attempt_of(call: PlacedCall) -> tuple[str, int]:
    """Which of our calls it is, and which attempt of that."""
    assert call.order.page is not None
    route = twilio_callbacks.route(urlsplit(call.order.page.url).path)
    return route.call_id, route.attempt
