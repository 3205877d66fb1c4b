"""Whoever is mailed by a campaign wants no more of it: by one click, and without an account."""

from dataclasses import replace
from typing import Any

import pytest

from linkwright import jobs
from linkwright.mailer import items
from linkwright.table import Item, Table, get, query
from tests import pump
from tests.client import Answer, Client
from tests.factories import Workspace, make_workspace
from tests.stack import Stack

EMAIL = "noa@example.com"


def _post(path: str) -> Answer:
    """As a mail client does."""
    return Client().request(
        *("POST", path),
        body="List-Unsubscribe=One-Click",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


def _lead(workspace: Workspace, lead: str) -> Any:
    return workspace.client.get(f"/v1/mailer/leads/{lead}").json


def _listed(workspace: Workspace) -> list[Any]:
    found: list[Any] = workspace.client.get("/v1/mailer/suppressions").json["data"]
    return found


def _told(workspace: Workspace, lead: str) -> list[Any]:
    events = workspace.client.get(f"/v1/events?object={lead}").json["data"]
    return [one for one in events if one["type"] == "lead.unsubscribed"]


def test_200_a_page_that_changes_nothing(workspace: Workspace) -> None:
    """What scans mails asks for all that is in them, HEAD and GET, and often."""
    lead = workspace.lead()
    path, before = workspace.opt_out(lead), _lead(workspace, lead)
    for _ in range(3):
        page = Client().request("GET", path)
        assert (page.status, '<form method="post">' in page.raw) == (200, True)
        # Who reads that it is done looks for no button.
        assert "<p>Nothing has changed yet: " in page.raw
        assert page.headers["Cache-Control"] == "no-store"
    assert (_lead(workspace, lead), _listed(workspace)) == (before, [])
    assert _post(path).status == 200


def test_200_ends_what_is_mailed_to_that_address(stack: Stack, workspace: Workspace) -> None:
    metadata = {"shop": "12", "name": "ליד"}
    lead = workspace.lead(email=EMAIL, metadata=metadata)
    other, stranger = workspace.lead(email=EMAIL.upper()), workspace.lead()
    for _ in range(2):
        answer = _post(workspace.opt_out(lead))
        assert (answer.status, "unsubscribed" in answer.raw) == (200, True)
    assert _lead(workspace, lead)["status"] == "unsubscribed"
    [entry] = _listed(workspace)
    assert (entry["email"], entry["source"], entry["until"]) == (EMAIL, "unsubscribed", None)
    [event] = _told(workspace, lead)
    assert event["metadata"] == metadata
    pump.settle(stack, workspace.id, jobs.SUPPRESSION)
    assert _lead(workspace, other)["status"] == "suppressed"
    assert _lead(workspace, stranger)["status"] == "pending"
    counts = workspace.client.get(
        f"/v1/mailer/campaigns/{_lead(workspace, lead)['campaign_id']}"
    ).json["lead_counts"]
    assert (counts["unsubscribed"], counts["pending"]) == (1, 0)


def test_200_in_test_mode_too(workspace: Workspace) -> None:
    mine = replace(workspace, mode="test")
    assert _post(mine.opt_out(lead := mine.lead())).status == 200
    assert (_lead(mine, lead)["status"], len(_listed(mine))) == ("unsubscribed", 1)
    assert _listed(workspace) == []


def test_200_after_the_lead_was_deleted(stack: Stack, workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    lead = workspace.lead(campaign, email=EMAIL)
    path = workspace.opt_out(lead)
    assert workspace.client.request("DELETE", f"/v1/mailer/leads/{lead}").status == 204
    assert Client().request("GET", path).status == 200
    assert _post(path).status == 200
    [entry] = _listed(workspace)
    assert (entry["email"], entry["source"]) == (None, "unsubscribed")
    again = workspace.client.post(f"/v1/mailer/campaigns/{campaign}/leads", json={"email": EMAIL})
    assert again.error["reason"] == "address_suppressed"
    rows, _ = query(Table.CORE, items.suppression_key(workspace.partition, "").pk, limit=10)
    assert EMAIL not in str(rows)


def test_404_for_an_address_that_is_none_of_ours(workspace: Workspace) -> None:
    lead, other = workspace.lead(), workspace.lead()
    path = workspace.opt_out(lead)
    token = path.rpartition("/")[2]
    partition, _, digest, mac = token.rsplit(".", 3)
    forged = [
        *("", ".", "...", "x", token[:-1], f"{token}A", token.swapcase(), f"{token}.x"),
        f"{partition}.{other}.{digest}.{mac}",
        f"{partition}.{lead}.{digest[::-1]}.{mac}",
        f"{make_workspace().id}.{lead}.{digest}.{mac}",
        f"{partition}.test.{lead}.{digest}.{mac}",
        f"ws_nosuch.{lead}.{digest}.{mac}",
        f"{partition}.{lead}.{digest}.é",
        "a" * 5_000,
    ]
    for one in forged:
        for method in ("GET", "POST"):
            assert Client().request(method, f"/v1/mailer/unsubscribe/{one or '%20'}").status == 404
    assert (_listed(workspace), _lead(workspace, lead)["status"]) == ([], "pending")


def test_404_a_page_for_people_whose_link_was_cut(workspace: Workspace) -> None:
    whole = workspace.opt_out(workspace.lead())
    for path in (whole[:-4], f"{whole}x", "/v1/mailer/unsubscribe/nope"):
        for method in ("GET", "POST"):
            shown = Client().request(method, path, headers={"Accept": "text/html,*/*;q=0.8"})
            assert (shown.status, "does not work</h1>" in shown.raw) == (404, True), path
            assert shown.headers["Cache-Control"] == "no-store"
            program = Client().request(method, path, headers={"Accept": "*/*"})
            assert (program.status, program.error["code"]) == (404, "resource_not_found")
    assert _listed(workspace) == []


@pytest.mark.parametrize("status", ["unsubscribed", "complained"])
def test_200_tells_once_of_who_was_heard(stack: Stack, workspace: Workspace, status: str) -> None:
    lead = workspace.lead(email=EMAIL)
    stored: Item = get(Table.CORE, items.lead_key(workspace.partition, lead)) or {}
    stack.put("CoreTable", stored | {"view": stored["view"] | {"status": status}})
    assert _post(workspace.opt_out(lead)).status == 200
    assert (_lead(workspace, lead)["status"], _told(workspace, lead)) == (status, [])
    assert len(_listed(workspace)) == 1


@pytest.mark.slow
def test_404_for_any_flip_of_a_token(workspace: Workspace) -> None:
    token = workspace.opt_out(workspace.lead()).rpartition("/")[2]
    letters = "ABab01_-."
    flipped = {
        token[:at] + letter + token[at + 1 :]
        for at in range(len(token))
        for letter in letters
        if token[at] != letter
    }
    assert len(flipped) > 1_000
    for one in sorted(flipped):
        answer = Client().request("GET", f"/v1/mailer/unsubscribe/{one}")
        assert answer.status == 404, one
