"""What came of a mailbox's mails, and of its domain's: counted, shown, and acted upon."""

from typing import Any

import pytest

from linkwright import clock
from linkwright.mailer import items, lines, rates
from linkwright.mailer.sending import guard
from linkwright.providers.mailbox.types import Failure, MailboxFailed
from linkwright.table import Item, Table, get, update
from linkwright.transaction import Transaction
from tests import mailing
from tests.clocks import Hand
from tests.factories import Workspace
from tests.leads import stored
from tests.mailhost import Host


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return mailing.at_work(monkeypatch)


def _shown(workspace: Workspace, mailbox: str) -> Item:
    shown: Item = workspace.client.get(f"/v1/mailer/mailboxes/{mailbox}").json["deliverability"]
    return shown


def _started(workspace: Workspace, mailbox: str, *emails: str) -> list[str]:
    campaign = mailing.put_campaign(workspace, [mailbox])
    leads = [mailing.put_ready(workspace, campaign, one, of=1) for one in emails]
    mailing.fill(workspace, campaign)
    return [campaign, *leads]


def _goes_wrong(workspace: Workspace, mailbox: str, kind: rates.Kind) -> None:
    row = get(Table.CORE, items.mailbox_key(workspace.partition, mailbox)) or {}
    tx = Transaction(workspace.partition, "req_test")
    guard.note(tx, row, mailing.line(workspace, mailbox), kind)
    tx.commit()


def _has_sent(workspace: Workspace, of: str, count: int) -> None:
    where = lines.day_key(workspace.partition, of, 0, clock.now().date())
    update(Table.CORE, where, "SET #sent = :n", values={"n": count})


def test_bounces_of_several_mailboxes_pause_all_that_mails_from_their_domain(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    boxes = [mailing.put_mailbox(workspace, f"box{at}@Example.com") for at in range(3)]
    other = mailing.put_mailbox(workspace, "box@example.net")
    campaigns = [_started(workspace, box, f"lead{box}@example.org")[0] for box in boxes]
    apart = _started(workspace, other, "apart@example.org")[0]
    _has_sent(workspace, "example.com", 60)
    for box in boxes:
        _goes_wrong(workspace, box, "bounced")
    assert all(_shown(workspace, box)["mailbox"]["bounced"]["count"] == 1 for box in boxes)
    assert _shown(workspace, boxes[0])["domain"]["bounced"] == {"count": 3, "rate": 0.05}
    mailing.run(workspace, boxes[0])
    assert host.sent == []
    for campaign in campaigns:
        told = workspace.client.get(f"/v1/events?object={campaign}").json["data"]
        assert "domain_bounce_rate" in {event["data"]["reason"] for event in told}
        shown = workspace.client.get(f"/v1/mailer/campaigns/{campaign}").json
        assert shown["state"] == "paused"
    shown = workspace.client.get(f"/v1/mailer/campaigns/{apart}").json
    assert shown["state"] == "active"
    # Who starts again is judged by what comes of it from then on.
    mailing.fill(workspace, campaigns[0])
    mailing.run(workspace, boxes[0])
    assert len(host.sent) == 1
    assert _shown(workspace, boxes[0])["domain"]["bounced"]["count"] == 0


def test_200_shows_what_came_of_a_mailboxs_mails(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    box = mailing.put_mailbox(workspace, gap_seconds=1)
    _, first, second, third = _started(
        workspace, box, "one@example.org", "two@example.org", "three@example.org"
    )
    known = MailboxFailed(Failure.RECIPIENT_REFUSED, 550, "5.1.1")
    policy = MailboxFailed(Failure.RECIPIENT_REFUSED, 550, "5.7.1")
    host.does = mailing.in_turn(known, policy)
    for _ in range(3):
        mailing.run(workspace, box)
        hand.move(5)
    states = sorted(stored(workspace, one)["view"]["status"] for one in (first, second, third))
    assert states == ["bounced", "ready", "ready"]
    hand.move(300)
    mailing.run(workspace, box)
    kinds: tuple[rates.Kind, ...] = ("unsubscribed", "negative", "complained")
    for kind in kinds:
        _goes_wrong(workspace, box, kind)
    a_third = {"count": 1, "rate": 0.3333}
    expected = {
        **{"sent": 3, "bounced": a_third, "complained": a_third, "unsubscribed": a_third},
        **{"negative_replies": a_third, "policy_refusals": a_third, "status": "warned"},
    }
    assert _shown(workspace, box) == {"mailbox": expected, "domain": expected}


def test_a_refusal_by_policy_suppresses_nobody(workspace: Workspace, host: Host) -> None:
    box = mailing.put_mailbox(workspace)
    _, lead = _started(workspace, box, "one@example.org")
    host.does = mailing.in_turn(MailboxFailed(Failure.RECIPIENT_REFUSED, 550, "5.7.1"))
    mailing.run(workspace, box)
    assert stored(workspace, lead)["view"]["status"] == "ready"
    where = items.suppression_key(workspace.partition, stored(workspace, lead)["address_hash"])
    assert get(Table.CORE, where) is None
    assert mailing.line(workspace, box)["withheld"]["reason"] == "policy_refused"


def test_who_unsubscribes_by_the_link_is_counted(workspace: Workspace, host: Host) -> None:
    box = mailing.put_mailbox(workspace)
    _, lead = _started(workspace, box, "one@example.org")
    mailing.run(workspace, box)
    for _ in range(2):
        answer = workspace.client.post(
            workspace.opt_out(lead),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body="List-Unsubscribe=One-Click",
        )
        assert answer.status == 200
    assert _shown(workspace, box)["mailbox"]["unsubscribed"] == {"count": 1, "rate": 1.0}


@pytest.mark.parametrize("opted_in", [True, False])
def test_409_a_mailbox_of_ses_mails_only_to_who_has_opted_in(
    workspace: Workspace, opted_in: bool
) -> None:
    box = mailing.put_mailbox(workspace, transport="ses")
    campaign = mailing.put_campaign(workspace, [box], opted_in=opted_in)
    plan = workspace.client.get(f"/v1/mailer/campaigns/{campaign}/plan").json
    answer = workspace.client.post(f"/v1/mailer/campaigns/{campaign}/start")
    if opted_in:
        assert (answer.status, plan["blocked_by"]) == (200, [])
        headers = {"If-Match": str(answer.json["version"])}
        path = f"/v1/mailer/campaigns/{campaign}"
        taken = workspace.client.request("PATCH", path, json={"opted_in": False}, headers=headers)
        assert (taken.status, taken.error["reason"]) == (409, "opt_in_missing")
        return
    assert (answer.status, answer.error["reason"]) == (409, "opt_in_missing")
    assert plan["blocked_by"] == ["opt_in_missing"]


def test_a_campaign_from_before_that_rule_mails_by_ses_once_it_says_so(
    workspace: Workspace, host: Host
) -> None:
    box = mailing.put_mailbox(workspace)
    campaign, lead = _started(workspace, box, "one@example.org")
    where = items.mailbox_key(workspace.partition, box)
    mailing.is_otherwise(workspace, where, transport="ses")
    mailing.run(workspace, box)
    assert stored(workspace, lead)["held"] == "opt_in"
    shown: Any = workspace.client.get(f"/v1/mailer/campaigns/{campaign}").json
    path, headers = f"/v1/mailer/campaigns/{campaign}", {"If-Match": str(shown["version"])}
    said = workspace.client.request("PATCH", path, json={"opted_in": True}, headers=headers)
    assert said.status == 200
    mailing.work_on(workspace, campaign)
    assert "held" not in stored(workspace, lead)
    assert len(mailing.rows(workspace, box)) == 1
