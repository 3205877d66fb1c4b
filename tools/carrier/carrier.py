"""The carrier's books, which are also how a test looks into it."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Event as Flag
from threading import Lock, Thread

from tools.carrier.behaviour import Behaviour, Fault, Operation
from tools.carrier.callees import HUMAN, MAGIC, Callee
from tools.carrier.calls import Call
from tools.carrier.errors import Alert
from tools.carrier.orders import Order
from tools.carrier.posts import Post, Poster
from tools.carrier.recordings import Recording

# For what calls still do when the carrier closes.
_JOIN_S = 5.0


@dataclass(frozen=True)
class Account:
    """Whose calls they are; `auth_token` also signs what the carrier sends."""

    sid: str = field(default_factory=lambda: sid("AC"))
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)


@dataclass(frozen=True)
class Request:
    """An API request; `status` is what it was answered, None if it was not."""

    operation: Operation | None
    method: str
    path: str
    params: Mapping[str, str]
    status: int | None


class Carrier:
    """`time_scale` is the real length of a second of a call; 0 waits for nothing."""

    def __init__(
        self,
        behaviour: Behaviour,
        time_scale: float,
        origins: Mapping[str, str],
        account: Account,
    ) -> None:
        self.base_url = ""
        self.opened = datetime.now(UTC)
        self.account_sid = account.sid
        self.auth_token = account.auth_token
        self.secondary_token = ""
        self.time_scale = time_scale
        self.poster = Poster(self.auth_token, dict(origins))
        self.callees = dict(MAGIC)
        self.recordings: dict[str, Recording] = {}
        self.deleted: dict[str, Recording] = {}
        self.requests: list[Request] = []
        self.alerts: list[Alert] = []
        self.closing = Flag()
        self._calls: dict[str, Call] = {}
        self._threads: list[Thread] = []
        self._lock = Lock()
        self.behave(behaviour)

    def behave(self, behaviour: Behaviour) -> None:
        """From now on: calls that were placed before keep what they were placed under."""
        with self._lock:
            self.behaviour = behaviour
            self._faults_left = behaviour.fault_times

    def promote(self) -> None:
        """The secondary token takes the place of the first, which is nobody's any more."""
        self.auth_token = self.poster.auth_token = self.secondary_token
        self.secondary_token = ""

    def calls(self, to: str | None = None) -> list[Call]:
        """Those that were dialled, the first one first; `to` a number."""
        with self._lock:
            return [call for call in self._calls.values() if to in (None, call.order.to)]

    def dials(self, to: str) -> int:
        return len(self.calls(to))

    def call(self, call_sid: str) -> Call | None:
        return self._calls.get(call_sid)

    def posts(self, kind: str | None = None, call_sid: str | None = None) -> list[Post]:
        """What the carrier sent: kind is `page` or one of `Event`."""
        return [
            post
            for post in list(self.poster.sent)
            if kind in (None, post.kind) and call_sid in (None, post.call_sid)
        ]

    def wait_until_over(self, call_sid: str, timeout_s: float = 20.0) -> Call:
        """Until the call has ended and everything about it is reported."""
        call = self._calls[call_sid]
        if not call.over.wait(timeout_s):
            raise TimeoutError(f"The call is {call.status} after {timeout_s} s")
        return call

    def callee(self, number: str) -> Callee:
        return self.callees.get(number, HUMAN)

    def place(self, order: Order) -> Call:
        return self._add(Call(sid("CA"), self.account_sid, order, self.behaviour))

    def place_child(self, parent: Call, to: str, sender: str) -> Call:
        order = replace(parent.order, to=to, sender=sender, status=None, recording=None)
        child = Call(sid("CA"), self.account_sid, order, parent.behaviour, parent_sid=parent.sid)
        return self._add(child)

    def remember(self, call: Call) -> None:
        """One of an earlier run."""
        self._add(call)

    def fault(self, operation: Operation | None) -> Fault | None:
        """The fault this request meets; it is used up by asking."""
        with self._lock:
            found = self.behaviour.faults.get(operation) if operation else None
            if found is None or self._faults_left == 0:
                return None
            if self._faults_left is not None:
                self._faults_left -= 1
            return found

    def alert(self, call: Call, code: int, message: str, *, warning: bool = False) -> None:
        self.alerts.append(Alert(code, message, call.sid, warning))

    def pause(self, seconds: float) -> None:
        """Seconds of a call's clock, outside a call; short when the carrier closes."""
        self.closing.wait(seconds * self.time_scale)

    def spawn(self, work: Callable[[], None]) -> Thread:
        thread = Thread(target=work, daemon=True)
        with self._lock:
            self._threads = [other for other in self._threads if other.is_alive()] + [thread]
            thread.start()
        return thread

    def close(self) -> None:
        """End what is under way; nothing is sent any more."""
        self.closing.set()
        for call in self.calls():
            call.hung_up = True
            call.interrupted.set()
        give_up_at = time.monotonic() + _JOIN_S
        for thread in list(self._threads):
            thread.join(max(give_up_at - time.monotonic(), 0))

    def _add(self, call: Call) -> Call:
        with self._lock:
            self._calls[call.sid] = call
        return call


def sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)
