"""A call from its first ring to its last report."""

from tools.carrier.calls import Call, HungUp
from tools.carrier.carrier import Carrier
from tools.carrier.conversation import Conversation
from tools.carrier.line import Line, Redirected
from tools.carrier.orders import Page


def start(carrier: Carrier, call: Call) -> None:
    line = Line(carrier, call)
    carrier.spawn(lambda: _run(line))


def _run(line: Line) -> None:
    try:
        line.end(_course(line))
    finally:
        line.over()


def _course(line: Line) -> str:
    """How the call ends."""
    try:
        status = line.ring()
        if status == "in-progress":
            _talk(line)
            line.call.ended_by = "agent"
            return "completed"
    except HungUp as hung_up:
        line.call.ended_by = hung_up.by
        return "completed" if line.call.status == "in-progress" else "canceled"
    return status


def _talk(line: Line) -> None:
    conversation = Conversation(line)
    try:
        page = conversation.first(line.answer())
    except Redirected as redirected:
        page = Page(redirected.hook)
    conversation.run(page)
