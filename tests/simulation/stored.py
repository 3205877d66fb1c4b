"""What the tables say about calls: read directly, by the form in which it is stored."""

import math
from collections import Counter
from collections.abc import Iterator

from linkwright.plans import PLANS, Plan
from linkwright.table import Item
from tests.simulation.tables import Tables

CORE = "CoreTable"
ON_THE_PHONE = {"dialing", "ringing", "in_progress"}
_WAITING = {"scheduled", "queued"}


def is_over(status: str) -> bool:
    return status not in ON_THE_PHONE | _WAITING


def partition_of(item: Item) -> str:
    return str(item["pk"].split("#")[1])


class Stored:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def find(self, pk: str, sk: str) -> Item | None:
        return self._tables.find(CORE, pk, sk)

    def rows(self) -> list[Item]:
        return self._tables.rows(CORE)

    def calls(self, partition: str) -> Iterator[Item]:
        return self._tables.partition(CORE, f"W#{partition}#CALL")

    def plan(self, partition: str) -> Plan:
        return PLANS[self._meta(partition)["plan"]]

    def settings(self, partition: str) -> Item | None:
        name = "settings_test" if partition.endswith(".test") else "settings"
        found: Item | None = self._meta(partition).get(name)
        return found

    def _meta(self, partition: str) -> Item:
        return self.find(f"W#{partition.removesuffix('.test')}", "META") or {}

    def on_the_phone(self, partition: str) -> Counter[str]:
        """How many calls each agent has on the phone."""
        return Counter(view["agent_id"] for view in self._talking(partition))

    def numbers(self, partition: str) -> Counter[str]:
        """How many calls are on the phone with each number."""
        return Counter(view["to"] for view in self._talking(partition))

    def _talking(self, partition: str) -> Iterator[Item]:
        views = (call["view"] for call in self.calls(partition))
        return (view for view in views if view["status"] in ON_THE_PHONE)

    def cap(self, partition: str, agent_id: str) -> float:
        agent = self.find(f"W#{partition}#AGT", agent_id)
        cap: float | None = agent["view"].get("concurrency") if agent else None
        return math.inf if cap is None else cap

    def recording(self, partition: str, agent_id: str) -> tuple[bool, bool]:
        """Whether an agent asks before it records, and whether it records."""
        view = (self.find(f"W#{partition}#AGT", agent_id) or {})["view"]
        return view["recording_consent"], view["recording"]
