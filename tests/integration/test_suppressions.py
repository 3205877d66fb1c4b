"""The suppression list: whom nothing is mailed to, and what becomes of their leads."""

from typing import Any
from urllib.parse import quote

import pytest

from linkwright import clock, jobs, plans, usage
from linkwright.mailer import items
from linkwright.mailer.leads import looking
from linkwright.mailer.suppressions import suppressions
from linkwright.table import Item, Table, get, query
from linkwright.transaction import Transaction
from tests import pump
from tests.factories import Workspace, make_workspace
from tests.stack import Stack

EMAIL = "Noa+1@example.com"


def _listed(workspace: Workspace, email: str) -> list[Item]:
    found = workspace.client.get(f"/v1/mailer/suppressions?email={quote(email)}")
    rows: list[Item] = found.json["data"]
    return rows


def _status(workspace: Workspace, lead: str) -> str:
    return str(workspace.client.get(f"/v1/mailer/leads/{lead}").json["status"])


def _push(workspace: Workspace, campaign: str) -> Any:
    path = f"/v1/mailer/campaigns/{campaign}/leads"
    return workspace.client.post(path, json={"email": EMAIL})


def test_201_is_found_by_the_address_in_any_spelling(workspace: Workspace) -> None:
    wanted = {"email": EMAIL, "reason": "asked on the phone"}
    made = workspace.client.post("/v1/mailer/suppressions", json=wanted)
    assert made.status == 201
    assert {**made.json, **wanted} == made.json
    assert (made.json["source"], made.json["until"]) == ("api", None)
    assert _listed(workspace, EMAIL.upper()) == [made.json]
    assert workspace.client.get("/v1/mailer/suppressions").json["data"] == [made.json]
    assert _listed(workspace, "noa@example.com") == []
    assert _listed(make_workspace(), EMAIL) == []
    done = workspace.client.get(f"/v1/workspace/audit?object={made.json['id']}").json["data"]
    assert [row["action"] for row in done] == ["suppression.added"]
    assert "noa" not in str(done).lower()


def test_204_takes_it_off_the_list(workspace: Workspace) -> None:
    entry = workspace.suppression(EMAIL)
    path = f"/v1/mailer/suppressions/{entry}"
    gone = workspace.client.request("DELETE", f"/v1/mailer/suppressions/{entry}")
    assert gone.status == 204
    assert workspace.client.request("DELETE", path).status == 404
    assert _listed(workspace, EMAIL) == []
    assert _push(workspace, workspace.mailer_campaign()).status == 201


@pytest.mark.parametrize("listed", ["noa@bücher.example", "noa@xn--bcher-kva.example"])
@pytest.mark.parametrize("pushed", ["noa@Bücher.example", "noa@XN--BCHER-KVA.example"])
def test_409_however_the_domain_is_spelt(workspace: Workspace, listed: str, pushed: str) -> None:
    workspace.suppression(listed)
    path = f"/v1/mailer/campaigns/{workspace.mailer_campaign()}/leads"
    answer = workspace.client.post(path, json={"email": pushed})
    assert (answer.status, answer.error["reason"]) == (409, "address_suppressed")
    assert len(_listed(workspace, pushed)) == 1


