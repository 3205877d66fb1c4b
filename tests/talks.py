"""Calls of a test, talked through at the carrier in memory: what it was told, and what was said."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from linkwright import clock
from linkwright.table import Item
from linkwright.voice.calls import items
from tests import carrier
from tests.carrier import about
from tests.factories import CALLEE, Workspace
from tests.switchboard import PlacedCall, Reply, Sent
from tools.carrier.callees import Callee, Kind
from tools.carrier.speech import OBJECTIONS

TARGET = "+972541230000"
_PAGES = {"answer", "turn", "transfer"}


class Talk:
    """A call that was dialled; the callee says the lines, None being a silence."""

    def __init__(
        self,
        workspace: Workspace,
        *lines: str | None,
        kind: Kind = Kind.HUMAN,
        hangs_up: bool = True,
        to: str = CALLEE,
        callee: Callee | None = None,
        body: dict[str, Any] | None = None,
        agent_id: str | None = None,
        **agent: Any,
    ) -> None:
        self.workspace, self.exchange = workspace, carrier.current()
        self.to = to
        self.exchange.live.callees[to] = callee or Callee(kind=kind, lines=lines, hangs_up=hangs_up)
        # Each page as Twilio got it, and how long that took by the test's clock.
        self.pages: list[str] = []
        self.seconds: list[float] = []
        self.sent: list[Sent] = []
        self._deliver = self.exchange.deliver
        self.exchange.deliver = self.deliver
        self.agent_id = agent_id or workspace.agent(**agent)
        placed = workspace.place(self.agent_id, to=to, **(body or {}))
        assert placed.status == 201, placed.raw
        self.id = str(placed.json["id"])
        workspace.dial(self.id)

    # ---- at the carrier -------------------------------------------------------------------------

    @property
    def call(self) -> PlacedCall:
        return self.exchange.call(self.id)

    def deliver(self, sent: Sent) -> Reply | None:
        began, is_page = clock.monotonic(), about(sent) in _PAGES
        if is_page:
            self.sent.append(sent)
        reply = self._deliver(sent)
        if is_page:
            self.seconds.append(clock.monotonic() - began)
            if reply is not None:
                assert (reply.status, reply.content_type) == (200, "text/xml; charset=utf-8")
                self.pages.append(reply.body.decode())
        return reply

    def finish(self) -> "Talk":
        self.exchange.finish(self.call)
        # Nothing that we have said or heard is in a voice or a language that the carrier lacks.
        assert not [alert for alert in self.call.alerts if alert.code in OBJECTIONS]
        return self

    def heard(self, who: str = "agent") -> list[str]:
        """What the carrier said aloud, or heard the callee say."""
        return self.call.said(who)

    def ask(self, turn: int, text: str) -> Reply:
        """A rightly signed request about a turn, out of its order."""
        last = self.sent[-1]
        url = last.url.partition(f"/{about(last)}")[0] + f"/turn/{turn}"
        said = self.exchange.signed(replace(last, kind="page", url=url), SpeechResult=text)
        reply = self.deliver(said)
        assert reply is not None
        return reply

    @property
    def verbs(self) -> list[list[Element]]:
        """The verbs of each page."""
        return [list(ElementTree.fromstring(page)) for page in self.pages]  # noqa: S314 -- ours

    def elements(self, tag: str) -> list[Element]:
        return [one for verbs in self.verbs for verb in verbs for one in verb.iter(tag)]

    def last_verbs(self) -> list[str]:
        return [verb.tag for verb in self.verbs[-1]]

    # ---- with us --------------------------------------------------------------------------------

    def show(self) -> Item:
        return self.workspace.call(self.id)

    def end(self) -> tuple[str, str | None]:
        return self.workspace.end_of(self.id)

    def lines(self) -> list[tuple[str, str]]:
        """The transcript, as who said what."""
        return [(line["role"], line["text"]) for line in self.show()["transcript"]]

    @property
    def item(self) -> Item:
        found = items.find(self.workspace.partition, self.id)
        assert found is not None
        return found


class Late:
    """Holds the result of the machine detection back."""

    def __init__(self, by: str) -> None:
        self._by = by
        self._exchange = carrier.current()
        self._deliver = self._exchange.deliver
        self._held: Sent | None = None
        self._exchange.deliver = self._hold

    def _hold(self, sent: Sent) -> Reply | None:
        if about(sent) == "machine":
            self._held = self._exchange.signed(sent, AnsweredBy=self._by)
            return Reply(204, "", b"")
        return self._deliver(sent)

    def tell(self) -> None:
        assert self._held is not None
        call = next(
            one for one in self._exchange.calls() if one.sid == self._held.fields["CallSid"]
        )
        call.answered_by = self._by
        self._deliver(self._held)


def dialled_numbers() -> set[str]:
    """All that the carrier was told to call, transfers among them."""
    boards = carrier.current().boards
    return {call.order.to for board in boards for call in board.account.calls()}


def in_turn(first: str, said: Sequence[str], answered: Sequence[str]) -> list[tuple[str, str]]:
    """The transcript of an agent that opens and answers each thing that the callee says."""
    pairs = zip(said, answered, strict=True)
    return [
        ("agent", first),
        *(line for ours, theirs in pairs for line in (("callee", ours), ("agent", theirs))),
    ]
