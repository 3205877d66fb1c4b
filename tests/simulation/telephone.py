"""The carrier: an account at Twilio for each mode, whose calls live by the simulation's clock.

Each call is a process of its own. What it asks and tells goes to the real functions, and on the way
both ways everything happens that happens between two companies.
"""

import json
import random
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from linkwright.egress import Answer
from linkwright.providers import telephony, twilio_callbacks
from linkwright.providers.twilio_callbacks import Route
from tests import carrier
from tests.simulation import callees
from tests.simulation.callees import Person
from tests.simulation.clockwork import Scheduler
from tests.simulation.cloud import Cloud
from tests.simulation.course import course
from tests.simulation.network import Network
from tests.switchboard import PlacedCall, Reply, Sent, Switchboard, Wait
from tools.carrier.errors import SUSPENDED
from tools.carrier.overrides import failure, overrides

# Twilio waits this long for a page.
_PAGE_S = 15


@dataclass(eq=False)
class Dialled:
    """A call that the carrier took: of which attempt, and with whom."""

    call: PlacedCall
    account: str
    route: Route
    person: Person
    # Something that was to be told of it was not, or not as it should be.
    is_lost: bool = False
    # A page took longer than the carrier waits.
    is_slow: bool = False
    # We asked for its end.
    is_hung_up: bool = False
    # We were told of a recording of it.
    has_sound: bool = False


