"""Mail of test mode: what a campaign does there is as it is elsewhere, and no host hears of it."""

from contextlib import suppress
from typing import Any, NoReturn

import pytest

from linkwright import clock, dns, egress_dialling, jobs
from linkwright.jobs import Work
from linkwright.mailer import items, lines
from linkwright.mailer.responses import reading
from linkwright.mailer.sending import filling
from linkwright.mailer.sending import transport as ways
from linkwright.providers import mail as mails
from linkwright.providers.mailbox.looking import Trace
from linkwright.table import Table, get
from linkwright.transaction import Transaction
from tests import mailhost, mailing, pump
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.mailhost import Host
from tests.stack import Stack

PATH = "/v1/mailer/mailboxes"


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return mailing.at_work(monkeypatch)


def _never(*_what: Any, **_more: Any) -> NoReturn:
    raise AssertionError("somebody was asked")


@pytest.fixture
def mine(stack: Stack, host: Host, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A workspace in test mode, in which nobody is asked anything."""
    for module, name in (
        (egress_dialling, "open_connection"),
        (dns.Look, "_ask"),
        (mails, "send"),
    ):
        monkeypatch.setattr(module, name, _never)
    yield make_workspace(mode="test")
    assert (host.told, host.sent, host.refreshed) == ([], [], [])


def _connected(workspace: Workspace, **wanted: Any) -> Any:
    return workspace.client.post(PATH, json=mailhost.wanted(**wanted))


def _shown(workspace: Workspace, mailbox: str) -> Any:
    return workspace.client.get(f"{PATH}/{mailbox}").json


def _started(workspace: Workspace, campaign: str) -> None:
    mailing.start(workspace, campaign)
    with suppress(clock.NotYet):
        filling.run(Work(jobs.CAMPAIGN, *items.campaign_key(workspace.partition, campaign)))


@pytest.mark.parametrize(
    "wanted",
    [
        mailhost.wanted(),
        mailhost.by_oauth(),
        {"email": "dana@example.com", "transport": "ses"},
    ],
)
def test_201_and_active_without_a_mail_to_itself(
    stack: Stack, mine: Workspace, wanted: dict[str, Any]
) -> None:
    made = mine.client.post(PATH, json=wanted)
    assert (made.status, made.json["status"]) == (201, "verifying")
    pump.settle(stack, mine.id)
    shown = _shown(mine, made.json["id"])
    assert (shown["status"], shown["checks"]["spf"]["status"]) == ("active", "passed")
    checks = mine.client.get(f"{PATH}/{made.json['id']}/checks").json
    assert (checks["dkim"]["status"], checks["domain"]) == ("passed", "example.com")
    told = [one["type"] for one in mine.client.get("/v1/events").json["data"]]
    assert told == ["mailbox.state_changed"]
    assert stack.rows("CoreTable", f"{mine.partition}#MBR") == []
    campaign = mailing.put_campaign(mine, [made.json["id"]], opted_in=True)
    mailing.start(mine, campaign)


@pytest.mark.parametrize("reason", ["login_refused", "host_unreachable", "token_refused"])
def test_400_as_the_tag_of_the_address_says(mine: Workspace, reason: str) -> None:
    answer = _connected(mine, email=f"dana+{reason}@example.com")
    assert (answer.status, answer.error["reason"]) == (400, reason)


def test_200_failed_as_the_tag_of_the_address_says(stack: Stack, mine: Workspace) -> None:
    made = _connected(mine, email="dana+sender_refused@example.com")
    pump.settle(stack, mine.id)
    shown = _shown(mine, made.json["id"])
    assert (shown["status"], shown["status_reason"]) == ("failed", "sender_refused")


@pytest.mark.parametrize("by", ["smtp", "oauth", "ses"])
def test_sent_and_nobody_is_mailed(mine: Workspace, hand: Hand, by: str) -> None:
    """Nor is who has asked for no more mail: that is another list than the one of test mode."""
    transport = "ses" if by == "ses" else "smtp"
    mailbox = mailing.put_mailbox(mine, is_by_oauth=by == "oauth", transport=transport)
    campaign = mailing.put_campaign(mine, [mailbox], opted_in=True)
    lead = mailing.put_ready(mine, campaign, "noa@example.org", of=1)
    _started(mine, campaign)
    mailing.run(mine, mailbox)
    assert mailing.emails(mine, lead) == [(1, "sent")]
    assert mailing.send(mine, lead, 1)["state"] == "sent"


@pytest.mark.parametrize(
    ("tag", "state", "status"),
    [
        ("recipient_refused", "failed", "bounced"),
        ("content_refused", "failed", "failed"),
        ("deferred", "approved", "ready"),
        ("unknown", "unknown", "finished"),
        ("newsletter", "sent", "finished"),
    ],
)
def test_sent_or_not_as_the_tag_of_the_address_says(
    mine: Workspace,
    hand: Hand,
    tag: str,
    state: str,
    status: str,
) -> None:
    mailbox = mailing.put_mailbox(mine)
    campaign = mailing.put_campaign(mine, [mailbox])
    lead = mailing.put_ready(mine, campaign, f"noa+{tag}@example.org", of=1)
    _started(mine, campaign)
    mailing.run(mine, mailbox)
    assert mailing.emails(mine, lead) == [(1, state)]
    assert mine.client.get(f"/v1/mailer/leads/{lead}").json["status"] == status


def test_unheard_what_was_under_way_is_looked_for_nowhere(mine: Workspace) -> None:
    mailbox = mailing.put_mailbox(mine)
    row = get(Table.CORE, items.mailbox_key(mine.partition, mailbox)) or {}
    with pytest.raises(ways.Broken):
        ways.find(mine.partition, row, Trace("", ""), clock.now())


def test_unheard_nothing_is_read_of_a_mailbox(mine: Workspace) -> None:
    """Also where somebody had asked for that."""
    mailbox = mailing.put_mailbox(mine)
    tx = Transaction(mine.partition, "req_test")
    lines.ask_to_read(tx, mailbox)
    tx.commit()
    where = lines.reading_key(mine.partition, mailbox)
    reading.run(Work(jobs.MAILBOX_READING, *where))
    assert "troubles" not in (get(Table.CORE, where) or {})
