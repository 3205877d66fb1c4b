"""The labelled answers, and how the rules sort them: each as the whole message that it would be.

A record begins with `[language intent flags] subject`; its text goes on to the next. `auto`: the
header of automatic replies is there. A date: the day on which its writer is back.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from pathlib import Path

from linkwright.mailer.inbound import automatic, intents
from linkwright.mailer.inbound.ours import Sent
from linkwright.mailer.inbound.parsing import parse
from linkwright.mailer.inbound.replies import written

TODAY = date(2026, 11, 29)
US = "dana@acme.example"
SENT = """Hello, we help teams like yours to have shorter queues. Interested in a demo on Thursday?
Dana Levi
Acme, 1 Main Street, Springfield. No more mails? Unsubscribe: https://acme.example/u/1"""
_RECORD = re.compile(r"\[(\w\w) (\w+)( auto)?(?: (\d{4}-\d\d-\d\d))?\] (.*)\n((?:(?!\[).*\n)+)")
# What people's programs put below an answer, in their languages.
_ABOVE_QUOTE = {
    "en": f"On Thu, Nov 26, 2026 at 10:02 AM Dana Levi <{US}> wrote:",
    "de": f"Am Do., 26. Nov. 2026 um 10:02 Uhr schrieb Dana Levi <{US}>:",
    "fr": f"Le jeu. 26 nov. 2026 à 10:02, Dana Levi <{US}> a écrit :",
    "es": f"El jue, 26 nov 2026 a las 10:02, Dana Levi (<{US}>) escribió:",
    "he": f"בתאריך יום ה׳, 26 בנוב׳ 2026 ב-10:02 מאת Dana Levi <{US}>:",
    "ar": f"في الخميس، ٢٦ نوفمبر ٢٠٢٦ في ١٠:٠٢ ص تمت كتابة ما يلي بواسطة Dana <{US}>:",
}


@dataclass(frozen=True)
class Answer:
    language: str
    intent: str
    is_marked: bool
    returns_on: date | None
    subject: str
    text: str


def read(name: str) -> list[Answer]:
    source = (Path(__file__).parent / name).read_text()
    return [
        Answer(of, intent, bool(auto), date.fromisoformat(day) if day else None, subject, text)
        for of, intent, auto, day, subject, text in _RECORD.findall(source)
    ]


def message(answer: Answer) -> bytes:
    letter = EmailMessage()
    letter["From"], letter["To"] = "mark@globex.example", US
    letter["Subject"], letter["In-Reply-To"] = answer.subject, "<1@acme.example>"
    if answer.is_marked:
        letter["Auto-Submitted"] = "auto-replied"
    quoted = "\n".join(f"> {line}" for line in SENT.split("\n"))
    letter.set_content(f"{answer.text}\n{_ABOVE_QUOTE[answer.language]}\n\n{quoted}\n")
    return letter.as_bytes()


def unquoted(text: str, ours: Collection[str], sent: str = "") -> str:
    return written(text, ours, Sent(sent)).new


def sorted_by_rules(answer: Answer) -> intents.Meaning:
    received = parse(message(answer))
    text = unquoted(received.text, {US}, SENT)
    program = automatic.judged(received, text, TODAY, {US})
    return intents.by_rules(text, received.subject, program, TODAY)


@dataclass(frozen=True)
class Errors:
    """`wrong` of `all`, by language and by intent; each with what was taken for what."""

    all: Counter[str]
    wrong: Counter[str]
    lines: tuple[str, ...]

    def rate(self, of: str) -> float:
        return self.wrong[of] / self.all[of]


def measured(answers: Iterable[Answer]) -> Errors:
    every: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    lines: list[str] = []
    for answer, found in _each(answers):
        keys = ("all", answer.language, answer.intent)
        every.update(keys)
        if found.intent != answer.intent:
            wrong.update(keys)
            text = " ".join(answer.text.split())
            lines.append(f"{answer.language} {answer.intent} -> {found.intent}: {text}")
    return Errors(every, wrong, tuple(lines))


def wrong_days(answers: Iterable[Answer]) -> list[str]:
    return [
        f"{answer.language} {answer.returns_on} -> {found.returns_on}: {answer.text}"
        for answer, found in _each(answers)
        if found.returns_on != answer.returns_on
    ]


def _each(answers: Iterable[Answer]) -> Iterator[tuple[Answer, intents.Meaning]]:
    return ((answer, sorted_by_rules(answer)) for answer in answers)
