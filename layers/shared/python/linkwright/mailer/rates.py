"""What came of the mails of a mailbox, and of all mailboxes of its domain: counted by days."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.mailer import items, lines
from linkwright.mailer.mailboxes.known_models import MailboxDeliverability, MailRate, MailRates
from linkwright.table import Item, Table, get, query
from linkwright.transaction import Transaction

Kind = Literal["bounced", "complained", "unsubscribed", "negative", "policy"]
KINDS: tuple[Kind, ...] = ("bounced", "complained", "unsubscribed", "negative", "policy")
# What is judged: the last mails, and none that is older.
_SENDS, _DAYS = 1000, 30
_KEPT_S = 60 * 24 * 3600
# One complaint, and such a share, warns.
_WARNED_SHARE = 0.001


class Eras(NamedTuple):
    """Which era of a mailbox is counted, and which of its domain."""

    mailbox: int
    domain: int


def domain(mailbox: Mapping[str, Any]) -> str:
    """By a mailbox's view."""
    return str(mailbox["email"]).rpartition("@")[2].lower()


def eras(partition: str, mailbox: Mapping[str, Any], line: Item | None) -> Eras:
    of_domain = get(Table.CORE, lines.era_key(partition, domain(mailbox))) or {}
    return Eras(int((line or {}).get("era", 0)), int(of_domain.get("era", 0)))


def add(tx: Transaction, mailbox: Item, line: Item | None, kind: Kind) -> None:
    """Count against a mailbox and its domain what came of a mail."""
    view = mailbox["view"]
    now = eras(tx.partition, view, line)
    today = clock.now().astimezone(ZoneInfo(view["time_zone"])).date()
    where = lines.day_key(tx.partition, mailbox["sk"], now.mailbox, today)
    tx.update(Table.CORE, where, f"ADD #{kind} :one", values={"one": 1})
    add_of_domain(tx, view, now, kind)


def heard(tx: Transaction, mailbox_id: str, kind: Kind) -> None:
    """Count what came of a mail where nothing is known of its mailbox yet."""
    mailbox = get(Table.CORE, items.mailbox_key(tx.partition, mailbox_id))
    if mailbox is not None:
        line = get(Table.CORE, lines.line_key(tx.partition, mailbox_id))
        add(tx, mailbox, line, kind)


def add_of_domain(
    tx: Transaction, mailbox: Mapping[str, Any], now: Eras, kind: Kind | Literal["sent"]
) -> None:
    tx.update(
        Table.CORE,
        lines.day_key(tx.partition, domain(mailbox), now.domain, clock.now().date()),
        f"SET #ttl = :ttl ADD #{kind} :one",
        values={"ttl": clock.epoch() + _KEPT_S, "one": 1},
    )


def counts(partition: str, of: str, era: int) -> Counter[str]:
    """Of the last thousand mails, or thirty days, of a mailbox or a domain: by days, the newest
    first.
    """
    since = (clock.now() - timedelta(days=_DAYS)).date()
    low = lines.day_key(partition, of, era, since)
    rows, _ = query(
        Table.CORE, low.pk, between=(low.sk, f"{era:04}#~"), limit=_DAYS + 2, strong=True
    )
    found: Counter[str] = Counter()
    for row in rows:
        for name in ("sent", *KINDS):
            found[name] += int(row.get(name, 0))
        if found["sent"] >= _SENDS:
            break
    return found


def is_warned(found: Counter[str]) -> bool:
    return found["complained"] > 0 and found["complained"] >= _WARNED_SHARE * found["sent"]


def shown(partition: str, mailbox: Mapping[str, Any]) -> MailboxDeliverability:
    """Of a mailbox, by its view."""
    line = get(Table.CORE, lines.line_key(partition, mailbox["id"]))
    now = eras(partition, mailbox, line)
    return MailboxDeliverability(
        mailbox=_shown(counts(partition, mailbox["id"], now.mailbox)),
        domain=_shown(counts(partition, domain(mailbox), now.domain)),
    )


def _shown(found: Counter[str]) -> MailRates:
    def rate(kind: Kind) -> MailRate:
        return MailRate(count=found[kind], rate=round(found[kind] / max(found["sent"], 1), 4))

    return MailRates(
        sent=found["sent"],
        bounced=rate("bounced"),
        complained=rate("complained"),
        unsubscribed=rate("unsubscribed"),
        negative_replies=rate("negative"),
        policy_refusals=rate("policy"),
        status="warned" if is_warned(found) else "good",
    )
