"""Whom the SPF record of a domain lets pass (RFC 7208), as far as that is known without a mail."""

import re
from enum import IntEnum
from ipaddress import ip_network
from typing import NamedTuple

from linkwright.dns import Look

# More than these, and SPF is in error for everybody.
_MAX_LOOKUPS = 10
_TERM = re.compile(r"(?P<qualifier>[+~?-]?)(?P<name>[a-z][a-z0-9._-]*)(?P<rest>.*)")
_RESTS = {
    "all": re.compile(r""),
    "include": re.compile(r":\S+"),
    "redirect": re.compile(r"=\S+"),
    "exists": re.compile(r":\S+"),
    "a": re.compile(r"(?::[^/\s]+)?(?:/\d{1,2})?(?://\d{1,3})?"),
    "mx": re.compile(r"(?::[^/\s]+)?(?:/\d{1,2})?(?://\d{1,3})?"),
    "ptr": re.compile(r"(?::\S+)?"),
    "ip4": re.compile(r":[\d.]+(?:/\d{1,2})?"),
    "ip6": re.compile(r":[\da-f:.]+(?:/\d{1,3})?"),
}


class Whom(IntEnum):
    NOBODY = 0
    SOME = 1
    EVERYBODY = 2


class Broken(Exception):
    """SPF comes to nothing or to an error: `reason` is a code, `value` the term or the domain."""

    def __init__(self, reason: str, value: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.value = reason, value


class _Term(NamedTuple):
    name: str
    rest: str
    qualifier: str = "+"

    @property
    def onward(self) -> str:
        return self.rest[1:]


def passes(asked: Look, domain: str) -> Whom:
    """Raises `Broken`, and `Unanswered`."""
    return _Walk(asked).of(domain)


class _Walk:
    def __init__(self, asked: Look) -> None:
        self._asked, self._left = asked, _MAX_LOOKUPS

    def of(self, domain: str) -> Whom:
        records = [one for one in self._asked.texts(domain) if _is_spf(one)]
        if not records:
            raise Broken("record_missing")
        if len(records) > 1:
            raise Broken("several_records")
        terms = [_term(one) for one in records[0].lower().split()[1:]]
        return self._whom([one for one in terms if one is not None])

    def _whom(self, terms: list[_Term]) -> Whom:
        found = Whom.NOBODY
        for term in sorted(terms, key=lambda one: one.name == "redirect"):
            if term.name == "all":
                return Whom.EVERYBODY if term.qualifier == "+" else found
            try:
                matched = self._matched(term)
            except Broken as why:
                # Whoever was let pass before does not come as far as the error.
                if found and why.reason != "too_many_lookups":
                    return found
                raise
            if term.qualifier == "+":
                found = max(found, matched)
        return found

    def _matched(self, term: _Term) -> Whom:
        if term.name in {"ip4", "ip6"}:
            return Whom.EVERYBODY if term.rest.endswith("/0") else Whom.SOME
        if term.name in {"include", "redirect"}:
            return self._onward(term)
        self._spend()
        return Whom.SOME

    def _onward(self, term: _Term) -> Whom:
        self._spend()
        # What is filled in for each mail cannot be followed.
        if "%" in term.onward:
            return Whom.SOME
        try:
            return self.of(term.onward)
        except Broken as why:
            if why.reason in {"too_many_lookups", "include_broken"}:
                raise
            raise Broken("include_broken", term.onward) from why

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Broken("too_many_lookups")


def _is_spf(record: str) -> bool:
    return record.lower() == "v=spf1" or record.lower()[:7] == "v=spf1 "


def _term(text: str) -> _Term | None:
    """None for what nobody need know. Raises `Broken`, as one fault spoils all of a record."""
    found = _TERM.fullmatch(text)
    if found is None:
        raise Broken("malformed")
    qualifier, name, rest = found.groups()
    if rest.startswith("=") and not qualifier and name != "redirect":
        return None
    form = _RESTS.get(name)
    is_of_form = form is not None and form.fullmatch(rest) and _is_network(name, rest)
    if not is_of_form or (qualifier and name == "redirect"):
        # By its name alone: what stands behind it may be an address of somebody's.
        raise Broken("malformed", name)
    return _Term(name, rest, qualifier or "+")


def _is_network(name: str, rest: str) -> bool:
    if name not in {"ip4", "ip6"}:
        return True
    try:
        return f"ip{ip_network(rest[1:], strict=False).version}" == name
    except ValueError:
        return False
