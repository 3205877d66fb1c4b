"""Looking at the links of a workspace that may be ones to be told of, and at no other.

What is read are the rows of candidates, these links, and the alerts that are open: what a link
costs that gives nothing is one look, after which its row is gone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.ai.scan import alerts, judging
from linkwright.ai.scan.alerts import Place
from linkwright.ai.scan.judging import Finding
from linkwright.ai.scan.models import AlertKind
from linkwright.links import operations as links
from linkwright.links.metrics import operations as metrics
from linkwright.links.operations import Candidate
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.workspace import operations as workspace

# A read takes a hundred items: besides the links, what tells how many there are.
_PAGE = 98
# So much is gathered before it is written: the next run, a minute later, goes on from there.
MOST_CHANGES = 500
# So many are remembered from run to run, where one does not come to all: no more are winners.
MOST_RANKED = 1_000
_KINDS: dict[str, AlertKind] = {
    links.EXPIRING: "expiring_soon",
    links.NEAR_CAP: "near_click_cap",
    links.UNTRACKED: "untracked_winner",
}


class Change(NamedTuple):
    """What is to be written, as so many items of a transaction; with whom it is about, if told."""

    add: Callable[[Transaction], None]
    operations: int = 1
    told: Finding | None = None
    link: Item | None = None


@dataclass
class Looked:
    """`is_whole`: there was time for all of it; else `reached` is where to go on, with those that
    are followed `often` of what was looked at, until all are known and ranked.
    """

    changes: list[Change] = field(default_factory=list)
    is_whole: bool = True
    reached: Item | None = None
    often: dict[str, int] | None = None


@dataclass
class _Look:
    partition: str
    zone: Callable[[], ZoneInfo]
    links: int = 0
    changes: list[Change] = field(default_factory=list)
    # How often those are followed that are followed often enough, to be ranked when all are known.
    often: dict[str, int] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        return len(self.changes) >= MOST_CHANGES

    def page(self, places: Sequence[tuple[Place, Candidate | None]]) -> None:
        besides = workspace.place(self.partition)
        found, self.links = links.rows(self.partition, {place.link for place, _ in places}, besides)
        opened = alerts.opened(self.partition, [place for place, _ in places], besides)
        for place, candidate in places:
            link, before = found.get(place.link), opened.get(place)
            if place.kind == "untracked_winner":
                self._count(place, link, before, candidate)
            else:
                self._settle(link, before, _judged(place.kind, link), candidate)

    def rank(self) -> None:
        """Those that are followed often, when all of them are known. Who was a winner stays one:
        else whoever comes and goes at the edge would be told of each hour.
        """
        if self.often and not self.links:
            # The last page of some was empty.
            _, self.links = links.rows(self.partition, (), workspace.place(self.partition))
        best = sorted(judging.winners(self.most(), self.links))
        besides = workspace.place(self.partition)
        for at in range(0, len(best), _PAGE):
            if self.is_full:
                return
            few = [Place("untracked_winner", link) for link in best[at : at + _PAGE]]
            opened = alerts.opened(self.partition, few, besides)
            new = [place.link for place in few if place not in opened]
            found, _ = links.rows(self.partition, new, besides) if new else ({}, 0)
            for name, link in found.items():
                if judging.is_untracked(link["view"]):
                    one = judging.untracked(link["view"], self.often[name])
                    self._settle(link, None, one, None)

    def most(self) -> dict[str, int]:
        """Those that are followed most."""
        ranked = sorted(self.often.items(), key=lambda one: -one[1])
        return dict(ranked[:MOST_RANKED])

    def _count(
        self, place: Place, link: Item | None, before: Item | None, candidate: Candidate | None
    ) -> None:
        if link is not None and judging.is_untracked(link["view"]):
            count = self._clicks(place.link)
            if count >= (judging.STILL if before else links.MANY):
                self.often[place.link] = count
                return
        self._settle(link, before, None, candidate)

    def _clicks(self, link: str) -> int:
        today = clock.now().astimezone(self.zone()).date()
        first = today - timedelta(days=links.DAYS - 1)
        return int(links.counted(self.partition, link, first, today)["clicks"])

    def _settle(
        self,
        link: Item | None,
        before: Item | None,
        found: Finding | None,
        seen: Candidate | None,
    ) -> None:
        level = before["level"] if before else 0
        if link is not None and found is not None and found.level > level:
            add = partial(alerts.tell, link=link, found=found, before=before)
            self.changes.append(Change(add, alerts.OPERATIONS, found, link))
        elif before is not None and found is None:
            self.changes.append(Change(partial(alerts.clear, before=before)))
        elif before is not None and found is not None and found.level < level:
            self.changes.append(Change(partial(alerts.lower, before=before, level=found.level)))
        # What is over soon goes by itself.
        if found is None and seen is not None and seen.reason != links.EXPIRING:
            self.changes.append(Change(partial(links.dismiss, seen=seen)))


def look(
    partition: str,
    zone: Callable[[], ZoneInfo],
    may_go_on: Callable[[], bool],
    behind: Item | None = None,
    often: Mapping[str, int] | None = None,
) -> Looked:
    """`may_go_on`: whether there is time for another page; one is looked at in any case. Who goes
    on from somewhere says which were followed often before, or that they were ranked: None.
    """
    looking = _Look(partition, cache(zone))
    is_ranked = behind is not None and often is None
    looking.often |= often or {}
    met: set[Place] = set()
    while True:
        page, behind = _page(partition, behind)
        new = [(place, one) for place, one in page if place not in met]
        met |= {place for place, _ in new}
        if new:
            looking.page(new)
        if behind is None or looking.is_full or not may_go_on():
            break
    # A part of them says nothing of a tenth of all.
    if not is_ranked and (behind is None or behind["sk"].startswith(links.EXPIRING)):
        looking.rank()
        is_ranked = True
    is_whole = behind is None and not looking.is_full
    return Looked(looking.changes, is_whole, behind, None if is_ranked else looking.most())


def _judged(kind: AlertKind, link: Item | None) -> Finding | None:
    if link is None:
        return None
    if kind == "expiring_soon":
        return judging.expiring(link["view"])
    has_cap = "click_cap" in link["view"] and judging.leads(link["view"])
    return judging.near_cap(link["view"], metrics.passed_cap(link["sk"])) if has_cap else None


def _page(
    partition: str, behind: Item | None
) -> tuple[Iterable[tuple[Place, Candidate | None]], Item | None]:
    """Of the candidates, and then of the alerts that are open: of some no row says any more that
    they are to be looked at.
    """
    if behind is not None and alerts.is_among(partition, behind):
        places, behind = alerts.page(partition, behind, _PAGE)
        return [(place, None) for place in places], behind
    found, behind = links.candidates(partition, behind, _PAGE)
    by_place = {Place(_KINDS[one.reason], one.link): one for one in found}
    return by_place.items(), behind or alerts.beginning(partition)
