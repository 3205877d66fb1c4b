"""SES of the simulation: what becomes of the mails that it takes, and what it tells of them by a
topic: late, twice, in any order, or never. Somebody else writes to the same queue.
"""

import random
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from linkwright.table import Item
from tests import feedback
from tests.simulation.clockwork import Scheduler
from tests.simulation.network import Network

Step = tuple[str, int]
WORKER = "hear_feedback"
FOREIGN = feedback.FEEDBACK_TOPIC + "-of-somebody"
# What becomes of a mail, and what is told of that, the first first.
DELIVERED, HARD, SOFT, COMPLAINED, REJECTED = "Delivery", "hard", "soft", "Complaint", "Reject"
_FATES = (*[DELIVERED] * 8, HARD, *[SOFT] * 3, COMPLAINED, REJECTED)
_TOLD = {COMPLAINED: (DELIVERED, COMPLAINED)}
# That it was sent.
PROOFS = frozenset({DELIVERED, HARD, SOFT, COMPLAINED})
# So long some of it takes, in seconds.
_SOON, _LATE = 60, 200_000


class Queue(Protocol):
    def __call__(self, body: str) -> object: ...


class Ses:
    """`told` is what came by our topic of each step, sooner or later; `rejected` those that nobody
    was mailed. `arrives` hands a mail to its reader, if there is one.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        network: Network,
        chance: random.Random,
        queue: Queue,
        note: Callable[[str], None],
    ) -> None:
        self.told: dict[Step, set[str]] = defaultdict(set)
        self.rejected: set[Step] = set()
        self._scheduler, self._network, self._random = scheduler, network, chance
        self._queue, self._note = queue, note
        self._numbers = 0

    def take(self, to: str, tags: list[Item], *, is_gone: bool) -> tuple[str, str]:
        """The id that it gives a mail, and what becomes of that."""
        self._numbers += 1
        name = f"ses-{self._numbers}"
        of = {one["Name"]: one["Value"] for one in tags}
        step = (of["lead"], int(of["seq"]))
        fate = HARD if is_gone else self._random.choice(_FATES)
        if fate == REJECTED:
            self.rejected.add(step)
        for kind in _TOLD.get(fate, (fate,)):
            self._tell(step, kind, _event(kind, of, to, f"{name}-{kind}", name))
        if self._random.random() < 0.2:
            self._lie(of, to)
        return name, fate

    def _tell(self, step: Step, kind: str, event: Item) -> None:
        if self._random.random() < max(self._network.weather.lost, 0.03):
            self._note(f"SES never tells {kind} of {step}")
            return
        self.told[step].add(kind)
        twice = self._random.random() < max(self._network.weather.duplicates, 0.1)
        body = feedback.envelope(event)
        for _ in range(2 if twice else 1):
            self._put(body, f"SES tells {kind} of {step}{', twice' if twice else ''}")

    def _lie(self, of: dict[str, str], to: str) -> None:
        """Of a foreign topic; or by ours, about a mail of which somebody knows all but our id."""
        guessed = {**of, "mail": "mail_01JZZZZZZZZZZZZZZZZZZZZZZZ"}
        for kind in (HARD, COMPLAINED, REJECTED):
            body = feedback.envelope(_event(kind, of, to, f"foreign-{kind}", "ses-0"), FOREIGN)
            self._put(body, "somebody writes of a foreign topic")
            self._put(feedback.envelope(_event(kind, guessed, to, "guess", "ses-0")), "a guess")
        self._put(self._random.choice(("", "{", "[]", '{"Type": 1}')), "somebody writes nonsense")

    def _put(self, body: str, what: str) -> None:
        is_late = self._random.random() < 0.15
        delay = self._random.uniform(0.2, _LATE if is_late else _SOON)
        self._note(f"{what}, in {delay:.0f} s{', late' if is_late else ''}")
        self._scheduler.spawn(delay, partial(self._deliver, body))

    def _deliver(self, body: str) -> None:
        self._queue(body)


def _event(kind: str, of: dict[str, str], to: str, told: str, name: str) -> Item:
    made: dict[str, Callable[[], dict[str, Any]]] = {
        DELIVERED: lambda: feedback.delivery(of),
        HARD: lambda: feedback.bounce(of, to=to, feedbackId=told),
        SOFT: lambda: feedback.bounce(of, "Transient", "MailboxFull", to=to, feedbackId=told),
        COMPLAINED: lambda: feedback.complaint(of, to=to),
        REJECTED: lambda: feedback.rejected(of),
    }
    event = made[kind]()
    if kind == COMPLAINED:
        event["complaint"]["feedbackId"] = told
    event["mail"] = feedback.mail(of, to) | {"messageId": name}
    return event
