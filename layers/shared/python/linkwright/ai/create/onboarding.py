"""The first link of somebody new: by their words alone, without a model, a table or the network."""

import hashlib
from collections.abc import Iterator
from itertools import count
from typing import Any

from linkwright.ai.create import goals, hebrew, words
from linkwright.ai.create.models import Aim, NextStep, Setup
from linkwright.links import operations as links
from linkwright.startup import in_advance

in_advance(links.load)

# Without what looks alike in print.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_SUFFIX = 4
_TEXTS = {
    "en": (
        "Create your first short link.",
        "Tell the link that its conversions are to be tracked.",
        "Print it: a QR code whose scans are counted apart.",
        "See who follows it: clicks by day, country and device.",
    ),
    "he": (
        "יצירת הקישור המקוצר הראשון.",
        "הפעלת מעקב המרות לקישור.",
        "הדפסה: קוד QR שהסריקות שלו נספרות בנפרד.",
        "צפייה בנתונים: הקלקות לפי יום, מדינה ומכשיר.",
    ),
}


def setup(aim: Aim) -> Setup:
    """Errors: no URL that a link may lead to (400)."""
    if aim.url is not None:
        links.require_target(aim.url)
    alias, utm, tags = _alias(aim), goals.utm(aim), goals.tags(aim)
    first: dict[str, Any] = {"url": aim.url or "{url}"}
    first |= {"alias": alias, **utm.model_dump(exclude_none=True), "tags": tags}
    create, track, draw, look = _TEXTS["he" if hebrew.is_one(aim.goal) else "en"]
    link, at_first = "/api/links/{link_id}", {"If-Match": "1"}
    return Setup(
        alias=alias,
        utm=utm,
        tags=tags,
        next_steps=[
            NextStep(text=create, method="POST", path="/api/links", headers={}, body=first),
            NextStep(
                text=track,
                method="PATCH",
                path=link,
                headers=at_first,
                body={"track_conversion": True},
            ),
            NextStep(text=draw, method="GET", path=f"{link}/qr", headers={}, body=None),
            NextStep(text=look, method="GET", path=f"{link}/analytics", headers={}, body=None),
        ],
    )


def _alias(aim: Aim) -> str:
    """With four letters behind that are of the goal and the URL: so it is hardly ever taken."""
    most = words.MOST_CHARS - _SUFFIX - 1
    bases = [idea[:most].rstrip("-") for idea in goals.aliases(aim)]
    return next(
        alias
        for suffix in _suffixes(f"{aim.goal}\n{aim.url or ''}")
        for alias in (f"{base}-{suffix}" for base in [*bases, "link"])
        if words.is_alias(alias)
    )


def _suffixes(seed: str) -> Iterator[str]:
    """Another one for each that spells what is not to be said."""
    for at in count():
        digest = hashlib.sha256(f"{at}\n{seed}".encode()).digest()
        yield "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:_SUFFIX])
