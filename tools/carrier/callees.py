"""Who is at the other end: what becomes of a call, and what is said into it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from tools.carrier.calls import HungUp

# Six turns; the language is the one a Gather listens in.
SCRIPTS = {
    "en": (
        "Yes, this is a good moment.",
        "What is it about?",
        "That sounds interesting. How much is it?",
        "Could we say Tuesday morning?",
        "Please send me the details by message.",
        "Thank you, goodbye.",
    ),
    "he": (
        "כן, זה זמן טוב.",
        "במה מדובר?",
        "זה נשמע מעניין. כמה זה עולה?",
        "אפשר לקבוע ליום שלישי בבוקר?",
        "תשלחו לי בבקשה את הפרטים בהודעה.",
        "תודה, להתראות.",
    ),
    "ar": (
        "نعم، الوقت مناسب.",
        "ما الموضوع؟",
        "يبدو مثيرا للاهتمام. كم السعر؟",
        "هل يمكن أن نحدد صباح الثلاثاء؟",
        "أرسلوا لي التفاصيل في رسالة من فضلكم.",
        "شكرا، مع السلامة.",
    ),
}
_SCREENING = {
    "en": ("Hi. The person you are calling uses a screening service. Who is calling, and why?",),
    "he": ("שלום. מי שחייגתם אליו מסנן שיחות. מי מתקשר, ומה הסיבה?",),
    "ar": ("مرحبا. الشخص الذي تتصل به يستخدم خدمة فرز المكالمات. من المتصل وما السبب؟",),
}


# A line that is a key: one that is pressed, and not said.
KEY = re.compile(r"\[([0-9*#])\]")


class Outcome(StrEnum):
    """The values are Twilio's for a call that nobody took."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"


class Kind(StrEnum):
    """What answers, as machine detection would find it."""

    HUMAN = "human"
    MACHINE = "machine"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Callee:
    """None among the lines is a silence, which a Gather waits out; `[9]` is the key 9."""

    outcome: Outcome = Outcome.ANSWERED
    kind: Kind = Kind.HUMAN
    lines: tuple[str | None, ...] | None = None
    """None: the script in the language of each Gather."""
    hangs_up: bool = True
    """After the last line; a callee that does not is silent from then on."""
    screens: bool = False
    rings_s: float = 3.0

    def answers(self) -> "Answers":
        return Answers(self)


class Answers:
    """The callee's lines in one call, one for each time somebody listens."""

    def __init__(self, callee: Callee) -> None:
        self._callee = callee
        self._turn = 0

    def next(self, language: str) -> str | None:
        """Raises `HungUp` when all is said."""
        lines = self._lines(language)
        if self._turn < len(lines):
            self._turn += 1
            return lines[self._turn - 1]
        if self._callee.hangs_up:
            raise HungUp("callee")
        return None

    def _lines(self, language: str) -> tuple[str | None, ...]:
        if self._callee.lines is not None:
            return self._callee.lines
        scripts = _SCREENING if self._callee.screens else SCRIPTS
        return scripts.get(language.split("-")[0], scripts["en"])


HUMAN = Callee()
BUSY = Callee(outcome=Outcome.BUSY)
NO_ANSWER = Callee(outcome=Outcome.NO_ANSWER)
FAILED = Callee(outcome=Outcome.FAILED)
VOICEMAIL = Callee(kind=Kind.MACHINE, lines=(), hangs_up=False)
# Twilio has no word for it: to machine detection the voice is neither person nor machine.
SCREENING = Callee(kind=Kind.UNKNOWN, screens=True)

MAGIC = {
    "+15005550001": BUSY,
    "+15005550002": NO_ANSWER,
    "+15005550003": VOICEMAIL,
    "+15005550004": FAILED,
    "+15005550005": HUMAN,
    "+15005550006": SCREENING,
}
