"""A request is counted on its credential, which others write at the same moment."""

from typing import Any

import pytest

from linkwright import table
from linkwright.client import core
from tests.factories import Workspace


def test_200_for_a_request_that_meets_a_transaction_on_its_credential(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, real = workspace.client_with(["*:read"]), table.driver()
    struck: list[str] = []

    class Busy:
        def __getattr__(self, name: str) -> Any:  # noqa: ANN401
            return getattr(real, name)

        def sync_update_item(self, *where: Any, **options: Any) -> Any:  # noqa: ANN401
            if not struck:
                struck.append("once")
                raise core.PydynoxException("Transaction is ongoing for the item")
            return real.sync_update_item(*where, **options)

    monkeypatch.setattr(table, "driver", Busy)
    answer = client.get("/v1/whoami")
    assert (answer.status, struck) == (200, ["once"])
    # It is counted once.
    assert answer.headers["RateLimit"].split(";")[1] == "r=599"
