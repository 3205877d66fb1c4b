"""Between us and the carrier: each request takes time, and some fail, whatever became of them."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from linkwright import deadline, egress, egress_limits
from linkwright.egress import Answer
from tests.faults.injection import CANARY, Fault, Killed
from tests.simulation.network import Network

_NO_CONNECTION = "no connection"
_LIMIT = "429"
_CUT = "answer cut off"
_TIMEOUT_AFTER = "timeout after the effect"
_GARBAGE_AFTER = "garbage 200 after the effect"
# The answers of whoever stands between; some of them come although the carrier heard of it.
_STATUS = {
    "408": 408,
    "502": 502,
    "504": 504,
    Fault.ERROR_500: 500,
    Fault.ERROR_503: 503,
    Fault.GARBAGE: 200,
    Fault.ERROR_500_AFTER: 500,
    _GARBAGE_AFTER: 200,
}
_TIMEOUTS = {Fault.READ_TIMEOUT, _TIMEOUT_AFTER}
_KILLS = {Fault.KILL_BEFORE, Fault.KILL_AFTER}
_DONE = {_CUT, _TIMEOUT_AFTER, _GARBAGE_AFTER, Fault.ERROR_500_AFTER, Fault.KILL_AFTER}
FAULTS = sorted({_NO_CONNECTION, _LIMIT, *_STATUS, *_TIMEOUTS, *_KILLS, *_DONE})
# Whoever says 2xx for a receiver of webhooks has taken it.
OF_A_RECEIVER = [fault for fault in FAULTS if fault not in {Fault.GARBAGE, _GARBAGE_AFTER}]
# Longer than anybody waits for an answer.
_LATE_S = 15


class Wire:
    """`fetch` stands in place of `egress.fetch`; `perform` is what the carrier does then."""

    def __init__(
        self,
        network: Network,
        chance: random.Random,
        perform: Callable[..., Answer],
        faults: Sequence[str] = FAULTS,
    ) -> None:
        self._network = network
        self._random = chance
        self._perform = perform
        self._faults = faults

    def fetch(
        self, url: str, *, timeout_s: float = egress.TOTAL_TIMEOUT_S, **options: Any
    ) -> Answer:
        network = self._network
        within_s = min(timeout_s, deadline.seconds_left() - egress_limits.RESERVE_S)
        if within_s <= 0:
            raise egress.TooSlow("the time was up")
        perform = partial(self._perform, url, **options)
        network.pass_time(0.1 + network.latency())
        fault = network.draw(*self._faults, at_least=network.weather.trouble)
        answer = self._strike(fault, perform, within_s) if fault else perform()
        network.pass_time(0.01)
        return answer

    def _strike(self, fault: str, perform: Callable[[], Answer], within_s: float) -> Answer:
        if fault in _DONE:
            perform()
        if fault in _KILLS:
            raise Killed
        if fault == _NO_CONNECTION:
            raise egress.Unreachable("no connection to the host")
        if fault == _CUT:
            raise egress.BadAnswer("the answer is cut off")
        if fault in _TIMEOUTS:
            if fault == Fault.READ_TIMEOUT and self._random.random() < 0.7:
                self._network.late(perform, _LATE_S)
            self._network.pass_time(within_s)
            raise egress.TooSlow("the time was up")
        if fault == _LIMIT:
            wait = self._random.choice(("", "1", "7", "soon"))
            return Answer(429, {"retry-after": wait}, b"", "")
        return Answer(_STATUS[fault], {}, CANARY.encode(), "")
