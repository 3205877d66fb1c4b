"""Requests that take several transactions, under a key that another request had."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import leads, mailhost
from tests.client import Answer
from tests.factories import TARGET, Workspace
from tests.stack import Stack

# The path and the body of a request that is more than one transaction.
Wanted = tuple[str, dict[str, Any]]
UNDER = {"Idempotency-Key": "k"}


def _leads(own: Workspace) -> Wanted:
    path = f"/v1/mailer/campaigns/{own.mailer_campaign()}/leads"
    return path, {"leads": [{"email": f"p{at}@example.com"} for at in range(70)]}


def _approvals(own: Workspace) -> Wanted:
    campaign = own.mailer_campaign()
    made = [leads.put_written(own, campaign, email=f"p{at}@example.com") for at in range(3)]
    wanted = [{"lead_id": lead, "seq": 1, "version": 1} for lead in made]
    return f"/v1/mailer/campaigns/{campaign}/emails/approve", {"items": wanted}


def _links(own: Workspace) -> Wanted:
    return "/api/links/bulk", {"links": [{"url": TARGET}] * 40}


def _mailboxes(own: Workspace) -> Wanted:
    return "/v1/mailer/mailboxes", mailhost.wanted(f"{own.id.lower()}@example.com")


IN_PARTS = pytest.mark.parametrize("wanted", [_leads, _approvals, _links, _mailboxes])


def _ask(own: Workspace, asked: Wanted) -> Answer:
    return own.client.post(asked[0], json=asked[1], headers=UNDER)


@IN_PARTS
def test_409_for_a_key_of_another_request_and_nothing_is_done(
    stack: Stack, wanted: Callable[[Workspace], Wanted], workspace: Workspace
) -> None:
    asked = wanted(workspace)
    other = {"email": "stop@example.com"}
    made = workspace.client.post("/v1/mailer/suppressions", json=other, headers=UNDER)
    assert made.status == 201
    before = stack.rows("CoreTable", workspace.id)
    refused = _ask(workspace, asked)
    assert (refused.status, refused.error["reason"]) == (409, "idempotency_key_reused")
    assert stack.rows("CoreTable", workspace.id) == before


@IN_PARTS
def test_20x_again_under_its_own_key_is_the_first_answer(
    stack: Stack, wanted: Callable[[Workspace], Wanted], workspace: Workspace
) -> None:
    asked = wanted(workspace)
    first = _ask(workspace, asked)
    before = stack.rows("CoreTable", workspace.id)
    again = _ask(workspace, asked)
    assert (again.status, again.raw) == (first.status, first.raw)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert stack.rows("CoreTable", workspace.id) == before
