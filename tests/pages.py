"""What the pages for callers list, for tests that hold the code to it."""

import re
from collections.abc import Iterator
from functools import cache

from tools.template import ROOT

_CELL = r"(?:`[^`]*`|[^|`])*"
Row = tuple[str, ...]


def tables(page: str) -> dict[str, list[Row]]:
    """The rows of each table of a page, by the head of its first two columns."""
    found: dict[str, list[Row]] = {}
    rows: list[Row] = []
    for line in (ROOT / page).read_text().splitlines():
        cells = tuple(cell.strip() for cell in re.findall(rf"\|({_CELL})(?=\|)", line))
        if not cells:
            rows = []
        elif not rows:
            rows = found.setdefault(" / ".join(cells[:2]), [cells])
        elif set(cells[0]) - {"-"} or not cells[0]:
            rows.append(cells)
    return {head: listed[1:] for head, listed in found.items()}


def _codes(cells: Iterator[str]) -> frozenset[str]:
    return frozenset(code for cell in cells for code in re.findall(r"`([^`]+)`", cell))


@cache
def ends() -> frozenset[tuple[str, str]]:
    """The status and the reason of each way in which a call may end."""
    rows = tables("docs/calls.md")["status / ended_reason"]
    return frozenset((row[0].strip("`"), row[1].strip("`")) for row in rows)


@cache
def details() -> frozenset[tuple[str, str]]:
    """The reason with which each `ended_detail` comes, and the detail."""
    reason, found = "", set()
    for row in tables("docs/calls.md")["ended_reason / ended_detail"]:
        reason = row[0].strip("`") or reason
        found.add((reason, row[1]))
    return frozenset(found)


@cache
def reasons() -> frozenset[str]:
    """Each `reason` of an error: of a conflict, and of what is not valid."""
    text = (ROOT / "docs/errors.md").read_text()
    listed = _codes(row[0] for row in tables("docs/errors.md")["reason / meaning"])
    return listed | set(re.findall(r'`reason: "(\w+)"`', text))
