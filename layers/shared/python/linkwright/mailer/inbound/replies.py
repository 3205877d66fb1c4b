"""What somebody wrote in answer, without what they quote and what their device adds.

No library: those that there are know neither Hebrew nor Arabic, and hang on hostile text. These
rules know few words of any language. They need none where we know our own address and what we sent.
"""

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from linkwright.mailer.inbound import devices
from linkwright.mailer.inbound import ours as our
from linkwright.mailer.inbound.ours import Sent
from linkwright.mailer.inbound.text import expression, plain, shown

_MOST_CHARS = 65_536
# A line that is shorter may be said by anybody: "Best regards".
_TELLING_CHARS = 20
# Of a paragraph that somebody may have written below a quote. Disclaimers are longer.
_MOST_BESIDE_CHARS = 200
# Of lines that are not empty, or the first after one that is not. Nobody writes as many.
_MOST_LINES = 2_000
# Of "On ... wrote:": three lines at most, and this much of it.
_ATTRIBUTION_LINES = 3
_ATTRIBUTION_CHARS = 400
# Of what stands between two messages, or is the first line of a header.
_MOST_SEPARATOR = 1_000

_QUOTED = re.compile(r"\s{0,3}[>|]")
_DIGIT = re.compile(r"\d")
_ADDRESS = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,255}")
_LINK = re.compile(r"https?://|www\.")
# "wrote", where an address is not told; each stands in a line that ends by a colon and has a digit.
_WROTE = expression(
    r"\b(?:wrote|writes|schrieb|geschrieben|écrit|escribió|ha scritto|escreveu)\b|כתב|كتب|كتابة"
)
_TIME = re.compile(r"\d{1,2}[:.h]\d\d")
_DATE = re.compile(r"\b20\d\d\b|\d[./-]\d{1,2}[./-]\d\d")
_ENDS = re.compile(r"[:：]$|^ -{2}.*-{2}$")  # The latter is of Zoho's.
_SEPARATOR = re.compile(r"[-_=*–—]{2,60}+(.{0,60}?)[-_=*–—]{2,60}")
_RULE = re.compile(r"[_=-]{20,}")
_ORIGINAL = expression(
    "original|message transféré|d'origine|forwarded|ursprüngliche|weitergeleitete|reenviado",
    "mensaje|הודעה|الرسالة|رسالة",
)
# "From: ...", in any language; Gmail writes it between asterisks.
_LABELLED = re.compile(r"\*?([^\W\d_][\w.\-/ ]{0,24}?) ?:\*? ?(?=\S|$)")
_LABELS = frozenset(
    plain(one)
    for one in (
        *("from", "sent", "date", "to", "cc", "subject", "importance", "attachments"),
        *("von", "gesendet", "datum", "an", "betreff", "wichtigkeit", "priorität"),
        *("de", "envoyé", "à", "objet", "enviado", "fecha", "para", "asunto", "el"),
        *("מאת", "נשלח", "תאריך", "אל", "עותק", "העתק", "נושא"),
        *("من", "التاريخ", "تاريخ", "إلى", "المرسل", "الموضوع", "الإرسال", "تاريخ الإرسال", "نسخة"),
    )
)
_SIGNATURE = re.compile(r"--\s?")


class Written(NamedTuple):
    """`beside` may be theirs as well, as what stands below a quote without marks: there an opt-out
    is looked for. Where nothing else is new, it is what they wrote.
    """

    new: str
    beside: str


def has_link(text: str) -> bool:
    return _LINK.search(text) is not None


def written(text: str, ours: Collection[str], sent: Sent) -> Written:
    """`ours`: addresses of the mailbox; `sent`: what we wrote, of which nothing is theirs.

    Takes time that grows with the length of the text alone.
    """
    lines = _without_gaps(one.strip() for one in shown(text[:_MOST_CHARS]).split("\n"))
    page = _Page(lines, frozenset(one.lower() for one in ours), sent)
    new = "\n".join(_without_gaps(page.new())).strip("\n")
    beside = "\n\n".join(page.beside)
    return Written(new or beside, beside)


