"""Whom a reply that holds a key's token is repeated to: nobody but the credential that asked."""

import pytest

from tests.client import Client
from tests.factories import Workspace
from tests.integration.test_keys import make, roll

WANTED = {"scopes": ["byok:manage", "calls:write"], "name": "payroll"}


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_409_for_another_keys_request_that_is_repeated(workspace: Workspace, role: str) -> None:
    """Its Idempotency-Key may be easy to guess, as that of a script or a ticket."""
    made = make(workspace, "create-payroll-key", **WANTED)
    low = workspace.client_with(["keys:manage"], role)
    answer = make(low, "create-payroll-key", **WANTED)
    assert (answer.status, answer.error["reason"]) == (409, "idempotency_key_reused")
    assert made.json["token"] not in answer.raw


def test_409_for_anothers_roll_that_is_repeated(workspace: Workspace) -> None:
    owners = make(workspace, scopes=["byok:manage", "calls:read"]).json
    rolled = roll(workspace.client, owners["id"], "1h", "roll-1")
    low = workspace.client_with(["keys:manage"], "admin")
    answer = roll(low, owners["id"], "1h", "roll-1")
    assert (answer.status, answer.error["reason"]) == (409, "idempotency_key_reused")
    assert rolled.json["token"] not in answer.raw


def test_201_again_for_who_asked(workspace: Workspace) -> None:
    first = make(workspace, "create-payroll-key", **WANTED)
    again = make(Client(workspace.client.token), "create-payroll-key", **WANTED)
    assert (again.status, again.json["token"]) == (201, first.json["token"])
