"""Secrets and people's data that the tests use, and where each may be found: all else is a leak.

Looked at is what the functions log and queue, what they write to the tables, each item and each
event among them, and what they answer. `docs/security.md` says which items may hold what.
"""

import json
import re
from collections.abc import Generator, Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from linkwright.table import Item
from tests import pages

KEY, SECRET, SESSION = "an API key", "a secret", "a session's token"
NUMBER, ADDRESS = "a number", "a mail address"
# Of who follows a link: those that are for documentation.
VISITOR = "a visitor's address"
# By marks, of which each has one, and which are quickly looked for.
_FORMS = {
    KEY: (("lk_",), re.compile(r"lk_(?:live|test)_[0-9A-Za-z]{49}")),
    SECRET: (("whsec_",), re.compile(r"whsec_[0-9A-Za-z+/=]{16,}")),
    SESSION: (("eyJ",), re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*")),
    # But what stands between the plus and the @ of a mail address: hexadecimal digits are all
    # decimal by chance. A SIP address has its number first.
    NUMBER: (
        ("+", "%2"),
        re.compile(
            r"(?<![\w.-])(?:\+|%2[Bb])[1-9][0-9]{7,14}(?![0-9])"
            r"|(?:\+|%2[Bb])[1-9][0-9]{7,14}(?![0-9@]|%40)"
        ),
    ),
    VISITOR: (
        ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:", "2001:0db8:"),
        re.compile(r"\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.[0-9]+|2001:0?db8:"),
    ),
    # From where a word begins: else each of its characters would be tried.
    ADDRESS: (("@",), re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}")),
}
# What is sealed is in base64, in which a plus and eight digits come by chance.
_SEALED = re.compile(r"[0-9A-Za-z+/]{100,}")
_OF_PEOPLE = frozenset({NUMBER, ADDRESS})
# Who has just made a key, or a webhook's secret, is shown it, once.
_SHOWN = {
    KEY: re.compile(r"POST /v1/keys(?:/[^/]+/roll)? 20[01]"),
    SECRET: re.compile(r"POST /v1/webhooks(?:/[^/]+/rotate-secret)? 20[01]"),
}
_NO_SECRETS = {"account_sid", "phone_number", "base_url"}

# What was found where it must not be, since the last look.
FOUND: list[str] = []
# The secrets of the deployment that tests are judged by.
_kept: set[str] = set()


def plant(secret: str) -> None:
    """Know what a deployment's secret holds. What is not JSON holds nothing."""
    try:
        _kept.update(_texts(json.loads(secret)))
    except ValueError:
        return


def _texts(value: object, name: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _texts(member, key)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member, name)
    elif isinstance(value, str) and name not in _NO_SECRETS and len(value) >= 16:
        yield value


def leaks(text: str, allowed: frozenset[str] = frozenset()) -> Iterator[str]:
    """What a text holds that it must not, without saying it."""
    for kind, (marks, form) in _FORMS.items():
        if kind in allowed or not any(mark in text for mark in marks):
            continue
        looked_at = _SEALED.sub("", text) if kind == NUMBER else text
        if one := form.search(looked_at):
            yield f"{kind}, after {looked_at[max(one.start() - 60, 0) : one.start()]!r}"
    for secret in _kept:
        if SECRET not in allowed and secret in text:
            yield f"{SECRET}, after {text[max(text.index(secret) - 60, 0) : text.index(secret)]!r}"


def look(where: str, text: str, allowed: frozenset[str] = frozenset()) -> None:
    FOUND.extend(f"{where} holds {leak}" for leak in leaks(text, allowed))


def look_at_answer(asked: str, status: int, body: str) -> None:
    """An error tells nothing of anybody; no answer has a secret, but that of a key's making."""
    allowed = frozenset() if status >= 400 else _OF_PEOPLE  # noqa: PLR2004
    if asked.startswith("GET /docs/"):
        # The viewer has examples of its own.
        allowed |= {VISITOR}
    allowed |= {kind for kind, made in _SHOWN.items() if made.fullmatch(f"{asked} {status}")}
    look(f"the answer {status} to {asked}", body, allowed)


def look_at_item(table: str, pk: str, text: str) -> None:
    """What is written to an item: whole, or a part of it."""
    kind = kind_of(pk)
    look(f"an item {kind} of {table}", text, _allowed().get(kind, frozenset()))


def kind_of(pk: str) -> str:
    """Of which kind an item is: what its partition is called, without whose it is."""
    first, *rest = pk.split("#")
    return rest[1] if first == "W" and len(rest) > 1 else first


@cache
def _allowed() -> dict[str, frozenset[str]]:
    rows = pages.tables("docs/security.md")["items / numbers"]
    return {
        kind: frozenset(
            one for one, cell in zip((NUMBER, ADDRESS), row[1:3], strict=True) if cell != "no"
        )
        for row in rows
        for kind in re.findall(r"`(\w+)`", row[0])
    }


def look_at_call(name: str, arguments: tuple[Any, ...], options: Item) -> None:
    """A call of the tables' client."""
    if name == "sync_update_item":
        table, key = arguments[:2]
        look_at_item(table, key["pk"], repr((key, options.get("expression_attribute_values"))))
    elif name == "sync_transact_write":
        for one in arguments[0]:
            if one["type"] == "put":
                look_at_item(one["table"], one["item"]["pk"], repr(one["item"]))
            elif one["type"] == "update":
                values = one.get("expression_attribute_values")
                look_at_item(one["table"], one["key"]["pk"], repr((one["key"], values)))


class Plugin:
    """Judges what was printed while a test ran: the log is a function's standard output."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when != "teardown":
            return report
        if "stack" in getattr(item, "fixturenames", ()):
            for name, text in report.sections:
                look(name, text)
        if FOUND and report.passed:
            report.outcome, report.longrepr = "failed", "\n".join(FOUND)
        FOUND.clear()
        return report
