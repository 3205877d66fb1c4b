"""Text out of HTML, in time that grows with its length alone: no parser, no tree.

What it quotes gets the marks that quoted text has in plain mail, for `replies` to know it by.
"""

import html
import re

_MOST_QUOTES = 8
# The longest that a tag's name or an attribute that is looked at can be.
_TAG_HEAD = 400
_OPENED = re.compile(r"<(?=[a-zA-Z/!?])")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,20})")
_BREAKS = frozenset(
    (
        *("br", "p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5"),
        *("h6", "hr", "pre", "address", "article", "section", "header", "footer", "dd", "dt"),
        *("body"),
    )
)
_SKIPPED = frozenset({"style", "script", "head", "title", "template", "noscript", "svg"})
# Where Outlook and Yahoo begin what they answer, without a quote's element around it.
_BEGINS_QUOTE = re.compile(
    r"(?:id|class)\s{0,3}=\s{0,3}[\"']?(?:divRplyFwdMsg|appendonsend|(?:\w{1,20}_)?yahoo_quoted"
    r"|OLK_SRC_BODY_SECTION|mail-editor-reference-message-container)",
    re.IGNORECASE,
)
SEPARATOR = "-----Original Message-----"
# One that is longer is no character, and too long for a number.
_LONG_NUMBERS = re.compile(r"&#\w{9,}+;?")
_LOWER = dict(zip(range(ord("A"), ord("Z") + 1), range(ord("a"), ord("z") + 1), strict=True))
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")
_MANY_LINES = re.compile(r"\n{3,}")


class _Ends:
    """Where what was begun ends; that there is no end is found out once."""

    def __init__(self, source: str) -> None:
        # As long as the source: `lower` would make two characters of some.
        self._source = source.translate(_LOWER)
        self._none: set[str] = set()

    def after(self, end: str, at: int) -> int:
        """The place behind the next one; behind everything if there is none."""
        if end not in self._none:
            found = self._source.find(end, at)
            if found >= 0:
                return found + len(end)
            self._none.add(end)
        return len(self._source)


def text_of(source: str) -> str:
    """Raises nothing, whatever the source is."""
    ends, written, quotes, at = _Ends(source), _Written(), 0, 0
    while at < len(source):
        found = _OPENED.search(source, at)
        opened = found.start() if found else len(source)
        written.add(source[at:opened])
        if not found:
            break
        if source.startswith("<!--", opened):
            at = ends.after("-->", opened)
            continue
        tag = _TAG.match(source, opened)
        at = ends.after(">", opened)
        if not tag:
            continue
        closes, name = tag[1], tag[2].lower()
        if name in _SKIPPED and not closes:
            at = ends.after(f"</{name}", at)
            at = ends.after(">", at) if at < len(source) else at
        elif name == "blockquote":
            quotes = max(quotes - 1, 0) if closes else quotes + 1
            written.quoted(min(quotes, _MOST_QUOTES))
        elif not closes and _BEGINS_QUOTE.search(source, opened, min(at, opened + _TAG_HEAD)):
            written.line(SEPARATOR)
        elif name in _BREAKS:
            written.break_line(is_blank=name in {"br", "p"})
        elif name in {"td", "th"}:
            written.add(" ")
    return written.text()


class _Written:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._open: list[str] = []
        self._mark = ""

    def add(self, raw: str) -> None:
        if raw:
            self._open.append(raw)

    def break_line(self, *, is_blank: bool = False) -> None:
        if not self._open and not is_blank:
            return
        joined = _BLANKS.sub(" ", "".join(self._open)).strip()
        words = html.unescape(_LONG_NUMBERS.sub("", joined)).strip()
        self._lines.append(f"{self._mark}{words}".rstrip())
        self._open = []

    def line(self, text: str) -> None:
        self.break_line()
        self._lines.append(text)

    def quoted(self, depth: int) -> None:
        self.break_line()
        self._mark = "> " * depth

    def text(self) -> str:
        self.break_line()
        return _MANY_LINES.sub("\n\n", "\n".join(self._lines)).strip("\n")
