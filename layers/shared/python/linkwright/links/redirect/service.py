"""Following a link: the order in which everything about it is asked. docs/redirects.md has it too.

The redirect is asked more often than all else: it reads the alias, and writes one transaction.
"""

from typing import NamedTuple, cast

from linkwright import clock
from linkwright.errors import NoSuchRoute, Unavailable
from linkwright.http import Request, Response
from linkwright.links.items import OWN_HOST, AliasItem, alias_key, domain_key, domain_name_key
from linkwright.links.redirect import blocked, bots, clicks, front, host, pages, rules, visitors
from linkwright.links.redirect.clicks import CapReached, Click
from linkwright.links.redirect.visitors import Visitor
from linkwright.observability import count
from linkwright.table import Item, Table, get, get_many


class Asked(NamedTuple):
    """A link that is there, who asks for it, and at which host."""

    request: Request
    host: str
    alias: AliasItem
    visitor: Visitor


def follow(request: Request) -> Response:
    """GET and HEAD. What is no link is answered as any path that no route takes."""
    owner, asked = find(request)
    if asked is None:
        answer = _elsewhere(request, owner) or _no_link(request)
    else:
        found = closed(asked) or (pages.password() if "password" in asked.alias else lead(asked))
        answer = told(asked, found)
    if request.method == "HEAD":
        answer.body = ""
    return answer


def _no_link(request: Request) -> Response:
    if "/" not in request.path[1:]:
        raise NoSuchRoute
    # One that came encoded: it may read like a path that has other methods. Imported here, as the
    # table of routes is for nothing else.
    from linkwright.routes import unmatched

    return unmatched(request)


def _elsewhere(request: Request, owner: Item | None) -> Response | None:
    """Where a domain sends whoever asks for a link that is not there. Raises `Unavailable`."""
    domain = get(Table.CORE, domain_key(owner["partition"], owner["domain"])) if owner else None
    instead = domain["view"].get("not_found_url") if domain else None
    if not instead:
        return None
    # Nobody is sent to what the operator blocked, whoever names it.
    return pages.blocked() if blocked.is_any([instead]) else _sent(request, instead)


def find(request: Request) -> tuple[Item | None, Asked | None]:
    """Whose the name is that was asked at, if it is not ours, and the link: what is deleted or
    archived is not there, nor is any by the name alone.
    """
    alias = host.alias_of(request)
    if alias is None and request.path != "/":
        return None, None
    behind_front = front.is_before(request)
    at = host.asked_at(request, behind_front=behind_front)
    owner, found = _read(at, alias)
    if found is None or "gone_at" in found or found.get("archived"):
        return owner, None
    visitor = visitors.of(request, behind_front=behind_front)
    return owner, Asked(request, at, cast(AliasItem, found), visitor)


def _read(at: str, alias: str | None) -> tuple[Item | None, Item | None]:
    """By one call. At a name that changed hands the links of who had it lead nobody any more."""
    if alias is None:
        return (get(Table.CORE, domain_name_key(at)) if at != OWN_HOST else None), None
    if at == OWN_HOST:
        return None, get(Table.CORE, alias_key(at, alias))
    name, link = domain_name_key(at), alias_key(at, alias)
    try:
        found = get_many(Table.CORE, [name, link], strong=True)
    except Unavailable:
        # That neither is there cannot be told from a fault: of each alone it can.
        owner = get(Table.CORE, name)
        of_link = get(Table.CORE, link) if owner else None
    else:
        owner, of_link = found.get(name), found.get(link)
    if owner is None:
        return None, None
    return owner, of_link if of_link and of_link.get("domain") == owner["domain"] else None


def closed(asked: Asked) -> Response | None:
    """The answer of a link that leads nobody any more, whoever asks. Raises `Unavailable`."""
    alias = asked.alias
    if alias.get("blocked") or blocked.is_any(rules.destinations(alias)):
        return pages.blocked()
    if alias.get("expires_at", _NEVER) <= clock.timestamp():
        return _over(asked)
    return None


def lead(asked: Asked, *, unlocks: bool = False) -> Response:
    """`unlocks`: the password was right. Raises `TriedTooOften`, and `Unavailable`."""
    request, at, alias, visitor = asked
    sight = bots.judge(request.method, request.headers)
    click = Click(request, at, alias, visitor, sight, rules.is_scan(request.raw_query), unlocks)
    try:
        click_id = clicks.record(click)
    except CapReached:
        return _over(asked)
    except Unavailable:
        if unlocks or "click_cap" in alias:
            raise
        # Nothing depends on it but a number: the person gets where the link leads.
        count("clicks_lost")
        click_id = None
    to = rules.target(alias, visitor.country, visitor.agent)
    if sight.is_preview and pages.has_preview(alias):
        return pages.preview(alias, to)
    is_tracked = alias.get("track_conversion") and sight.bot is None
    return _sent(
        request, rules.location(alias, to, request.raw_query, click_id if is_tracked else None)
    )


def told(asked: Asked, answer: Response) -> Response:
    """With whose link it was, for the log."""
    answer.told = {"workspace": asked.alias["partition"], "link": asked.alias["link"]}
    return answer


def _over(asked: Asked) -> Response:
    instead = asked.alias.get("expired_url")
    return _sent(asked.request, instead) if instead else pages.no_more()


def _sent(request: Request, location: str) -> Response:
    # A form is not to be sent on to where the link leads, with its password.
    status = 303 if request.method == "POST" else 302
    headers = {
        "Location": location,
        "Cache-Control": "no-store",
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }
    return Response(status, headers=headers)


# After every time that a link can have.
_NEVER = "9"
