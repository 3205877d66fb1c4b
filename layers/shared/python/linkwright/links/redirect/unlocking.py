"""The password of a link: sent by a form of ours, and kept nowhere.

Guessing is limited by what a click's own transaction asks, and by what a wrong password writes: one
call in either case. See `clicks.py`.
"""

from urllib.parse import parse_qsl

from linkwright import clock
from linkwright.errors import InvalidRequest
from linkwright.http import Request, Response
from linkwright.links import passwords
from linkwright.links.redirect import clicks, pages, service
from linkwright.links.redirect.clicks import TriedTooOften
from linkwright.links.redirect.service import Asked
from linkwright.routes import unmatched

MAX_FORM_BYTES = 4096
FIELD = "password"


def unlock(request: Request) -> Response:
    """POST. Raises `Unavailable`, and what a path that no route takes is answered."""
    _, asked = service.find(request)
    if asked is None:
        return unmatched(request)
    return service.told(asked, service.closed(asked) or _answer(asked))


def _answer(asked: Asked) -> Response:
    stored = asked.alias.get("password")
    if stored is None:
        # It had one when the page was shown.
        return service.lead(asked)
    given = _given(asked.request)
    if not given:
        return pages.password()
    try:
        if passwords.matches(given, stored):
            return service.lead(asked, unlocks=True)
        clicks.count_try(asked.alias["link"], asked.visitor, asked.request.id)
    except TriedTooOften:
        return pages.tried_too_often(_until_next_quarter())
    return pages.wrong_password()


def _given(request: Request) -> str:
    """Empty where there is none, or no form."""
    try:
        body = request.body()
        form = parse_qsl(body.decode("ascii"), max_num_fields=5) if _fits(body) else []
    except (InvalidRequest, ValueError):
        return ""
    return dict(form).get(FIELD, "")


def _fits(body: bytes) -> bool:
    return len(body) <= MAX_FORM_BYTES


def _until_next_quarter() -> int:
    return clicks.QUARTER_S - clock.epoch() % clicks.QUARTER_S