def test_409_for_a_lead_of_an_address_on_the_list(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    workspace.suppression(EMAIL)
    answer = _push(workspace, campaign)
    assert (answer.status, answer.error["reason"]) == (409, "address_suppressed")


def test_202_ends_the_leads_of_the_address_in_every_campaign(
    stack: Stack, workspace: Workspace
) -> None:
    """Research that is under way is paid for by nobody."""
    campaigns = [workspace.mailer_campaign() for _ in range(3)]
    leads = [_push(workspace, campaign).json["id"] for campaign in campaigns]
    other = workspace.lead(campaigns[0])
    elsewhere = make_workspace()
    theirs = elsewhere.lead(email=EMAIL)
    workspace.suppression(EMAIL)
    pump.settle(stack, workspace.id, jobs.SUPPRESSION)
    assert {_status(workspace, lead) for lead in leads} == {"suppressed"}
    assert _status(workspace, other) == _status(elsewhere, theirs) == "pending"
    for lead in leads:
        stored = get(Table.CORE, items.lead_key(workspace.partition, lead)) or {}
        assert ("period" in stored, jobs.is_due(stored)) == (False, False)
        assert stored["view"]["research"]["reason"] == "suppressed"
    path = f"/v1/mailer/campaigns/{campaigns[1]}"
    assert workspace.client.get(path).json["lead_counts"]["suppressed"] == 1
    # A second time nothing is changed.
    workspace.suppression(EMAIL)
    pump.settle(stack, workspace.id, jobs.SUPPRESSION)
    assert workspace.client.get(f"/v1/mailer/leads/{leads[0]}").json["version"] == 2


def test_200_keeps_what_has_ended_as_it_did(stack: Stack, workspace: Workspace) -> None:
    lead = _push(workspace, workspace.mailer_campaign()).json["id"]
    stored = get(Table.CORE, items.lead_key(workspace.partition, lead)) or {}
    stack.put("CoreTable", stored | {"view": stored["view"] | {"status": "replied"}})
    workspace.suppression(EMAIL)
    pump.settle(stack, workspace.id, jobs.SUPPRESSION)
    assert _status(workspace, lead) == "replied"


def test_200_tells_no_address_of_whom_a_lead_was_deleted(
    stack: Stack, workspace: Workspace
) -> None:
    campaign = workspace.mailer_campaign()
    lead = _push(workspace, campaign).json["id"]
    entry = workspace.suppression(EMAIL)
    assert workspace.client.request("DELETE", f"/v1/mailer/leads/{lead}").status == 204
    assert (
        _listed(workspace, EMAIL)[0] | {"email": None, "id": entry} == _listed(workspace, EMAIL)[0]
    )
    rows, _ = query(Table.CORE, items.suppression_key(workspace.partition, "").pk, limit=10)
    assert "noa" not in str(rows).lower()
    # Who is not to be written to is still known.
    assert _push(workspace, campaign).error["reason"] == "address_suppressed"


@pytest.mark.parametrize("source", ["bounced", "complained", "unsubscribed"])
def test_201_weakens_nothing_that_holds_for_good(workspace: Workspace, source: Any) -> None:
    tx = Transaction(workspace.partition, "req_test")
    suppressions.suppress(tx, items.hashed(EMAIL), EMAIL, source=source, reason="5.1.1")
    tx.commit()
    before = _listed(workspace, EMAIL)[0]
    workspace.suppression(EMAIL)
    assert _listed(workspace, EMAIL) == [before]
    tx = Transaction(workspace.partition, "req_test")
    suppressions.suppress(tx, items.hashed(EMAIL), EMAIL, source="bounced", until=clock.now())
    tx.commit()
    assert _listed(workspace, EMAIL) == [before]


def test_201_again_once_a_pause_is_over(workspace: Workspace) -> None:
    tx = Transaction(workspace.partition, "req_test")
    suppressions.suppress(tx, items.hashed(EMAIL), EMAIL, source="bounced", until=clock.now())
    tx.commit()
    assert _push(workspace, workspace.mailer_campaign()).status == 201


def test_201_who_is_suppressed_while_they_are_pushed_is_not_researched(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the list and the write: who ends all leads has found none yet."""
    campaign, real = workspace.mailer_campaign(), looking.look

    def look(*what: Any, **how: Any) -> Any:
        found = real(*what, **how)
        monkeypatch.setattr(looking, "look", real)
        workspace.suppression(EMAIL)
        pump.settle(stack, workspace.id, jobs.SUPPRESSION)
        return found

    monkeypatch.setattr(looking, "look", look)
    made = _push(workspace, campaign)
    assert made.status == 201
    pump.settle(stack, workspace.id)
    shown = workspace.client.get(f"/v1/mailer/leads/{made.json['id']}").json
    assert (shown["status"], shown["research"]["status"]) == ("suppressed", "failed")
    assert (shown["emails"], shown["research"]["sources"]) == ([], [])
    period = plans.period(workspace.item["anchor_day"]).label
    used = get(Table.CORE, usage.key(workspace.partition, period, items.RESEARCHED)) or {}
    assert (int(used.get("used", 0)), int(used.get("committed", 0))) == (0, 0)


@pytest.mark.parametrize("wanted", [{}, {"email": "x"}, {"email": "a@example.com", "reason": ""}])
def test_400_for_no_address(workspace: Workspace, wanted: Item) -> None:
    assert workspace.client.post("/v1/mailer/suppressions", json=wanted).status == 400