class Telephone:
    """`perform` is what it does when it is asked. `refused` are the orders that it did not take
    since it refused whoever asked.

    `dialled` hears of each call that is placed; `answered` of each request that a function
    answered, and since when that was on its way.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        network: Network,
        cloud: Cloud,
        chance: random.Random,
        note: Callable[[str], None],
    ) -> None:
        self.calls: list[Dialled] = []
        self.refused: dict[str, list[datetime]] = defaultdict(list)
        self._held: dict[str, list[Callable[[], None]]] = defaultdict(list)
        self.dialled: Callable[[Dialled], None] = lambda _: None
        self.answered: Callable[[Dialled, Sent, Reply, datetime], None] = lambda *_: None
        self._scheduler = scheduler
        self._network = network
        self._cloud = cloud
        self._random = chance
        self._note = note
        self._refuses_from = scheduler.now + timedelta(days=999)
        self._refuses_for = timedelta(0)
        known: Mapping[str, Any] = json.loads(carrier.SECRET)
        self.boards = [self._board(known[name]) for name in ("carrier", "carrier_test")]

    def _board(self, known: Mapping[str, str]) -> Switchboard:
        board = Switchboard(
            account_sid=known["account_sid"],
            auth_token=known["auth_token"],
            public_url=carrier.PUBLIC_URL,
            now=lambda: self._scheduler.now,
            new_sid=lambda prefix: f"{prefix}{self._random.getrandbits(128):032x}",
        )
        board.account.listed_after_s = self._random.random() ** 3 * self._network.weather.listing
        board.account.recordings_absent = self._random.random() < 0.1
        return board

    def begin(self, acting: timedelta) -> None:
        """The customers have so long to act. In some weather our account is refused meanwhile."""
        if self._network.weather.refused:
            self._refuses_from = self._scheduler.now + acting * self._random.uniform(0, 0.5)
            self._refuses_for = timedelta(minutes=self._random.choice((1, 8, 40, 90)))

    def listed_after(self, dialled: Dialled) -> timedelta:
        """How long the carrier's list is behind."""
        board = next(b for b in self.boards if b.account.account_sid == dialled.account)
        return timedelta(seconds=board.account.listed_after_s)

    def has_recording(self, dialled: Dialled) -> bool:
        return any(
            one.call_sid == dialled.call.sid
            for board in self.boards
            for one in board.recordings.values()
        )

    def second_legs(self) -> Counter[str]:
        """For how many seconds each call was put through."""
        legs: Counter[str] = Counter()
        for board in self.boards:
            for call in board.account.calls():
                if call.parent_sid is not None:
                    legs[call.parent_sid] += call.duration_s or 0
        return legs

    # ---- what it is asked -----------------------------------------------------------------------

    def perform(self, url: str, **options: Any) -> Answer:
        target = urlsplit(url)
        board = next(one for one in self.boards if f"/{one.account.account_sid}/" in target.path)
        is_order = options.get("method") == "POST" and target.path.endswith("/Calls.json")
        since = self._scheduler.now - self._refuses_from
        if timedelta(0) <= since < self._refuses_for:
            self._note("the carrier refuses our account")
            orders = self.refused[board.account.account_sid]
            if is_order:
                orders.append(self._scheduler.now)
            return Answer(SUSPENDED.status, {}, json.dumps(SUSPENDED.body()).encode(), url)
        if is_order:
            return self._place(board, url, options)
        asked_of = parse_qs(target.query).get("To") or [target.path.rpartition("/")[2]]
        for dialled in self.calls:
            if asked_of[0] in {dialled.call.order.to, f"{dialled.call.sid}.json"}:
                dialled.is_hung_up |= options.get("body") == b"Status=completed"
                self._release(dialled.route.call_id, 2, 0.4)
        return board.fetch(url, **options)

    def _place(self, board: Switchboard, url: str, options: Mapping[str, Any]) -> Answer:
        [to] = parse_qs(options["body"].decode())["To"]
        person = callees.person(to, self._random)
        if person.is_refused:
            problem = {"code": 21216, "message": f"{to} is not allowed", "status": 400}
            return Answer(400, {}, json.dumps(problem).encode(), url)
        board.callees[to] = person.callee
        answer = board.fetch(url, **options)
        call = board.calls[-1]
        call.course = course(board.account, call)
        assert call.order.page
        route = twilio_callbacks.route(urlsplit(call.order.page.url).path)
        dialled = Dialled(call, board.account.account_sid, route, person)
        self.calls.append(dialled)
        self.dialled(dialled)
        self._scheduler.spawn(0.2, partial(self._live, dialled))
        self._release(route.call_id, 4, 0.9)
        return answer

    # ---- what it asks and tells -----------------------------------------------------------------

    def _live(self, dialled: Dialled) -> None:
        reply: Reply | None = None
        while step := dialled.call.advance(reply):
            reply = None
            if isinstance(step, Wait):
                self._scheduler.sleep(step.seconds)
            elif step.kind == "page":
                reply = self._ask(dialled, step)
            else:
                self._tell(dialled, step)
                reply = Reply(204, "", b"")
        call = dialled.call
        self._note(f"{call.sid} is {call.status} at the carrier, by {call.ended_by or 'nobody'}")

    def _ask(self, dialled: Dialled, sent: Sent) -> Reply | None:
        """For what to do next: once, and whoever takes too long has not answered."""
        replies: list[Reply | None] = []
        is_lost = self._chance(self._network.weather.lost / 4)
        if is_lost and self._chance(0.5):
            return None
        # A function that has to be started first may come too late.
        is_slow = self._chance(self._network.weather.slow / 20)
        request = self._scheduler.spawn(
            self._random.uniform(5, 20) if is_slow else 0.05,
            lambda: replies.append(self._deliver(dialled, sent)),
        )
        dialled.is_slow |= not self._scheduler.join(request, _PAGE_S)
        return replies[0] if replies and not is_lost else None

    def _tell(self, dialled: Dialled, sent: Sent) -> None:
        """The call goes on whatever becomes of it; what is lost on the way is not told again."""
        if self._chance(self._network.weather.lost):
            self._note(f"the carrier's {sent.kind} of {dialled.call.sid} is lost")
            dialled.is_lost = True
            return
        weather = self._network.weather
        for copy in range(2 if self._chance(weather.duplicates) else 1):
            # It is mostly the second one that comes late.
            if self._chance(weather.late * (1 + copy)):
                self._hold(dialled, sent)
            else:
                self._scheduler.spawn(self._delay(), lambda: self._insist(dialled, sent))

    def _insist(self, dialled: Dialled, sent: Sent) -> None:
        """Tell it as often as our URLs ask for where we fail."""
        rules = overrides(f"{sent.url}#{telephony.OVERRIDES}")
        for tries in count(1):
            reply = self._deliver(dialled, sent)
            if not rules.asks_again(failure(reply.status if reply else 500), tries, 0):
                return

    def _hold(self, dialled: Dialled, sent: Sent) -> None:
        """Tell it when it is no news any more, and best when the call is asked after or dialled."""
        waiting = [sent]

        def deliver() -> None:
            if waiting:
                self._insist(dialled, waiting.pop())

        self._held[dialled.route.call_id].append(deliver)
        longest = self._random.choice((240, 1800))
        self._scheduler.spawn(self._random.uniform(8, longest), deliver)

    def _release(self, call_id: str, within_s: float, share: float) -> None:
        for deliver in self._held.pop(call_id, []):
            if self._chance(share):
                self._scheduler.spawn(self._random.uniform(0, within_s), deliver)
            else:
                self._held[call_id].append(deliver)

    def _deliver(self, dialled: Dialled, sent: Sent) -> Reply | None:
        began = self._scheduler.now
        target = urlsplit(sent.url)._replace(scheme="", netloc="").geturl()
        # What is neither text nor JSON comes to a function in base64.
        body = b64encode(urlencode(sent.form).encode()).decode()
        answer = self._cloud.request("POST", target, sent.headers, body, is_base64=True)
        status = answer["statusCode"] if answer else "no answer"
        self._note(f"{sent.kind} {sent.fields.get('CallStatus', '')} {sent.path[-50:]}: {status}")
        if answer is None or answer["statusCode"] >= 400:
            dialled.is_lost = True
        dialled.has_sound |= sent.fields.get("RecordingStatus") == "completed"
        if answer is None:
            return None
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        content = answer.get("body", "").encode()
        reply = Reply(answer["statusCode"], headers.get("content-type", ""), content)
        self.answered(dialled, sent, reply, began)
        return reply

    def _delay(self) -> float:
        return self._random.uniform(1, 8) if self._chance(0.05) else self._random.uniform(0.02, 0.5)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability
