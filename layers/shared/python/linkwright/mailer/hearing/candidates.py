"""Which of the messages in a mailbox may be about what was sent: the others are nobody's business
here, and no more than these headers of them is read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from linkwright.mailer import items
from linkwright.mailer.hearing import matching
from linkwright.providers.mailbox import headers, looking
from linkwright.table import Item, Table, query

NAMES = (
    *("message-id", "in-reply-to", "references", "from", "content-type", "return-path"),
    *("x-failed-recipients", looking.MARK.lower()),
)
_ID = re.compile(r"<[^<>\s]{1,250}>")
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\\]{1,64}@[^\s@<>\"(),:;\\]{1,255}")
_OF_A_HOST = re.compile(r"(?:mailer-?daemon|postmaster|mail-?daemon|bounces?)[+@-]", re.IGNORECASE)

_Headers = Mapping[str, Sequence[str]]


def among(partition: str, mailbox: Item, tops: Mapping[int, bytes]) -> Iterator[int]:
    """The UIDs of those that answer a message of ours, may report on one, or come from a lead."""
    found = {uid: headers.parsed(top) for uid, top in sorted(tops.items())}
    named = {uid: matching.chosen(_ids(one)) for uid, one in found.items()}
    ours = matching.known(partition, mailbox["sk"], {one for ids in named.values() for one in ids})
    for uid, one in found.items():
        if looking.MARK.lower() in one:
            # What we sent ourselves, to a mailbox of ours.
            continue
        if ours.keys() & set(named[uid]) or _reports(one) or _is_of_a_lead(partition, one):
            yield uid


def _ids(known: _Headers) -> list[str]:
    return [
        found
        for name in ("in-reply-to", "references")
        for value in known.get(name, [])
        for found in _ID.findall(value)
    ]


def is_report(top: bytes) -> bool:
    return _reports(headers.parsed(top))


def _reports(known: _Headers) -> bool:
    """Whether a host may say in it that a message was not delivered, or not wanted."""
    return (
        any(one.lower().startswith("multipart/report") for one in known.get("content-type", []))
        or any(one.replace(" ", "") == "<>" for one in known.get("return-path", []))
        or "x-failed-recipients" in known
        or any(_OF_A_HOST.search(one) for one in known.get("from", []))
    )


def _is_of_a_lead(partition: str, known: _Headers) -> bool:
    """Whether who it says it is from was ever pushed: then what it quotes tells the rest."""
    address = _ADDRESS.search(" ".join(known.get("from", [])[:1]))
    if address is None:
        return False
    where = items.address_partition(partition, items.hashed(address[0]))
    return bool(query(Table.CORE, where, limit=1)[0])
