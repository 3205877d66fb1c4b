"""What a host has against a mailbox costs none of the leads that are mailed from it."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from linkwright import clock, jobs
from linkwright.mailer import items, lines
from linkwright.providers.mailbox.types import Failure, MailboxFailed
from linkwright.table import Table, get
from linkwright.transaction import Transaction
from tests import feedback, heard, mailing
from tests.clocks import Hand
from tests.factories import Workspace
from tests.leads import stored
from tests.mailhost import Host

_QUOTA = "Daily user sending quota exceeded"


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return mailing.at_work(monkeypatch)


def _started(workspace: Workspace, count: int) -> tuple[str, list[str]]:
    """A young mailbox, and leads that wait in its line."""
    box = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [box])
    of = [mailing.put_ready(workspace, campaign, f"p{at}@example.org", of=1) for at in range(count)]
    mailing.fill(workspace, campaign)
    return box, of


def _refuses(host: Host, *failure: object) -> list[datetime]:
    """Each mail from now on. Returns when one was tried."""
    tried: list[datetime] = []

    def does(word: str) -> None:
        if word == "send":
            tried.append(clock.now())
            raise MailboxFailed(*failure)  # type: ignore[arg-type]

    host.does = does
    return tried


def _states(workspace: Workspace, of: list[str]) -> Counter[str]:
    return Counter(stored(workspace, one)["view"]["status"] for one in of)


def _suppressed(workspace: Workspace) -> int:
    return len(workspace.client.get("/v1/mailer/suppressions").json["data"])


def _mailbox(workspace: Workspace, box: str) -> str:
    return str(
        (get(Table.CORE, items.mailbox_key(workspace.partition, box)) or {})["view"]["status"]
    )


@pytest.mark.parametrize(
    ("failure", "lost"),
    [
        ((Failure.CONTENT_REFUSED, 550, "5.4.5", _QUOTA), 0),
        ((Failure.RECIPIENT_REFUSED, 550, "5.4.5", ""), 0),
        (
            (
                Failure.RECIPIENT_REFUSED,
                550,
                "",
                "Recipient address rejected: Email Sending Quota Exceeded",
            ),
            0,
        ),
        ((Failure.SENDER_REFUSED, 550, "5.4.5", _QUOTA), 0),
        ((Failure.DEFERRED, 421, "4.7.0", "try again later"), 0),
        ((Failure.DEFERRED, 451, "", ""), 0),
        ((Failure.CONTENT_REFUSED, 554, "5.7.1", "rejected under suspicion of SPAM"), 0),
        # What says nothing costs the first one, and no other.
        ((Failure.RECIPIENT_REFUSED, 550, "", ""), 1),
        ((Failure.CONTENT_REFUSED, 554, "", "no"), 1),
    ],
)
def test_a_day_on_which_the_host_takes_nothing_costs_no_lead(
    workspace: Workspace, host: Host, hand: Hand, failure: tuple[object, ...], lost: int
) -> None:
    box, of = _started(workspace, 8)
    tried = _refuses(host, *failure)
    mailing.go_on(workspace, hand, box, hours=24)
    assert _states(workspace, of) == Counter({"ready": 8 - lost, "failed": lost})
    assert (_suppressed(workspace), _mailbox(workspace, box)) == (0, "active")
    # The line rests ever longer: nobody is asked every minute.
    assert 4 <= len(tried) <= 12
    host.does = lambda word: None
    mailing.go_on(workspace, hand, box, hours=24)
    assert len(host.sent) == 8 - lost
    assert "withheld" not in mailing.line(workspace, box)


def test_200_tells_why_a_mailbox_sends_nothing(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    box, _ = _started(workspace, 2)
    path = f"/v1/mailer/mailboxes/{box}"
    assert workspace.client.get(path).json["held_up"] is None
    _refuses(host, Failure.CONTENT_REFUSED, 550, "5.4.5", _QUOTA)
    mailing.run(workspace, box)
    now = clock.now()
    assert workspace.client.get(path).json["held_up"] == {
        "reason": "quota_exceeded",
        "until": clock.timestamp(now + timedelta(minutes=5)),
    }
    host.does = lambda word: None
    mailing.go_on(workspace, hand, box, minutes=10)
    assert workspace.client.get(path).json["held_up"] is None


def test_a_host_that_takes_nothing_for_days_fails_the_mailbox_and_no_lead(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    box, of = _started(workspace, 3)
    _refuses(host, Failure.CONTENT_REFUSED, 554, "5.7.1", "spam")
    mailing.go_on(workspace, hand, box, days=4)
    assert _states(workspace, of) == Counter({"ready": 3})
    view = workspace.client.get(f"/v1/mailer/mailboxes/{box}").json
    assert (view["status"], view["status_reason"]) == ("failed", "policy_refused")
    where = items.mailbox_key(workspace.partition, box)
    proof = view["proof"] | {"at": clock.timestamp()}
    mailing.is_otherwise(workspace, where, status="active", proof=proof)
    mailing.run(workspace, box)
    assert _mailbox(workspace, box) == "active"


@pytest.mark.parametrize("status", ["5.7.1", ""])
@pytest.mark.parametrize("is_first", [True, False])
def test_what_a_host_has_against_one_mail_holds_up_no_other(
    workspace: Workspace, host: Host, hand: Hand, status: str, is_first: bool
) -> None:
    """Nor fails it the mailbox, where nobody is left to compare with."""
    box, of = _started(workspace, 5)
    of.sort()
    bad = of[0] if is_first else of[-1]

    def does(word: str) -> None:
        if word == "send" and mailing.line(workspace, box)["flight"]["lead"] == bad:
            raise MailboxFailed(Failure.CONTENT_REFUSED, 554, status, "no")

    host.does = does
    mailing.go_on(workspace, hand, box, days=1)
    assert len(host.sent) == 4
    assert _states(workspace, of) == Counter({"finished": 4, "failed": 1})
    assert (_suppressed(workspace), _mailbox(workspace, box)) == (0, "active")


def test_who_is_not_there_is_barred_however_many_of_them_there_are(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    box, of = _started(workspace, 4)
    _refuses(host, Failure.RECIPIENT_REFUSED, 550, "5.1.1", "no such user")
    mailing.go_on(workspace, hand, box, hours=1)
    assert _states(workspace, of) == Counter({"bounced": 4})
    assert _suppressed(workspace) == 4


@pytest.mark.parametrize("failure", [Failure.HOST_UNREACHABLE, Failure.TIMED_OUT])
def test_while_an_inbox_cannot_be_read_nothing_is_sent(
    workspace: Workspace, host: Host, hand: Hand, failure: Failure
) -> None:
    """By SMTP the host takes mails, and whoever asks for no more is not heard."""
    box, _ = _started(workspace, 1)
    heard.put_reading(workspace, box)
    heard.read(workspace, box)
    mailing.run(workspace, box)
    other = mailing.put_campaign(workspace, [box])
    for at in range(3):
        mailing.put_ready(workspace, other, f"q{at}@example.org", of=1)
    mailing.fill(workspace, other)

    def away(word: str) -> None:
        if word == "imap":
            raise MailboxFailed(failure)

    host.does = away
    for _ in range(5):
        hand.move(240)
        heard.read(workspace, box)
    mailing.run(workspace, box)
    assert mailing.to(host) == ["p0@example.org"]
    shown = workspace.client.get(f"/v1/mailer/mailboxes/{box}").json["held_up"]
    assert shown["reason"] == "inbox_not_read"
    host.does = lambda word: None
    hand.move(900)
    heard.read(workspace, box)
    mailing.run(workspace, box)
    assert mailing.to(host)[1:] != []
    assert workspace.client.get(f"/v1/mailer/mailboxes/{box}").json["held_up"] is None


def test_an_inbox_that_nobody_comes_to_read_holds_up_as_well(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    """As where what reads is broken, and no host is."""
    box, _ = _started(workspace, 1)
    heard.put_reading(workspace, box)
    hand.move(901 + 60)
    mailing.run(workspace, box)
    assert host.sent == []
    heard.read(workspace, box)
    hand.move(301)
    mailing.run(workspace, box)
    assert len(host.sent) == 1


def test_what_has_no_inbox_waits_for_none(
    workspace: Workspace, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(
        "linkwright.providers.mail.tenants.send",
        lambda wanted, tenant: asked.append(wanted) or {"MessageId": "0100"},
    )
    box = feedback.put_ses_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [box], opted_in=True)
    mailing.put_ready(workspace, campaign, of=1)
    mailing.fill(workspace, campaign)
    heard.put_reading(workspace, box)
    hand.move(3600)
    mailing.run(workspace, box)
    assert len(asked) == 1


def test_nothing_is_sent_from_a_mailbox_that_nobody_is_to_read_and_somebody_is_from_then_on(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    """As of one that a version before connected, or whose reading was ended by another state."""
    box, _ = _started(workspace, 1)
    where = lines.reading_key(workspace.partition, box)
    for ended in (True, False):
        tx = Transaction(workspace.partition, "req_test")
        if ended:
            gone = ", ".join(f"#{name}" for name in jobs.ATTRIBUTES)
            tx.update(Table.CORE, where, f"REMOVE {gone}")
        else:
            tx.delete(Table.CORE, where)
        tx.commit()
        hand.move(61)
        shown = workspace.client.get(f"/v1/mailer/mailboxes/{box}").json["held_up"]
        assert shown["reason"] == "inbox_not_read"
        mailing.run(workspace, box)
        assert host.sent == []
        assert jobs.is_due(heard.reading(workspace, box))
    heard.read(workspace, box)
    hand.move(61)
    mailing.run(workspace, box)
    assert len(host.sent) == 1
