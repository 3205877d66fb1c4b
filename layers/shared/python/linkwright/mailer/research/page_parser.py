"""The text of a page, in a process of its own: whatever a page does to its parser, it does here.

Run as `python -I page_parser.py <where the packages are>`, with no environment. A line of JSON
comes in, then the page; a line of JSON goes out.
"""

import json
import resource
import sys
from typing import Any

CPU_S = 2
_MEMORY = 600 * 1024 * 1024
_MOST_OUT = 1024 * 1024
MOST_TEXT, MOST_TITLE = 40_000, 200
MOST_LINKS = 500
_MOST_LINK, _MOST_LABEL = 500, 80
# What a person does not see, or does not read as what the page says.
_SKIPPED = [
    *("script", "style", "noscript", "template", "svg", "iframe", "select", "textarea"),
    *("button", "[hidden]", "[aria-hidden=true]", "[class*=cookie]", "[id*=cookie]"),
    *("[style*='display:none']", "[style*='display: none']"),
    *("[style*='visibility:hidden']", "[style*='visibility: hidden']"),
    *("[style*='font-size:0']", "[style*='font-size: 0']"),
    *("[style*='opacity:0']", "[style*='opacity: 0']"),
]

# What the web writes under these names is more than Python reads by them.
_WIDER = {
    **{"iso8859-8": "cp1255", "iso8859-11": "cp874", "shift_jis": "cp932", "euc_kr": "cp949"},
    **{"gbk": "gb18030", "big5": "big5hkscs"},
}
# Control characters are marks of Windows that were misread, as HTML has it of `&#146;`: one that is
# not seen would make "dont" of "don’t".
_MARKS = str.maketrans(
    {code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0) if code != 0x85}
)
# What `surrogateescape` makes of bytes that are no UTF-8.
_STRAY = {0xDC00 + code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0x100)}


def parsed(page: bytes, charset: str) -> dict[str, Any]:
    """Of a page: its title, what it says, and its links as `[address, label]`."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(decoded(page, charset))
    found: list[list[str]] = []
    for link in tree.document.get_elements_by_tag_name("a")[:MOST_LINKS] if tree.document else ():
        address = (link.getattr("href") or "").strip()
        if 0 < len(address) <= _MOST_LINK:
            found.append([address, " ".join((link.text or "").split())[:_MOST_LABEL]])
    text = extract_plain_text(
        tree,
        main_content=False,
        alt_texts=False,
        list_bullets=False,
        skip_elements=_SKIPPED,
    )
    return {
        "title": " ".join((tree.title or "").split())[:MOST_TITLE],
        "text": text[:MOST_TEXT],
        "links": found,
    }


def decoded(page: bytes, label: str) -> str:
    """By what the bytes are: what a server says of them is wrong often enough.

    Labels mean what they mean on the web: `iso-8859-1` is Windows' code page.
    """
    return (_as_utf_8(page) or _as_labelled(page, label) or _as_detected(page)).translate(_MARKS)


def _as_utf_8(page: bytes) -> str | None:
    """Also where a few words were pasted in another charset, which else spoil all the others."""
    text = page.decode("utf-8-sig", "surrogateescape")
    strays = sum(map(text.count, map(chr, _STRAY)))
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    if strays and 2 * strays >= beyond_ascii:
        return None
    return text.translate(_STRAY) if strays else text


def _as_labelled(page: bytes, label: str) -> str | None:
    from resiliparse.parse.encoding import map_encoding_to_html5

    named = map_encoding_to_html5(label, fallback_utf8=False)
    if page.startswith((b"\xff\xfe", b"\xfe\xff")):
        named = "utf-16"
    try:
        return page.decode(_WIDER.get(named, named)) if named else None
    except UnicodeError:
        return None


def _as_detected(page: bytes) -> str:
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    found = detect_encoding(page, from_html_meta=True) or "utf-8"
    return str(bytes_to_str(page, _WIDER.get(found, found), "replace"))


def _bounded() -> None:
    for what, most in (
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_FSIZE, _MOST_OUT),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main() -> None:
    _bounded()
    sys.path.append(sys.argv[1])
    told = json.loads(sys.stdin.buffer.readline())
    json.dump(parsed(sys.stdin.buffer.read(), told["charset"]), sys.stdout)


if __name__ == "__main__":
    main()
