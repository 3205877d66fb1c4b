"""What every insight begins with: the workspace's zone and model, and what it is kept under."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.ai import answers
from linkwright.ai.answers import Chosen
from linkwright.ai.facts import series
from linkwright.ai.facts.series import Series
from linkwright.ai.insight import telling
from linkwright.ai.insight.models import AccountInsight, InsightQuery
from linkwright.ai.insight.telling import Draft, Told
from linkwright.ai.wording.values import Language
from linkwright.auth import Account
from linkwright.credits.operations import Allowed, Generation, Made
from linkwright.links.metrics import operations as links
from linkwright.workspace import operations

KEPT = timedelta(hours=6)

Shown = TypeVar("Shown", bound=AccountInsight)


@dataclass(frozen=True)
class Asking:
    """Who asks, in which language, and what day it is where they are."""

    partition: str
    language: Language
    chosen: Chosen
    today: date
    zone: ZoneInfo
    allowed: Allowed
    # Of the whole workspace, by since when: from None on, from its first day.
    _days: dict[date | None, Series] = field(default_factory=dict, repr=False, compare=False)

    def all_days(self) -> Series:
        """Of the whole workspace."""
        return self._read(None)

    def all_days_without(self, own: Series) -> Series:
        """What the workspace has besides an object, from its first day on."""
        return self._read(own.first).without(own)

    def _read(self, since: date | None) -> Series:
        """At least these days, by a query if they were not read before."""
        for begin, days in self._days.items():
            if begin is None or (since is not None and begin <= since):
                return days
        days = series.read(links.workspace_rows(self.partition), self.today, since)
        self._days[since] = days
        return days

    def told(self, draft: Draft) -> Told:
        return telling.told(self.partition, self.chosen, self.language, draft, self.allowed)


def generation(
    account: Account, object_id: str, query: InsightQuery, make: Callable[[Asking], Made[Shown]]
) -> Generation[Shown]:
    """How an insight is made, kept under its object and language."""
    tenant = operations.tenant(account.partition)
    chosen, zone = answers.of(tenant), ZoneInfo(tenant.settings.time_zone)

    def made(allowed: Allowed) -> Made[Shown]:
        today = clock.now().astimezone(zone).date()
        who = (account.partition, query.language, chosen)
        return make(Asking(*who, today, zone, allowed))

    subject = answers.subject(tenant, object_id, query.language)
    return Generation(made, subject, query.force, chosen.is_free)
