"""Where a link leads whom, and with which query."""

import string
from collections.abc import Iterator
from urllib.parse import quote, unquote_plus

from linkwright.links.items import UTM, AliasItem

CLICK_PARAMETER = "lk_click"
# Of a code that was scanned; it counts, and goes no further.
SCANNED = "qr=1"
# What answers of a function may have in headers is 10 KB; a target without the query still leads.
MAX_LOCATION_CHARS = 8000

# What may stand in a query as it is; a percent sign as well, for what came encoded.
_SAFE = "%!$'()*+,;:@/?=-._~[]"
_IOS = ("iphone", "ipad", "ipod")


def device(agent: str) -> str | None:
    """Of those that a link may have a target for. An iPad may say that it is a Mac."""
    said = agent.lower()
    # Phones with Windows said to be both.
    if "windows" in said:
        return None
    if any(name in said for name in _IOS):
        return "ios"
    return "android" if "android" in said else None


def target(alias: AliasItem, country: str | None, agent: str) -> str:
    """The country's rule, or else the device's, or else the link's own."""
    by_country = alias.get("geo", {}).get(country or "")
    by_device = alias.get("devices", {}).get(device(agent) or "")
    return by_country or by_device or alias["url"]


def is_scan(raw_query: str) -> bool:
    return SCANNED in raw_query.split("&")


_ORDER = {name: at for at, name in enumerate(UTM)}


def location(alias: AliasItem, to: str, raw_query: str, click: str | None) -> str:
    """The target with what is put on: the link's own parameters win over those that came along.

    Nothing that came along can change more of it than its query, after what stands there.
    """
    # As they are always read: a stored map has no order.
    own = dict(sorted(alias.get("utm", {}).items(), key=lambda one: _ORDER.get(one[0], 0)))
    if click:
        own[CLICK_PARAMETER] = click
    put_on = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in own.items()]
    to = quote(to, safe=string.punctuation)
    kept = [pair for pair in _query_of(to).split("&") if pair and _name(pair) not in own]
    taken = {CLICK_PARAMETER, *own, *map(_name, kept)}
    forwarded = [
        quote(pair, safe=_SAFE)
        for pair in (raw_query if alias.get("forward_query") else "").split("&")
        if pair and _name(pair) not in taken and pair != SCANNED
    ]
    whole = _with_query(to, [*kept, *forwarded, *put_on])
    if len(whole) <= MAX_LOCATION_CHARS:
        return whole
    return _with_query(to, [*kept, *put_on])


def destinations(alias: AliasItem) -> Iterator[str]:
    """All URLs that it may lead to."""
    yield alias["url"]
    yield from alias.get("geo", {}).values()
    yield from alias.get("devices", {}).values()
    if expired := alias.get("expired_url"):
        yield expired


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def _query_of(url: str) -> str:
    return url.partition("#")[0].partition("?")[2]


def _with_query(url: str, pairs: list[str]) -> str:
    before, mark, fragment = url.partition("#")
    path = before.partition("?")[0]
    return path + ("?" if pairs else "") + "&".join(pairs) + mark + fragment
