"""A call at the switchboard as it is in time: it waits for our answers and can be broken off."""

from collections.abc import Mapping

from tests.switchboard import PlacedCall, Reply, Steps
from tests.switchboard_account import Account
from tests.switchboard_line import Line
from tests.switchboard_talk import Conversation
from tools.carrier.calls import HungUp
from tools.carrier.conversation import Page
from tools.carrier.orders import Hook

# How long a hang-up may go unnoticed.
_NOTICED_S = 2.0


class _Line(Line):
    def wait(self, seconds: float) -> Steps[None]:
        while seconds > _NOTICED_S:
            yield from super().wait(_NOTICED_S)
            seconds -= _NOTICED_S
        yield from super().wait(seconds)

    def ask(self, hook: Hook, params: Mapping[str, str]) -> Steps[Reply | None]:
        began, end = self.account.now(), (self._answered_s or 0) + self.call.order.longest_s
        try:
            return (yield from super().ask(hook, params))
        finally:
            # The time limit is of the whole call, and the next step notices it.
            passed = (self.account.now() - began).total_seconds()
            self.at_s = min(self.at_s + passed, end)


def course(account: Account, call: PlacedCall) -> Steps[None]:
    """As the switchboard's own, with whoever is at the number now."""
    return _course(_Line(account, call), call)


def _course(line: Line, call: PlacedCall) -> Steps[None]:
    try:
        status = yield from line.ring()
        if status == "in-progress":
            assert call.order.page
            yield from line.answer()
            yield from Conversation(line).run(Page(call.order.page))
            call.ended_by, status = "agent", "completed"
    except HungUp as hung_up:
        call.ended_by = hung_up.by
        status = "completed" if call.status == "in-progress" else "canceled"
    yield from line.end(status)
