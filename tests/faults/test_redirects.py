"""The faults at the AWS calls of who follows a link, in a process that knows nothing yet.

Whatever strikes: a visitor is counted once or not at all, of a cap nobody passes uncounted, and who
tries again gets where the link leads.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from linkwright.links import items
from linkwright.table import Item
from tests import processes, shortlinks
from tests.client import Answer
from tests.faults import plan
from tests.faults.injection import Injector, Killed
from tests.faults.matrix import told
from tests.faults.states import leaks
from tests.faults.tally import TALLY
from tests.faults.world import World
from tests.shortlinks import TARGET

ALIAS, LINK, NAME = "summer", "lnk_01HF0000000000000000000000", "go.example.com"
PASSWORD = "open sesame"  # noqa: S105 -- of a link

Ask = Callable[[], Answer]


def _ask(method: str = "GET", body: str | None = None, domain: str | None = None) -> Ask:
    return lambda: shortlinks.ask(f"/{ALIAS}", method, body=body, domain=domain)


# What is asked of which link; how that is answered; what it writes: clicks, what passed of a cap,
# and wrong passwords; and whether a person gets on uncounted where that cannot be written.
CASES: dict[str, tuple[Ask, dict[str, Any], int, tuple[int, int, int], bool]] = {
    "GET /{alias}": (_ask(), {}, 302, (1, 0, 0), True),
    "GET /{alias} tracked": (_ask(), {"track_conversion": True}, 302, (1, 0, 0), True),
    "GET /{alias} of a cap": (_ask(), {"click_cap": 5}, 302, (1, 1, 0), False),
    "GET /{alias} at a domain": (_ask(domain=NAME), {"host": NAME}, 302, (1, 0, 0), True),
    "HEAD /{alias}": (_ask("HEAD"), {}, 302, (1, 0, 0), True),
    "POST /{alias}": (
        *(_ask("POST", "password=open+sesame"), {"password": PASSWORD, "click_cap": 5}),
        *(303, (1, 1, 0), False),
    ),
    "POST /{alias} by a wrong one": (
        *(_ask("POST", "password=wrong"), {"password": PASSWORD}),
        *(403, (0, 0, 1), False),
    ),
}
case = pytest.mark.parametrize("named", CASES)


def _prepared(world: World, named: str) -> None:
    world.reset()
    processes.forget()
    shortlinks.stored(world, ALIAS, link=LINK, **CASES[named][1])


def _clicks(world: World) -> list[Item]:
    return world.items()["ClicksTable"]


def _written(world: World) -> tuple[int, int, int]:
    """Clicks, what passed of the cap, and wrong passwords."""
    rows = _clicks(world)
    clicks = [row for row in rows if row.get("link") == LINK]
    passed = [row["passed"] for row in rows if row["pk"] == items.cap_key(LINK).pk]
    tries = [row["tries"] for row in rows if "tries" in row and not row["sk"].endswith("#all")]
    return len(clicks), sum(map(int, passed)), sum(map(int, tries))


def _visits(world: World) -> int:
    return len([row for row in _clicks(world) if row["sk"].startswith("V#") and LINK in row["sk"]])


def _asked(world: World, named: str, injector: Injector) -> Answer | None:
    with world.seam.use(injector):
        try:
            return CASES[named][0]()
        except Killed:
            return None


def _ask_into(answers: list[Answer | None], world: World, named: str) -> None:
    answers.append(_asked(world, named, Injector()))


def _clean(world: World, named: str) -> list[str]:
    _prepared(world, named)
    injector = Injector()
    answer = _asked(world, named, injector)
    assert answer is not None
    assert (answer.status, _written(world)) == (CASES[named][2], CASES[named][3])
    TALLY.calls[named] = len(injector.calls)
    return injector.calls


@case
def test_a_fault_counts_once_or_not_at_all_and_who_tries_again_gets_there(
    world: World, named: str
) -> None:
    problems = []
    for injector in plan.injectors(_clean(world, named)):
        _prepared(world, named)
        found = _struck(world, named, injector)
        problems += told(found + world.problems, injector)
        TALLY.runs[named, "struck"] += 1
    assert problems == []


def _struck(world: World, named: str, injector: Injector) -> list[str]:
    _, _, status, wanted, may_be_lost = CASES[named]
    answer, nothing = _asked(world, named, injector), (0, 0, 0)
    left = _written(world)
    problems = [] if injector.struck else ["the call was not made"]
    if answer is not None:
        problems += leaks(answer, world.stack)
        if answer.status not in {status, 503}:
            problems.append(f"answered {answer.status}")
        if answer.status == status and left != wanted and not may_be_lost:
            problems.append(f"passed, and wrote {left}")
        if status < 400 and answer.status == status and answer.headers["Location"][:27] != TARGET:
            problems.append("led elsewhere")
    if left not in {wanted, nothing}:
        problems.append(f"wrote a part: {left}")
    # A process that is killed is followed by another one.
    processes.forget()
    world.advance(timedelta(seconds=5))
    again = _asked(world, named, Injector())
    if again is None or again.status != status:
        problems.append(f"not made good: {again}")
    is_person = wanted[0] == 1 and named != "HEAD /{alias}"
    if is_person and (_written(world), _visits(world)) != (wanted, 1):
        problems.append(f"counted {_written(world)} of one visitor")
    return problems


@case
def test_the_same_at_the_same_moment_counts_once(world: World, named: str) -> None:
    """A visitor who clicks twice."""
    calls = _clean(world, named)
    _, _, status, wanted, _ = CASES[named]
    for at in range(1, len(calls) + 1):
        _prepared(world, named)
        answers: list[Answer | None] = []
        meanwhile = partial(_ask_into, answers, world, named)
        answers.append(_asked(world, named, Injector(at=at, meanwhile=meanwhile)))
        assert [answer and answer.status for answer in answers] == [status, status]
        if wanted[0] == 1 and named != "HEAD /{alias}":
            assert _written(world) == wanted
        else:
            assert _written(world) == tuple(2 * one for one in wanted)
        TALLY.runs[named, "overlapping"] += 1


@case
def test_a_call_that_the_client_sends_twice_has_one_effect(world: World, named: str) -> None:
    calls = _clean(world, named)
    for at in plan.effects(calls):
        _prepared(world, named)
        answer = _asked(world, named, Injector(at=at, resent=True))
        assert answer is not None
        assert (answer.status, _written(world)) == (CASES[named][2], CASES[named][3])
        TALLY.runs[named, "resent"] += 1
