"""What was measured, kept as JSON: the figures before are those of this same meter."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.life import Cost
from benchmarks.rounds import Ratios
from tools.template import ROOT

BEFORE = ROOT / "benchmarks" / "before.json"


@dataclass(frozen=True)
class Results:
    """Medians of ratios: init by function or peer, the rest by route; a peer's with its name."""

    commit: str
    day: str
    machine: str
    error: float
    init: dict[str, float]
    first: dict[str, float]
    warm: dict[str, float]
    life_calls: dict[str, int]
    life_cpu: float
    # Of whom no verdict can be given.
    unclear: tuple[str, ...] = ()

    @classmethod
    def read(cls, file: Path) -> "Results":
        return cls(**json.loads(file.read_text()))

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=2) + "\n")


def results(
    found: dict[str, Ratios],
    routes: dict[str, str],
    life: Cost,
    *,
    unclear: Iterable[str],
    commit: str,
    day: str,
    machine: str,
) -> Results:
    """`routes` tells which route a function serves."""

    def medians(kind: str) -> dict[str, float]:
        every = {routes.get(name, name): one.medians() for name, one in found.items()}
        return {name: one[kind] for name, one in every.items() if kind in one}

    return Results(
        commit,
        day,
        machine,
        round(max(one.error for one in found.values()), 3),
        {name: one.medians()["init"] for name, one in found.items()},
        medians("first"),
        medians("warm"),
        dict(life.calls),
        round(life.cpu, 3),
        tuple(unclear),
    )
