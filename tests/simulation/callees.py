"""Who is at the other end, by the seed, and what is known of each that the code has to find out."""

import random
from dataclasses import dataclass, replace

from tools.carrier.callees import MAGIC, Callee, Kind, Outcome

_WORDS = ("What is it about?", "I see.", "במה מדובר?", "יום שלישי בבוקר.", "ما الموضوع؟", "أفهم.")
_YES = ("Yes, of course.", "כן, בטח.", "نعم، تفضل.")
_NO = ("No, I would rather not.", "לא, תודה.", "لا، شكرا.")
_FAREWELL = ("Thank you, goodbye.", "תודה, להתראות.", "شكرا، مع السلامة.")
_SCREENING = "This call is being screened. Please state your name and the reason for your call."
_MENU = "Thank you for calling. For sales, press 1. For support, press 2."
# Some twenty seconds of talk.
_STORY = " ".join(["And then I said to him that nobody had told me anything about it at all."] * 4)
OPT_OUTS = frozenset(
    {
        "Please don't call me again.",
        "Take me off your list!",
        "אל תתקשרו אליי יותר.",
        "תסירו אותי מהרשימה שלכם.",
        "لا تتصلوا بي مرة أخرى.",
        "احذفوا رقمي من القائمة.",
        "Rufen Sie mich nicht mehr an.",
        "No me llamen más.",
        "Больше мне не звоните.",
        # The key.
        "[9]",
    }
)


@dataclass(frozen=True)
class Person:
    """`is_refused`: the carrier does not call this number."""

    callee: Callee
    is_refused: bool = False

    @property
    def agrees(self) -> bool:
        """Whether a plain yes is among what is said, in some language."""
        # The script of the tools' human begins with a yes.
        lines = _YES if self.callee.lines is None else self.callee.lines
        return any(line in _YES for line in lines) and not self.callee.screens

    @property
    def is_machine(self) -> bool:
        return self.callee.kind is Kind.MACHINE


def person(number: str, chance: random.Random) -> Person:
    """Whoever takes the phone this time; a magic number is always the same."""
    if number in MAGIC:
        return Person(MAGIC[number])
    kinds = (
        (27, _talker),
        (14, _agreeing),
        (14, _opting_out),
        (9, _silent),
        (5, _endless),
        (6, _screened),
        (6, lambda _: Callee(lines=())),
        (4, lambda _: Callee(kind=Kind.UNKNOWN, lines=(_MENU, _MENU), hangs_up=False)),
        (7, lambda _: Callee(kind=Kind.MACHINE, lines=(), hangs_up=False)),
        (9, lambda _: Callee(outcome=Outcome.BUSY)),
        (9, lambda _: Callee(outcome=Outcome.NO_ANSWER)),
        (4, lambda _: Callee(outcome=Outcome.FAILED)),
    )
    weights, makers = zip(*kinds, strict=True)
    found = chance.choices(makers, weights)[0](chance)
    is_refused = chance.random() < 0.03
    return Person(replace(found, rings_s=chance.choice((0.3, 0.3, 2.0, 9.0, 29.0))), is_refused)


def _talk(chance: random.Random) -> list[str]:
    lines = [chance.choice((*_WORDS, *_NO)) for _ in range(chance.randint(0, 3))]
    return [*lines, chance.choice(_FAREWELL)] if chance.random() < 0.4 else lines


def _talker(chance: random.Random) -> Callee:
    return Callee(lines=tuple(_talk(chance)))


def _agreeing(chance: random.Random) -> Callee:
    return Callee(lines=(chance.choice(_YES), *_talk(chance)))


def _opting_out(chance: random.Random) -> Callee:
    before = [chance.choice((*_WORDS, *_YES)) for _ in range(chance.randint(0, 2))]
    after = [chance.choice(_WORDS) for _ in range(chance.randint(0, 1))]
    return Callee(lines=(*before, chance.choice(sorted(OPT_OUTS)), *after))


def _silent(chance: random.Random) -> Callee:
    before = [chance.choice(_WORDS) for _ in range(chance.randint(0, 1))]
    return Callee(lines=(*before, None), hangs_up=chance.random() < 0.3)


def _endless(_: random.Random) -> Callee:
    return Callee(lines=(_STORY,) * 100)


def _screened(chance: random.Random) -> Callee:
    if chance.random() < 0.4:
        return Callee(kind=Kind.UNKNOWN, screens=True)
    return Callee(kind=Kind.UNKNOWN, lines=(_SCREENING, *_talk(chance)))
