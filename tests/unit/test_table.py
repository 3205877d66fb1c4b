"""What the calls of the client ask for."""

from types import SimpleNamespace
from typing import Any

import pytest

from linkwright import table
from linkwright.table import Key, Table

_READ = SimpleNamespace(consumed_rcu=1.0)


class Asked:
    """A client that finds nothing, and keeps what it was asked."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}

    def sync_get_item(self, *where: object, **options: object) -> tuple[None, object]:
        self.options = options
        return None, _READ

    def sync_query_page(self, *where: object, **options: object) -> tuple[list[Any], None, object]:
        self.options = options
        return [], None, _READ


@pytest.fixture
def asked(environment: pytest.MonkeyPatch) -> Asked:
    asked = Asked()
    environment.setattr(table, "driver", lambda: asked)
    return asked


def test_read_by_id_is_strong(asked: Asked) -> None:
    assert table.get(Table.CORE, Key("W#ws_1#AGT", "agt_1")) is None
    assert asked.options["consistent_read"] is True


@pytest.mark.parametrize("strong", [True, False])
def test_query_is_strong_where_it_is_asked_to(asked: Asked, strong: bool) -> None:
    assert table.query(Table.CORE, "W#ws_1#AGT", limit=1, strong=strong) == ([], None)
    assert asked.options["consistent_read"] is strong
