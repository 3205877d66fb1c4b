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


def decoded(page: bytes, charset: str) -> str:
    """By what the bytes are: what a server says of them is wrong often enough."""
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    for name in ("utf-8-sig", charset):
        try:
            return page.decode(name)
        except (LookupError, UnicodeError):
            continue
    return str(bytes_to_str(page, detect_encoding(page, from_html_meta=True) or "utf-8", "replace"))


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
