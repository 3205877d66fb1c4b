"""What somebody wrote in answer, without what they quote and what their device adds.

No library: those that there are know neither Hebrew nor Arabic, and hang on hostile text. These
rules know few words of any language. They need none where we know our own address and what we sent.
"""

import re
from collections.abc import Collection, Iterable

from linkwright.mailer.inbound.text import expression, plain, shown

_MOST_CHARS = 65_536
_MOST_SENT_CHARS = 20_000
# A line that is shorter may be said by anybody: "Best regards".
_TELLING_CHARS = 20
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
_SPACED = re.compile(r"\s+")
# "wrote", where an address is not told; each stands in a line that ends by a colon and has a digit.
_WROTE = expression(
    r"\b(?:wrote|writes|schrieb|geschrieben|écrit|escribió|ha scritto|escreveu)\b|כתב|كتب|كتابة"
)
_TIME = re.compile(r"\d{1,2}[:.h]\d\d")
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
# What a telephone or a program of mail adds to what is written with it.
_MOST_DEVICE_CHARS = 120
_DEVICE = (
    r"(?:iphone|ipad|ios|android|samsung|galaxy|huawei|xiaomi|pixel|blackberry|outlook|yahoo|gmail|aol"
    r"|proton|windows|smartphone|handy|mobil\w*|movil|portable|telephone|phone|appareil|tablet\w*"
    r"|mail\b|gmx|web\.de|thunderbird|spark|אייפון|נייד|טלפון|גלקסי|سامسونج|هاتف\w*|جوال\w*|ايفون)"
)
_BEGINS = (
    *("sent from", "sent via", "sent with", "get outlook for", "get bluemail for"),
    *("von meinem", "gesendet von", "gesendet mit", "diese nachricht wurde von meinem"),
    *("outlook fur", "outlook für", "holen sie sich outlook", "laden sie outlook"),
    *("envoyé de", "envoyé depuis", "envoyé à partir", "télécharger outlook", "obtenez outlook"),
    *("enviado desde", "enviado con", "enviado de", "obtener outlook", "obtenga outlook"),
    *("נשלח מ", "נשלח באמצעות", "הורד את outlook", "קבל את outlook", "השג את outlook"),
    *("ارسلت من", "مرسل من", "تم الارسال من", "ارسل من", "احصل علي outlook", "الحصول علي outlook"),
)
_ANY = "|".join(re.escape(plain(one)) for one in _BEGINS)
_DEVICE_LINE = re.compile(rf"(?:{_ANY})[^.!?]{{0,60}}?{_DEVICE}[^!?]{{0,40}}")


def unquoted(text: str, ours: Collection[str], sent: str = "") -> str:
    """`ours`: addresses of the mailbox; `sent`: what we wrote, of which nothing is theirs.

    Takes time that grows with the length of the text alone.
    """
    lines = _without_gaps(one.strip() for one in shown(text[:_MOST_CHARS]).split("\n"))
    page = _Page(lines, frozenset(one.lower() for one in ours), shown(sent[:_MOST_SENT_CHARS]))
    return "\n".join(_without_gaps(page.new())).strip("\n")


class _Page:
    def __init__(self, lines: list[str], ours: frozenset[str], sent: str) -> None:
        self._lines, self._ours = lines, ours
        self._sent = _SPACED.sub(" ", plain(sent))
        self._plain = [" ".join(one.split()) for one in plain("\n".join(lines)).split("\n")]
        self._sent_lines = frozenset(" ".join(one.split()) for one in plain(sent).split("\n"))
        self._is_quoted = [self._quoted(at) for at in range(len(lines))]
        # The next line of each that is not empty.
        self._next = [len(lines)] * (len(lines) + 1)
        for at in range(len(lines) - 1, -1, -1):
            self._next[at] = at if lines[at] else self._next[at + 1]

    def _quoted(self, at: int) -> bool:
        if _QUOTED.match(self._lines[at]):
            return True
        words = self._plain[at]
        return len(words) >= _TELLING_CHARS and words in self._sent

    def new(self) -> list[str]:
        """The lines that are theirs."""
        kept: list[str] = []
        at, is_below = 0, False
        while at < len(self._lines):
            if self._begins_block(at):
                break
            if behind := self._attribution(at):
                if not self._is_quote_at(behind):
                    break
                at, is_below = behind, True
            elif _SIGNATURE.fullmatch(self._lines[at]) and kept:
                at = self._behind_signature(at)
            else:
                is_ours = is_below and self._plain[at] in self._sent_lines
                is_ours = is_ours or self._is_quoted[at] or _is_of_device(self._plain[at])
                kept.append("" if is_ours else self._lines[at])
                at += 1
        return kept

    def _is_quote_at(self, at: int) -> bool:
        following = self._next[at]
        if following == len(self._lines):
            return False
        return self._is_quoted[following] or self._plain[following] in self._sent_lines

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
            if joined.endswith((":", "：")) and _DIGIT.search(joined):
                is_one = self._names_us(joined) or (_WROTE.search(words) and _TIME.search(words))
                # "I wrote to you in 2025:" is one only where a quote does follow.
                might_be = _WROTE.search(words) or _ADDRESS.search(joined)
                return behind if is_one or (might_be and self._is_quote_at(behind)) else 0
        return 0

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


def _is_of_device(words: str) -> bool:
    """Whether a telephone or a program of mail adds that line, as `plain` leaves it."""
    bare = words.partition("<http")[0].strip("-*_ .<>()")
    return len(bare) <= _MOST_DEVICE_CHARS and _DEVICE_LINE.fullmatch(bare) is not None