class _Page:
    def __init__(self, lines: list[str], ours: frozenset[str], sent: Sent) -> None:
        self._lines, self._ours = lines, ours
        self._plain = [" ".join(one.split()) for one in plain("\n".join(lines)).split("\n")]
        self._kinds = our.kinds(self._plain, sent)
        self.beside: list[str] = []
        self._is_quoted = [self._quoted(at) for at in range(len(lines))]
        # The next line of each that is not empty.
        self._next = [len(lines)] * (len(lines) + 1)
        for at in range(len(lines) - 1, -1, -1):
            self._next[at] = at if lines[at] else self._next[at + 1]

    def _quoted(self, at: int) -> bool:
        if _QUOTED.match(self._lines[at]):
            return True
        is_telling = len(self._plain[at]) >= _TELLING_CHARS
        return self._kinds[at] == "quoted" or (self._kinds[at] == "lone" and is_telling)

    def new(self) -> list[str]:
        """The lines that are theirs."""
        kept: list[str] = []
        at, is_below = 0, False
        while at < len(self._lines):
            if self._begins_block(at):
                self._look_beside(at, len(self._lines))
                break
            if behind := self._attribution(at):
                if not self._is_quote_at(behind):
                    self._look_beside(behind, len(self._lines))
                    break
                at, is_below = behind, True
            elif _SIGNATURE.fullmatch(self._lines[at]) and self._is_of_ours(at):
                at += 1
            elif _SIGNATURE.fullmatch(self._lines[at]) and kept:
                below, at = at + 1, self._behind_signature(at)
                self._look_beside(below, at)
            else:
                is_ours = (is_below and self._kinds[at] != "") or self._is_quoted[at]
                is_ours = is_ours or devices.is_of_one(self._plain[at])
                kept.append("" if is_ours else self._lines[at])
                if is_ours and self._kinds[at] == "lone" and not _QUOTED.match(self._lines[at]):
                    # Offered as an answer, and given.
                    self.beside.append(self._lines[at])
                at += 1
        return kept

    def _is_of_ours(self, at: int) -> bool:
        """Whether a line that begins a signature begins ours."""
        following = self._next[at + 1]
        return following < len(self._lines) and self._kinds[following] != ""

    def _look_beside(self, at: int, end: int) -> None:
        """Keep the short paragraphs that are not known to be somebody else's."""
        paragraph: list[str] = []
        while at <= end:
            behind = self._attribution(at) if at < end else 0
            if at == end or behind or not self._is_theirs(at):
                self._keep(" ".join(paragraph))
                paragraph = []
            else:
                paragraph.append(self._lines[at])
            at = behind or at + 1

    def _keep(self, paragraph: str) -> None:
        is_short = len(paragraph) <= _MOST_BESIDE_CHARS
        if paragraph and is_short and not _LINK.search(paragraph) and "@" not in paragraph:
            self.beside.append(paragraph)

    def _is_theirs(self, at: int) -> bool:
        labelled = _LABELLED.match(self._plain[at])
        return not (
            not self._lines[at]
            or self._kinds[at]
            or self._is_quoted[at]
            or devices.is_of_one(self._plain[at])
            or (labelled and labelled[1].strip() in _LABELS)
            or _SEPARATOR.fullmatch(self._plain[at])
            or _SIGNATURE.fullmatch(self._lines[at])
        )

    def _is_quote_at(self, at: int) -> bool:
        following = self._next[at]
        if following == len(self._lines):
            return False
        return self._is_quoted[following] or self._kinds[following] != ""

    def _behind_signature(self, at: int) -> int:
        """Where the next quote begins, or the end: below a signature is nothing that is new."""
        while at < len(self._lines):
            if self._is_quoted[at] or self._begins_block(at) or self._attribution(at):
                return at
            at += 1
        return at

    def _attribution(self, at: int) -> int:
        """Behind the lines that say who wrote what follows and when; 0 if these are none."""
        if not self._lines[at] or self._is_quoted[at]:
            return 0
        joined, words = "", ""
        for behind in range(at + 1, min(at + _ATTRIBUTION_LINES, len(self._lines)) + 1):
            if not self._lines[behind - 1] or self._is_quoted[behind - 1]:
                return 0
            joined = f"{joined} {self._lines[behind - 1]}"
            words = f"{words} {self._plain[behind - 1]}"
            if len(joined) > _ATTRIBUTION_CHARS:
                return 0
            if _ENDS.search(joined) and _DIGIT.search(joined):
                if self._begins_later(at, behind):
                    return 0
                is_one = self._names_us(joined) or (_WROTE.search(words) and _TIME.search(words))
                # "I wrote to you in 2025:" is one only where a quote does follow.
                might_be = _WROTE.search(words) or _ADDRESS.search(joined)
                return behind if is_one or (might_be and self._is_quote_at(behind)) else 0
        return 0

    def _begins_later(self, at: int, behind: int) -> bool:
        """Whether the first of these lines is an answer: Yahoo leaves no blank line below it."""
        for start in range(at + 1, behind):
            above, rest = " ".join(self._plain[at:start]), " ".join(self._plain[start:behind])
            if _TIME.search(rest) and (_DATE.search(rest) or not _DIGIT.search(above)):
                return self._names_us(rest) or _WROTE.search(rest) is not None
        return False

    def _names_us(self, text: str) -> bool:
        return any(one.lower().strip(".,:;()[]\"'") in self._ours for one in _ADDRESS.findall(text))

    def _begins_block(self, at: int) -> bool:
        """Whether all from here is another message, as Outlook shows it."""
        words = self._plain[at]
        if not words or len(words) > _MOST_SEPARATOR:
            return False
        if (separator := _SEPARATOR.fullmatch(words)) and _ORIGINAL.search(separator[1]):
            return True
        if separator or _RULE.fullmatch(words):
            return self._is_header(self._next[at + 1])
        return self._is_header(at)

    def _is_header(self, at: int) -> bool:
        """Three lines of "word: something", of which one has our address, or all are known."""
        rows: list[tuple[str, str]] = []
        for row in range(at, min(at + 8, len(self._lines))):
            labelled = _LABELLED.match(self._plain[row])
            if not labelled:
                # A long list of who else has it goes on in the next line.
                if not rows or not self._lines[row]:
                    break
                continue
            rows.append((labelled[1].strip(), self._lines[row]))
        if len(rows) < 3:
            return False
        known = sum(label in _LABELS for label, _ in rows)
        return known >= 3 or any(self._names_us(line) for _, line in rows)


def _without_gaps(lines: Iterable[str]) -> list[str]:
    """With one blank line where there are more, and none before the first."""
    kept: list[str] = []
    for one in lines:
        if one or (kept and kept[-1]):
            kept.append(one)
    return kept[:_MOST_LINES]
