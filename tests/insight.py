"""Rows of days, as clicks are counted into them, and what an insight says of them."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from linkwright import clock, settings
from linkwright.ai import answers
from linkwright.links import items
from linkwright.providers.llm import Failure, ModelFailed
from linkwright.table import Item, Table, update
from linkwright.workspace import workspaces
from tests import models
from tests.factories import Workspace
from tests.stack import Stack

WEEK = (1.1, 1.0, 1.0, 1.2, 1.0, 0.8, 0.9)


def usual(mean: float, days: int = 92, seed: int = 1) -> list[int]:
    """Clicks of so many days, that vary as chance has it."""
    chance = random.Random(seed)
    return [
        max(round(chance.gauss(mean * WEEK[at % 7], (mean * WEEK[at % 7]) ** 0.5)), 0)
        for at in range(days)
    ]


def put(
    stack: Stack, rows: str, clicks: Sequence[int], parts: Mapping[str, float] | None = None
) -> None:
    """Clicks of days, of which the last is today; `parts` are the shares of other counters."""
    today = clock.now().date()
    for ago, count in enumerate(reversed(clicks)):
        if count:
            stack.put("MetricsTable", _row(rows, today - timedelta(days=ago), count, parts or {}))


def _row(rows: str, day: date, clicks: int, parts: Mapping[str, float]) -> Item:
    counted = {name: round(share * clicks) for name, share in parts.items()}
    hours = {f"h{hour:02}": clicks // 24 for hour in range(24)}
    key = items.day_row(rows, f"{day:%Y%m%d}")
    kept = {name: count for name, count in (hours | counted).items() if count}
    return {**key.attributes(), "clicks": clicks, **kept}


def told(workspace: Workspace, path: str) -> dict[str, Any]:
    answer = workspace.client.get(f"/api/ai/insight/{path}")
    assert answer.status == 200, answer.raw
    return dict(answer.json)


def texts(insight: Mapping[str, Any]) -> list[str]:
    """All that it says, but for the reasons of actions."""
    sections = ("anomalies", "why", "recommendations")
    return [insight["summary"], *(one["text"] for name in sections for one in insight[name])]


def change_zone(workspace: Workspace, zone: str = "Asia/Kathmandu") -> None:
    """Its days begin at another moment from now on."""
    stored = workspaces.existing(workspace.id)["settings"] | {"time_zone": zone}
    where = workspaces.key(workspace.id)
    update(Table.CORE, where, "SET #settings = :own", values={"own": stored})


def another_model(patch: pytest.MonkeyPatch) -> None:
    """The deployment has one, which does not answer, where the workspace has chosen none."""
    own = settings.settings()._replace(model="ai:test/fake")
    patch.setattr(answers, "settings", lambda: own)
    models.use(patch, models.Writer(ModelFailed(Failure.TOO_SLOW, "late")))
