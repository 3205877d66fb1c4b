"""What becomes of a lead's next step, which waits in the line of its mailbox."""

from typing import Any

import pytest

from tests import leads, mailing
from tests.client import Answer
from tests.factories import Workspace
from tests.leads import stored
from tests.stack import Stack


@pytest.fixture
def mailbox(workspace: Workspace) -> str:
    return mailing.put_mailbox(workspace)


@pytest.fixture
def lead(workspace: Workspace, mailbox: str) -> str:
    """One of a campaign that mails, whose only email was approved."""
    campaign = mailing.put_campaign(workspace, [mailbox], state="active")
    lead = leads.put_written(workspace, campaign)
    assert _email(workspace, lead, 1, action="approve").status == 200
    assert mailing.rows(workspace, mailbox) == [mailing.place(workspace, lead)]
    return lead


def _email(workspace: Workspace, lead: str, version: int, **wanted: Any) -> Answer:
    path, at = f"/v1/mailer/leads/{lead}/emails/1", {"If-Match": str(version)}
    return workspace.client.request("PATCH", path, json=wanted, headers=at)


@pytest.mark.parametrize("wanted", [{"body": "Another text."}, {"action": "reject"}])
def test_200_what_is_not_approved_any_more_waits_no_more(
    workspace: Workspace, mailbox: str, lead: str, wanted: dict[str, str]
) -> None:
    assert _email(workspace, lead, 2, **wanted).status == 200
    assert mailing.rows(workspace, mailbox) == []
    assert "queued" not in stored(workspace, lead)


def test_202_what_is_researched_anew_waits_no_more(
    workspace: Workspace, mailbox: str, lead: str
) -> None:
    assert workspace.client.post(f"/v1/mailer/leads/{lead}/research").status == 202
    assert mailing.rows(workspace, mailbox) == []
    assert "queued" not in stored(workspace, lead)


@pytest.fixture
def held(stack: Stack, workspace: Workspace, lead: str) -> str:
    """The same once its first mail was sent, and the next one is not approved."""
    row = stored(workspace, lead)
    del row["queued"]
    view = row["view"] | {"status": "active"}
    stack.put("CoreTable", row | {"view": view, "held": "approval"})
    mailing.put_email(workspace, view["campaign_id"], lead, 2, state="generated")
    return lead


def test_200_who_is_held_for_an_approval_waits_once_it_is_there(
    workspace: Workspace, mailbox: str, held: str
) -> None:
    path, at = f"/v1/mailer/leads/{held}/emails/2", {"If-Match": "2"}
    approved = workspace.client.request("PATCH", path, json={"action": "approve"}, headers=at)
    assert approved.status == 200
    assert mailing.place(workspace, held) in mailing.rows(workspace, mailbox)


def test_20x_no_other_change_has_who_is_held_wait(workspace: Workspace, held: str) -> None:
    path = f"/v1/mailer/leads/{held}"
    assert workspace.client.request("PATCH", path, json={"title": "CTO"}).status == 200
    assert stored(workspace, held)["held"] == "approval"
    assert workspace.client.post(f"{path}/research").status == 202
    assert stored(workspace, held)["held"] == "approval"
