"""Whether a link is one to look at, and why: by what holds of it now."""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from typing import NamedTuple

from linkwright import clock
from linkwright.ai.scan.models import AlertKind
from linkwright.links.operations import DAYS, SOON, LinkView, nearly_used
from linkwright.table import Item

_VERY_SOON = timedelta(hours=24)
# Of the time that a link is there for, its last third is near its end.
_PART = 3
# A winner that people were told of is one for as long as it is followed so often.
STILL = 50
# Of so many links one may be a winner.
ONE_OF = 10


class Finding(NamedTuple):
    """`level` rises where it is to be told again; `message` is for people."""

    kind: AlertKind
    level: int
    data: Item
    message: str


def leads(link: LinkView) -> bool:
    return not (link["archived"] or link["blocked"])


def expiring(link: LinkView) -> Finding | None:
    if "expires_at" not in link or not leads(link):
        return None
    left = clock.parse(link["expires_at"]) - clock.now()
    # Who makes a link for some days knows when it ends.
    within = min(SOON, made_for(link) / _PART)
    if within < _VERY_SOON or not timedelta(0) < left <= within:
        return None
    level, told = (2, "24h") if left <= _VERY_SOON else (1, "7d")
    data = {"expires_at": link["expires_at"], "within": told}
    words = f"The link {link['short_url']} ends at {link['expires_at']}."
    return Finding("expiring_soon", level, data, words)


def made_for(link: LinkView) -> timedelta:
    """How long it is there, from when it was made to the end that it has now."""
    return clock.parse(link["expires_at"]) - clock.parse(link["created_at"])


def near_cap(link: LinkView, passed: int) -> Finding | None:
    cap = link.get("click_cap")
    if cap is None or not leads(link) or passed not in nearly_used(cap):
        return None
    words = f"The link {link['short_url']} has used {passed} of the {cap} clicks of its cap."
    return Finding("near_click_cap", 1, {"click_cap": cap, "clicks": passed}, words)


def is_untracked(link: LinkView) -> bool:
    return leads(link) and not link["track_conversion"]


def winners(clicks: Mapping[str, int], links: int) -> set[str]:
    """Those that at most a tenth of so many links are followed more often than, itself included;
    one link at least may be.
    """
    most = max(ceil(links / ONE_OF), 1)
    ranked = sorted(clicks.values(), reverse=True)
    least = ranked[most - 1] if len(ranked) >= most else 0
    return {link for link, count in clicks.items() if count >= least}


def untracked(link: LinkView, clicks: int) -> Finding:
    words = (
        f"The link {link['short_url']} was followed {clicks} times in {DAYS} days, and its"
        " conversions are not tracked."
    )
    return Finding("untracked_winner", 1, {"clicks": clicks, "days": DAYS}, words)
