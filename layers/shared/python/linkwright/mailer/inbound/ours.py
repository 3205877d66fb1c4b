"""Which lines of an answer are of what we sent: known whole, as lines, however they are wrapped.

A part of a line is nobody's: "please remove me" stands in many a mail that offers it as an answer.
"""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from linkwright.mailer.inbound.text import plain, shown

_MOST_CHARS = 60_000
# Nobody types as much of what they were sent, in the same words.
_LONG_CHARS = 60
# What is shorter may be anybody's: "Best regards", "Thanks".
_TELLING_CHARS = 20
# Into how many lines a program wraps one.
_MOST_WRAPPED = 12

# `lone`: one line, which its reader may have repeated. `quoted`: nobody but a program did that.
Kind = Literal["", "lone", "quoted"]

_WORD = re.compile(r"\w+")
# What a link is when it comes back is not what it was: hosts write over it.
_LINK = re.compile(r"<?https?://[^\s<>]*>?")


@dataclass(frozen=True)
class Sent:
    """`under` stands under every mail: no line of it is ever its reader's."""

    text: str = ""
    subjects: tuple[str, ...] = ()
    under: str = ""


def kinds(lines: Sequence[str], sent: Sent) -> list[Kind]:
    """Of lines as `plain` leaves them. Takes time that grows with their length alone."""
    under = frozenset(_folded(plain(shown(sent.under)).split("\n")))
    known = under | set(_folded(plain(shown(sent.text[:_MOST_CHARS])).split("\n")))
    known -= {""}
    folded = list(_folded(lines))
    found: list[Kind] = [""] * len(lines)
    longest = max(map(len, known), default=0)
    run: list[tuple[int, int]] = []
    at = 0
    while at < len(lines):
        if not folded[at]:
            at += 1
        elif behind := _behind(folded, at, known, longest):
            run.append((at, behind))
            at = behind
        else:
            _note(found, folded, run, under)
            run, at = [], at + 1
    _note(found, folded, run, under)
    return found


def _folded(lines: Iterable[str]) -> Iterable[str]:
    """Words alone: marks of quotes and punctuation come back in other ways."""
    return (" ".join(_WORD.findall(_LINK.sub(" ", one))) for one in lines)


def _behind(folded: Sequence[str], at: int, known: AbstractSet[str], longest: int) -> int:
    """Behind the lines that are one of ours; 0 where these are none."""
    joined = ""
    for behind in range(at + 1, min(at + _MOST_WRAPPED, len(folded)) + 1):
        if not folded[behind - 1]:
            break
        joined = f"{joined} {folded[behind - 1]}".lstrip()
        if joined in known:
            return behind
        if len(joined) > longest:
            break
    return 0


def _note(
    found: list[Kind], folded: Sequence[str], run: Sequence[tuple[int, int]], under: frozenset[str]
) -> None:
    """A run of our lines, with nothing else in it."""
    chars = sum(len(one) for start, behind in run for one in folded[start:behind])
    is_run = len(run) > 1 and chars >= _TELLING_CHARS
    for start, behind in run:
        whole = " ".join(folded[start:behind])
        is_quoted = is_run or len(whole) >= _LONG_CHARS or whole in under
        found[start:behind] = ["quoted" if is_quoted else "lone"] * (behind - start)
