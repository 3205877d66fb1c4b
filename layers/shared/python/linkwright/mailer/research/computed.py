"""What is written without a model: the words of the site, and phrases that claim nothing."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from linkwright.mailer.research import grounding, lexicon
from linkwright.mailer.research.drafts import Draft, DraftEmail, Paragraph, Sentence, Task

_MOST_QUOTES = 3
_LEAST_WORDS, _MOST_CHARS = 5, 180
_LEAST_CHARS = 30
# Of a page: each is held against all of it.
_MOST_LOOKED_AT = 300
_ENDS = re.compile(r"(?<=[.!?\u061f])\s+|\n+")
# By which companies speak of themselves.
_OF_ITSELF = {
    "en": frozenset({"we", "our", "us"}),
    "he": frozenset({"אנחנו", "אנו", "שלנו", "החברה"}),
    "ar": frozenset({"نحن", "نقدم", "لدينا", "شركتنا", "نعمل"}),
}
# What sounds like an order, to a person or to a program.
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|instructions?|prompt|system|assistant|password|click|subscribe|cookies?"
    r"|javascript|browser|copyright|rights reserved|sign (?:in|up)|log ?in|send|reply|forward)\b"
    r"|התעלם|הוראות|סיסמה|לחצו|כל הזכויות|تجاهل|تعليمات|كلمة المرور|انقر|جميع الحقوق",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")


class Quote(NamedTuple):
    source: int
    text: str


def draft(task: Task) -> Draft:
    phrases = lexicon.PHRASES[task.language]
    company = task.company or phrases.you
    quotes = list(_quotes(task))[:_MOST_QUOTES]
    angle = phrases.angle.format(company=company)
    if quotes:
        angle = phrases.angle_of_quote.format(quote=quotes[0].text)
    return Draft(
        summary=[
            Sentence(text=quote.text, source=quote.source, quote=quote.text) for quote in quotes
        ],
        angle=angle,
        emails=[email(task, at, quotes) for at in range(task.steps)],
    )


def email(task: Task, at: int, quotes: list[Quote]) -> DraftEmail:
    """That of a step. Each quote is told once; the last step has phrases of its own."""
    phrases = lexicon.PHRASES[task.language]
    company = task.company or phrases.you
    which = 0 if at == 0 else 2 if at == task.steps - 1 else 1
    said = [_general(phrases.openings[which].format(company=company))]
    if at < len(quotes):
        quote = quotes[at]
        told = phrases.of_quote.format(quote=quote.text)
        said.append(Sentence(text=told, source=quote.source, quote=quote.text))
    offer = [phrases.offers[which].format(company=company), phrases.questions[which]]
    return DraftEmail(
        subject=subject(task, at),
        paragraphs=[
            Paragraph(sentences=said),
            Paragraph(sentences=[_general(text) for text in offer]),
        ],
    )


def subject(task: Task, at: int) -> str:
    """One that claims nothing."""
    phrases = lexicon.PHRASES[task.language]
    which = 0 if at == 0 else 2 if at == task.steps - 1 else 1
    return phrases.subjects[which].format(company=task.company or phrases.you)


def _general(text: str) -> Sentence:
    return Sentence(text=text, source=None, quote=None)


def _quotes(task: Task) -> Iterator[Quote]:
    """What a company says of itself, that which says so by its words first."""
    found = [
        Quote(number, text)
        for number, page in enumerate(task.pages, 1)
        for text in islice(dict.fromkeys(_sentences(page.text)), _MOST_LOOKED_AT)
        if _is_quotable(text, page.text, task)
    ]
    by_text = {quote.text.casefold(): quote for quote in reversed(found)}
    once = [quote for quote in found if by_text[quote.text.casefold()] is quote]
    yield from sorted(once, key=lambda quote: not _is_of_itself(quote.text, task))


def _sentences(page: str) -> Iterator[str]:
    for text in _ENDS.split(page):
        line = grounding.normal(text)
        if _LEAST_CHARS <= len(line) <= _MOST_CHARS and len(line.split()) >= _LEAST_WORDS:
            yield line


def _is_quotable(text: str, page: str, task: Task) -> bool:
    told = lexicon.PHRASES[task.language].of_quote.format(quote=text)
    return _ORDERS.search(text) is None and grounding.is_proven(
        told, text, page, task.known, task.language
    )


def _is_of_itself(text: str, task: Task) -> bool:
    said = {word.casefold() for word in _WORD.findall(text)}
    named = task.company.casefold()
    return bool(named and named in text.casefold()) or bool(
        said & frozenset().union(*_OF_ITSELF.values())
    )
