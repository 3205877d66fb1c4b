"""Whether somebody wants no more mail, by the words of what they wrote."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from linkwright.mailer.inbound.text import clauses, expression, plain
from linkwright.mailer.inbound.words import intents_east as east
from linkwright.mailer.inbound.words import intents_west as west
from linkwright.mailer.inbound.words.opt_outs import BEGUN, OFFERED, REFUSED

_UNSUBSCRIBE = expression(*west.UNSUBSCRIBE_WEST, *east.UNSUBSCRIBE_EAST, *REFUSED)
_OFFERED = expression(*OFFERED)
_BEGUN = re.compile(rf"\n(?=\W{{0,3}}(?:{'|'.join(BEGUN)})\b)", re.IGNORECASE)
# "Re:" in the languages: below it the subject is ours, where what was sent is not known.
_IS_ANSWER = expression(
    r"\s*(?:re|r|aw|antw|rv|rép|ref|rif|sv|vs|svar|odp|ynt|tr|wg|fwd?|enc|i|השב|הועבר|רد|رد"
    r"|إعادة توجيه)\s?:"
)
# The word that the footer asks for, as people mistype it.
_WORDS = ("unsubscribe", "unsubscribed", "unsubscribing")
_LIKE_IT = re.compile(r"(?<!not )(?<!dont )(?<!never )\b(?:un|um|ub|us|nu|on)[a-z]{5,12}\b")
_LIKENESS = 0.8
_MOST_COMPARED = 500
# Our own words in what a program wrote, as "your mail "…" was received": no single word.
_LEAST_WORDS = 2


def words(text: str) -> str:
    """What `clauses` gives, where a line that offers an end of somebody's mails begins one."""
    return clauses(_BEGUN.sub("\n\n", text))


def is_in(found: str) -> bool:
    """`found` is what `words` gives. What its writer offers to their own readers is none."""
    found = _OFFERED.sub(" | ", found)
    return _UNSUBSCRIBE.search(found) is not None or _is_mistyped(found)


def is_in_subject(subject: str, sent: Iterable[str]) -> bool:
    """In what stands there beside a subject of ours, whatever a program calls an answer."""
    words, subjects = clauses(subject), _bare(sent)
    rest = _without(words, subjects)
    if rest == words and _IS_ANSWER.match(plain(subject)):
        return False
    return is_in(rest)


def without_subjects(found: str, sent: Iterable[str]) -> str:
    """Without what a program repeats of ours."""
    return _without(found, [one for one in _bare(sent) if one.count(" ") + 1 >= _LEAST_WORDS])


def _bare(sent: Iterable[str]) -> list[str]:
    """The longest first: one may have another in it."""
    return sorted({clauses(one).strip("| ") for one in sent} - {""}, key=len, reverse=True)


def _without(words: str, sent: Iterable[str]) -> str:
    for one in sent:
        words = words.replace(one, " | ")
    return words


def _is_mistyped(found: str) -> bool:
    some = set(_LIKE_IT.findall(found)[:_MOST_COMPARED])
    return any(_is_like(one, word) for one in some for word in _WORDS)


def _is_like(one: str, word: str) -> bool:
    matcher = SequenceMatcher(None, one, word, autojunk=False)
    return matcher.quick_ratio() >= _LIKENESS and matcher.ratio() >= _LIKENESS
