"""Which mail of ours a message is about: by ids that we made, which nobody knows but who was sent
that mail, or by the signed address in the text below an answer. Never by a subject.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple, cast
from urllib.parse import unquote

from linkwright.mailer import items, lines
from linkwright.mailer.feedback import unsubscribing
from linkwright.mailer.inbound.parsing import Received
from linkwright.mailer.items import LeadItem
from linkwright.mailer.leads import leads
from linkwright.mailer.lines import Send
from linkwright.table import Item, Key, Table, get, get_many, query

# What is looked up of one message: what it answers, the newest it refers to, and the first.
MOST_IDS = 8
_READ_AT_ONCE = 99
_TOKEN = re.compile(
    r"/v1/mailer/unsubscribe/((?:[A-Za-z0-9_]{1,80}\.){3,4}[A-Za-z0-9_-]{22})(?![A-Za-z0-9-])"
)
# Proofpoint's older way to write over a link: slashes are underscores, escapes begin by a hyphen.
_PROOFPOINT = re.compile(r"urldefense\.proofpoint\.com/v2/url\?u=([A-Za-z0-9._-]{20,1000})")
_ESCAPE = re.compile(r"-(?=[0-9A-F]{2})")
_MARK = re.compile(r"(lead_[0-9A-Za-z]{4,64})\.(\d{1,4})")
_MOST_TOKENS = 3
# Of one address, in as many campaigns.
_MOST_LEADS = 50


class Match(NamedTuple):
    """The lead, and what was sent to it last of what the message is about. `is_named`: that very
    mail is named, so it was sent. `answer` is where that of ours lies which is named instead.
    """

    lead: LeadItem
    send: Send
    is_named: bool
    answer: str | None = None


def chosen(ids: Iterable[str]) -> list[str]:
    """Without their brackets, as many as are looked up."""
    return list(ends_of(one.strip("<>") for one in ids))


def ends_of(ids: Iterable[str]) -> tuple[str, ...]:
    """The first of them, and the newest."""
    each, half = tuple(dict.fromkeys(ids)), MOST_IDS // 2
    return each if len(each) <= MOST_IDS else (*each[:half], *each[-half:])


def known(partition: str, mailbox_id: str, ids: Iterable[str]) -> dict[str, Item]:
    """By the ids among these that are ours: which lead and step they are of."""
    wanted = {lines.message_key(partition, one): one for one in ids}
    # With one that is there for certain: an answer without any proves nothing.
    anchor, keys = items.mailbox_key(partition, mailbox_id), list(wanted)
    found: dict[Key, Item] = {}
    for at in range(0, len(keys), _READ_AT_ONCE):
        found |= get_many(Table.CORE, [anchor, *keys[at : at + _READ_AT_ONCE]], strong=True)
    return {wanted[key]: row for key, row in found.items() if key in wanted}


def by_ids(partition: str, mailbox_id: str, ids: Iterable[str]) -> Match | None:
    """By the first of these that is ours."""
    wanted = chosen(ids)
    rows = known(partition, mailbox_id, wanted) if wanted else {}
    first = next((one for one in wanted if one in rows), None)
    if first is None:
        return None
    match = _match(partition, rows[first]["lead"], int(rows[first]["seq"]), first)
    return match and match._replace(answer=rows[first].get("answer"))


def by_mark(partition: str, mark: str | None) -> Match | None:
    """By our own header in a mail that came back."""
    found = _MARK.fullmatch(mark or "")
    return _match(partition, found[1], int(found[2]), is_marked=True) if found else None


def by_token(partition: str, message: Received) -> Match | None:
    """By the signed address in what is quoted, of whom the message comes from."""
    hashed = items.hashed(message.from_address or "")
    quoted = f"{message.text}\n{message.alternative}"
    for token in list(dict.fromkeys(_TOKEN.findall(_as_it_was(quoted))))[:_MOST_TOKENS]:
        named = unsubscribing.named(token)
        if named and (named[0], named[2]) == (partition, hashed):
            rows = _sent(partition, named[1])
            return _match(partition, named[1], int(rows[0]["seq"])) if rows else None
    return None


def _as_it_was(text: str) -> str:
    """With the links that the reader's host wrote over as the mail came in, and some twice."""
    older = (_ESCAPE.sub("%", one.replace("_", "/")) for one in _PROOFPOINT.findall(text))
    return unquote(unquote("\n".join([text, *older])))


def by_sender(partition: str, message: Received) -> Match | None:
    """The mail that went last to whom it comes from."""
    where = items.address_partition(partition, items.hashed(message.from_address or ""))
    rows, _ = query(Table.CORE, where, limit=_MOST_LEADS)
    found = [one for row in rows for one in _sent(partition, row["lead"])]
    newest = max(found, key=lambda one: str(one["at"]), default=None)
    return _match(partition, newest["lead"], int(newest["seq"])) if newest else None


def _sent(partition: str, lead_id: str) -> list[Item]:
    """The newest mail that went to a lead, if any did."""
    rows, _ = query(
        Table.CORE,
        items.lead_partition(partition, lead_id),
        between=("SND#", "SND#~"),
        limit=1,
        strong=True,
    )
    return rows


def _match(
    partition: str,
    lead_id: str,
    seq: int,
    named: str | None = None,
    *,
    is_marked: bool = False,
) -> Match | None:
    """`named` is a Message-ID; one of an answer of ours names no step."""
    lead = leads.stored(partition, lead_id)
    send = get(Table.CORE, items.send_key(partition, lead_id, seq))
    if lead is None or send is None:
        return None
    is_named = named in {send["message_id"], send.get("sent_message_id", send["message_id"])}
    return Match(lead, cast(Send, send), is_named or is_marked)
