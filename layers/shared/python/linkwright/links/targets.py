"""What a link may lead to: an address of the public internet, neither ours nor a shortener's.

Nothing is resolved: a name that leads into somebody's own network leads nobody else there.
"""

from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from linkwright import egress_targets
from linkwright.egress_targets import MAX_URL_CHARS, Target
from linkwright.errors import ValidationFailed
from linkwright.links.redirect.host import is_ours

# Names that no public resolver knows, or that mean whoever asks.
_PRIVATE = (
    *("localhost", "local", "internal", "intranet", "private", "corp", "lan", "home"),
    *("home.arpa", "invalid", "test", "onion", "alt"),
)
# A link to one of these leads where neither we nor the operator can see.
SHORTENERS = frozenset(
    {
        *("adf.ly", "amzn.to", "aka.ms", "b.link", "bit.do", "bit.ly", "bitly.com", "bl.ink"),
        *("buff.ly", "clck.ru", "cutt.ly", "cutt.us", "db.tt", "dlvr.it", "dub.co", "dub.sh"),
        *("fb.me", "fb.watch", "flip.it", "g.co", "geni.us", "git.io", "goo.gl", "goo.su", "gg.gg"),
        *("han.gl", "hubs.ly", "ift.tt", "is.gd", "j.mp", "kutt.it", "l.ead.me", "lc.chat"),
        *("linktr.ee", "lnk.bio", "lnk.to", "lnkd.in", "me2.do", "mcaf.ee", "n9.cl", "ow.ly"),
        *("page.link", "pe.tl", "po.st", "qr.ae", "qr.net", "qrco.de", "rb.gy", "rebrand.ly"),
        *("reurl.cc", "s.id", "sg.run", "shor.by", "short.gy", "short.io", "shorte.st"),
        *("shorturl.at", "shrtco.de", "smarturl.it", "snip.ly", "soo.gd", "spoo.me", "surl.li"),
        *("t.co", "t.ly", "t2m.io", "tiny.cc", "tiny.ee", "tinyurl.com", "tly.link", "tr.im"),
        *("trib.al", "u.to", "urlz.fr", "urlzs.com", "v.gd", "vk.cc", "vo.la", "w.wiki"),
        *("wp.me", "x.gd", "y2u.be", "yourls.org", "zpr.io", "zurl.ws"),
    }
)


def accepted(url: str, field: str, own: frozenset[str] = frozenset()) -> str:
    """The URL as it is kept: as it was sent, or in ASCII. `own` are hosts of ours.

    Raises `ValidationFailed` (400).
    """
    try:
        target = egress_targets.parse(url)
    except egress_targets.Malformed as why:
        raise refused(field, str(why)) from None
    if not is_public(target.host):
        raise refused(field, "must lead to a host of the public internet")
    if target.host in own or is_ours(target.host):
        raise refused(field, "must not lead back to a short link")
    if any(is_below(target.host, shortener) for shortener in SHORTENERS):
        raise refused(field, "must not lead to a link of another shortener: name its target")
    kept = url if url.isascii() else _in_ascii(url, target)
    if len(kept) > MAX_URL_CHARS:
        raise refused(field, f"must have at most {MAX_URL_CHARS} characters once it is encoded")
    return kept


def host(url: str) -> str:
    """Of a URL that was accepted: its host as DNS names it."""
    return egress_targets.parse(url).host


def is_below(name: str, parent: str) -> bool:
    return name == parent or name.endswith(f".{parent}")


def is_public(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return "." in name and not any(is_below(name, parent) for parent in _PRIVATE)
    return egress_targets.is_public(name)


def _in_ascii(url: str, target: Target) -> str:
    fragment = urlsplit(url).fragment
    return target.url + (f"#{quote(fragment, safe=_PUNCTUATION)}" if fragment else "")


_PUNCTUATION = "!$%&'()*+,-./:;=?@_~"


def refused(field: str, text: str) -> ValidationFailed:
    return ValidationFailed(f"Field '{field}' {text}.", field=field)
