"""A click: one transaction of the link's cap, the visit and the click, or nothing of them."""

from typing import NamedTuple

from linkwright import clock
from linkwright.http import Request
from linkwright.links import items
from linkwright.links.items import AliasItem
from linkwright.links.redirect import salts
from linkwright.links.redirect.bots import Sight
from linkwright.links.redirect.visitors import Visitor
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Contended, Transaction

KEPT_S = 90 * 24 * 3600
# A visit is good for an hour; a job deletes it, and this what that one leaves.
VISIT_KEPT_S = 48 * 3600
QUARTER_S = 15 * 60
# Wrong passwords in a quarter of an hour: of a network, and of all that fall into one of 32 parts,
# so that nobody shuts out more than those. Right ones are not counted: a school has one address.
TRIES_OF_NETWORK = 10
TRIES_OF_PART = 20
_ALL = "all"


class CapReached(Exception):
    """As many have passed as the link is for."""


class TriedTooOften(Exception):
    """No password is taken from there before the quarter of an hour is over."""


class _Seen(Exception):
    """The visitor was counted in this hour."""


class Click(NamedTuple):
    """Somebody who follows a link; `unlocks` where a password was asked for."""

    request: Request
    host: str
    alias: AliasItem
    visitor: Visitor
    sight: Sight
    is_scan: bool
    unlocks: bool

    @property
    def link(self) -> str:
        return self.alias["link"]


def record(click: Click) -> str | None:
    """The id of the click; of a visitor who was counted before, only where conversions are tracked.

    Raises `CapReached`, `TriedTooOften` and `Unavailable`.
    """
    click_id = items.new_click(click.link)
    tx = Transaction(click.alias["partition"], click.request.id)
    visit = None if click.sight.bot else _visit_key(click)
    if click.unlocks:
        _require_tries(tx, click)
    _take_of_cap(tx, click)
    if visit is not None:
        tx.put(Table.CLICKS, _visit(visit, click_id), otherwise=_Seen)
    tx.put(Table.CLICKS, _item(click, click_id))
    try:
        tx.commit()
    except _Seen:
        if not click.alias.get("track_conversion") or visit is None:
            return None
        seen = get(Table.CLICKS, visit)
        return seen["click"] if seen else None
    except Contended:
        # Of a crowd the last are told by a read, which waits for nobody. Not who guesses a
        # password: the answer would say that it was right.
        if click.unlocks or not _is_used_up(click):
            raise
        raise CapReached from None
    return click_id


def count_try(link: str, visitor: Visitor, request_id: str) -> None:
    """A wrong password. Raises `TriedTooOften` and `Unavailable`."""
    tx = Transaction("", request_id)
    for key, most in _tries(link, visitor):
        tx.update(
            Table.CLICKS,
            key,
            "ADD #tries :one SET #ttl = :ttl",
            condition="attribute_not_exists(#tries) OR #tries < :most",
            values={"one": 1, "most": most, "ttl": clock.epoch() + VISIT_KEPT_S},
            otherwise=TriedTooOften,
        )
    tx.commit()


def _require_tries(tx: Transaction, click: Click) -> None:
    for key, most in _tries(click.link, click.visitor):
        tx.require(
            Table.CLICKS,
            key,
            "attribute_not_exists(#tries) OR #tries < :most",
            values={"most": most},
            otherwise=TriedTooOften,
        )


def _tries(link: str, visitor: Visitor) -> list[tuple[Key, int]]:
    now = clock.now()
    day = salts.day(now)
    quarter = (now.hour * 3600 + now.minute * 60) // QUARTER_S
    network = visitor.network_hashed(salts.of(day))
    own = items.tries_key(day, quarter, link, network)
    return [
        (own, TRIES_OF_NETWORK),
        (Key(own.pk, own.sk.replace(network, _ALL)), TRIES_OF_PART),
    ]


def _take_of_cap(tx: Transaction, click: Click) -> None:
    cap = click.alias.get("click_cap")
    if cap is None:
        return
    key, bound = items.cap_key(click.link), {"cap": cap}
    condition = "attribute_not_exists(#passed) OR #passed < :cap"
    if click.sight.bot is None:
        tx.update(
            *(Table.CLICKS, key, "ADD #passed :one"),
            condition=condition,
            values=bound | {"one": 1},
            otherwise=CapReached,
        )
    else:
        # It takes nothing of it, and is let through no longer than people are.
        tx.require(Table.CLICKS, key, condition, values=bound, otherwise=CapReached)


def _is_used_up(click: Click) -> bool:
    cap = click.alias.get("click_cap")
    taken = get(Table.CLICKS, items.cap_key(click.link)) if cap is not None else None
    return taken is not None and taken["passed"] >= cap


def _visit_key(click: Click) -> Key:
    now = clock.now()
    day = salts.day(now)
    return items.visit_key(day, now.hour, click.link, click.visitor.hashed(salts.of(day)))


def _visit(key: Key, click_id: str) -> Item:
    kept = clock.epoch() + VISIT_KEPT_S
    return {**key.attributes(), "click": click_id, "ttl": kept}


def _item(click: Click, click_id: str) -> Item:
    """Without an address, and without what a visitor is known by."""
    key = items.click_key(click_id)
    if key is None:
        raise ValueError("a click's id has another form")
    alias, visitor, sight = click.alias, click.visitor, click.sight
    known = {
        "domain": alias.get("domain"),
        "campaign": alias.get("campaign"),
        "country": visitor.country,
        "ua": visitor.agent or None,
        "referrer": visitor.referrer,
        "qr": click.is_scan or None,
        "bot": sight.bot,
        "kind": "preview" if sight.is_preview else None,
        # By which the worker knows whether somebody should look at the link.
        "cap": alias.get("click_cap"),
        "tracks": alias.get("track_conversion"),
    }
    return {
        **key.attributes(),
        "partition": alias["partition"],
        "link": click.link,
        "host": click.host,
        "at": clock.timestamp(),
        "ttl": clock.epoch() + KEPT_S,
        # What the stream's filter looks for: it is to be counted.
        "count": 1,
        **{name: value for name, value in known.items() if value is not None},
    }
