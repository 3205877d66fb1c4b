"""Links as if they had been made long ago: the end of one that is new is told to nobody."""

from datetime import timedelta

import pytest

from linkwright.ai.scan import judging
from linkwright.links import items
from linkwright.table import Table, update


def pretend(patch: pytest.MonkeyPatch) -> None:
    """Whatever is made was made for months."""
    patch.setattr(judging, "made_for", lambda _: timedelta(days=90))


def age(partition: str, link_id: str) -> None:
    """Let it have been made long ago."""
    update(
        Table.CORE,
        items.link_key(partition, link_id),
        "SET #view.#created_at = :then",
        values={"then": "2026-01-01T00:00:00Z"},
    )
