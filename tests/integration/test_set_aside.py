"""What cannot be handled of mail, by a fault of ours, is set aside: nothing waits behind it."""

from collections.abc import Callable
from typing import Any

import pytest

from linkwright import clock, jobs, plans, usage
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.mailer import footer, items
from linkwright.mailer.leads import status
from linkwright.mailer.responses import candidates, effects, handling, reading
from linkwright.mailer.sending import claims, filling, outcomes, unknown
from linkwright.providers.mail import letter
from linkwright.providers.mailbox.types import OutcomeUnknown
from linkwright.table import Item, Table, get
from tests import heard, mailing, pump
from tests.client import Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace
from tests.heard import READER
from tests.integration.test_heard import sent, shown
from tests.leads import stored
from tests.mailhost import Host
from tests.stack import Stack

Patch = pytest.MonkeyPatch
FILED = {"sent_copy": "host", "sent_folder": "Sent", "keeps_message_id": True}


@pytest.fixture
def hand(monkeypatch: Patch) -> Hand:
    return mailing.at_work(monkeypatch)


@pytest.fixture
def counted(monkeypatch: Patch) -> dict[str, float]:
    return mailing.counted(monkeypatch, unknown, reading, candidates)


def _in_flight(workspace: Workspace, host: Host) -> tuple[str, str, str]:
    """A mailbox, a lead whose mail nobody answered for, and another one that is due."""
    mailbox = mailing.put_mailbox(workspace, proof=FILED)
    campaign = mailing.put_campaign(workspace, [mailbox])
    lead = mailing.put_ready(workspace, campaign)
    mailing.fill(workspace, campaign)
    host.does = lambda word: _raise(OutcomeUnknown()) if word == "sent" else None
    mailing.run(workspace, mailbox)
    host.does = lambda word: None
    other = mailing.put_ready(workspace, campaign, "other@example.org", of=1)
    mailing.put_in_line(workspace, other, mailbox)
    return mailbox, lead, other


def _breaks(patch: Patch, module: Any, name: str, failure: Exception, lead: str = "") -> None:
    """Let a function raise, or do so for one lead alone."""
    proper = getattr(module, name)

    def broken(*facts: Any, **more: Any) -> Any:
        # Of a line only the send that is under way, not those that are aside.
        if lead in str([one.get("flight") if "stuck" in one else one for one in map(_item, facts)]):
            raise failure
        return proper(*facts, **more)

    patch.setattr(module, name, broken)


def _item(fact: Any) -> Item:
    return fact if isinstance(fact, dict) else {"of": fact}


def _used(workspace: Workspace) -> tuple[int, int]:
    period = plans.period(workspace.item["anchor_day"]).label
    row = get(Table.CORE, usage.key(workspace.partition, period, claims.SENDS)) or {}
    return int(row.get("used", 0)), int(row.get("committed", 0))


def test_a_send_that_cannot_be_settled_holds_up_no_other_and_is_settled_once_it_can(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: Patch, counted: dict[str, float]
) -> None:
    mailbox, lead, other = _in_flight(workspace, host)
    with monkeypatch.context() as patch:
        _breaks(patch, unknown, "settle", KeyError("proof"))
        hand.move(40)
        mailing.run(workspace, mailbox)
        assert mailing.to(host)[-1] == "other@example.org"
    assert mailing.emails(workspace, lead)[0] == (1, "sending")
    line = mailing.line(workspace, mailbox)
    assert (len(line["stuck"]), "flight" in line, counted["mail_set_aside"]) == (1, False, 1)
    mailing.go_on(workspace, hand, mailbox, minutes=20)
    assert mailing.emails(workspace, lead)[0] == (1, "unknown")
    assert stored(workspace, lead)["view"]["status"] == "active"
    assert mailing.line(workspace, mailbox)["stuck"] == []
    assert _used(workspace) == (2, 2)
    assert "jobs_given_up" not in counted


@pytest.mark.parametrize(
    ("module", "name", "email", "of_lead"),
    [
        # What looks for it raises; what follows does; nothing of its lead can be written, nor of
        # its email.
        (unknown, "settle", "unknown", "active"),
        (outcomes, "_noted", "unknown", "failed"),
        (outcomes, "leads", "unknown", "ready"),
        (outcomes, "records", "sending", "ready"),
    ],
)
@pytest.mark.slow
def test_a_send_that_never_can_be_settled_counts_as_sent_and_is_never_sent_again(
    workspace: Workspace,
    host: Host,
    hand: Hand,
    monkeypatch: Patch,
    counted: dict[str, float],
    module: Any,
    name: str,
    email: str,
    of_lead: str,
) -> None:
    mailbox, lead, other = _in_flight(workspace, host)

    class Leads:
        @staticmethod
        def stored(partition: str, lead_id: str) -> Item | None:
            if lead_id == lead:
                raise KeyError("view")
            return stored(workspace, lead_id)

    with monkeypatch.context() as patch:
        if name in {"leads", "records"}:
            patch.setattr(outcomes, "leads", Leads)
            if name == "records":
                _breaks(patch, outcomes.records, "change_email", KeyError("view"), lead)
        else:
            _breaks(patch, module, name, KeyError("view"), lead)
        mailing.go_on(workspace, hand, mailbox, hours=6)
    assert mailing.to(host).count("noa@example.org") == 1
    assert mailing.to(host).count("other@example.org") == 1
    assert mailing.send(workspace, lead, 1)["state"] == "unknown"
    assert mailing.emails(workspace, lead)[0] == (1, email)
    assert stored(workspace, lead)["view"]["status"] == of_lead
    line = mailing.line(workspace, mailbox)
    assert (line["stuck"], "flight" in line) == ([], False)
    assert _used(workspace) == (2, 2)
    assert (counted["mail_set_aside"], counted["jobs_given_up"]) == (6, 1)
    hand.move(7 * 24 * 3600)
    mailing.work_on(workspace, stored(workspace, lead)["view"]["campaign_id"])
    mailing.run(workspace, mailbox)
    states = [state for _, state in mailing.emails(workspace, lead)]
    assert states == ["unknown", "canceled" if of_lead == "failed" else "sent"]
    assert stored(workspace, lead)["view"]["status"] == (
        "failed" if name == "_noted" else "finished"
    )
    marks = [mailing.headers(host, at)["X-Linkwright-Send"] for at in range(len(host.sent))]
    assert marks.count(f"{lead}.1") == 1


def test_what_may_pass_is_waited_for_and_what_never_passes_is_set_aside(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: Patch
) -> None:
    mailbox, lead, other = _in_flight(workspace, host)
    _breaks(monkeypatch, unknown, "settle", Unavailable())
    message = mailing.work(workspace, mailbox).message()
    found = []
    for _ in range(7):
        hand.move(70)
        invoke("send_mail", queue_event([message]), Context(60_000))
        aside = len(mailing.line(workspace, mailbox).get("stuck", []))
        found.append(("other@example.org" in mailing.to(host), aside))
    assert found == [(False, 0)] * 5 + [(True, 1), (True, 0)]


@pytest.mark.slow
def test_no_mail_follows_twenty_of_which_nothing_can_be_written_down(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: Patch
) -> None:
    mailbox = mailing.put_mailbox(workspace, proof=FILED)
    campaign = mailing.put_campaign(workspace, [mailbox])
    for at in range(25):
        mailing.put_ready(workspace, campaign, f"p{at}@example.org", of=1)
    mailing.fill(workspace, campaign)
    host.does = lambda word: _raise(OutcomeUnknown()) if word == "send" else None
    _breaks(monkeypatch, unknown, "settle", KeyError("proof"))
    mailing.go_on(workspace, hand, mailbox, minutes=30)
    line = mailing.line(workspace, mailbox)
    assert len(line["stuck"]) == 20
    assert "next_at" in line


def _raise(failure: Exception) -> None:
    raise failure


@pytest.mark.parametrize("of", [(handling, "handle"), (candidates, "among"), (effects, "write")])
def test_a_message_that_raises_stops_none_behind_it_and_is_heard_once_it_can_be(
    workspace: Workspace,
    hand: Hand,
    monkeypatch: Patch,
    counted: dict[str, float],
    of: tuple[Any, str],
) -> None:
    mine = sent(workspace)
    other = mailing.put_ready(workspace, mine.campaign, "dov@example.net")
    about = heard.put_sent(workspace, other, mine.mailbox)
    heard.comes(
        heard.answer(READER, mine.message_id, "unsubscribe", Message_ID="<poison@example.org>"),
        heard.answer("dov@example.net", about),
    )
    with monkeypatch.context() as patch:
        _poisoned(patch, *of)
        for _ in range(3):
            heard.read(workspace, mine.mailbox)
        assert shown(workspace, other)["status"] == "replied"
        assert shown(workspace, mine.lead)["status"] == "ready"
        assert counted["mail_set_aside"] >= 1
    hand.move(600)
    heard.read(workspace, mine.mailbox)
    assert shown(workspace, mine.lead)["status"] == "unsubscribed"
    assert heard.reading(workspace, mine.mailbox)["withheld"] == []


def _poisoned(patch: Patch, module: Any, name: str) -> None:
    proper: Callable[..., Any] = getattr(module, name)

    def broken(*facts: Any, **more: Any) -> Any:
        if any("poison@example.org" in str(fact) for fact in facts):
            raise ZeroDivisionError
        return proper(*facts, **more)

    patch.setattr(module, name, broken)


def test_of_an_answer_that_never_can_be_handled_its_header_says_that_somebody_answered(
    workspace: Workspace, hand: Hand, monkeypatch: Patch, counted: dict[str, float]
) -> None:
    mine = sent(workspace)
    text = "This raises."
    heard.comes(heard.answer(READER, mine.message_id, text), heard.bounce(mine.message_id))
    proper = handling.handle

    def broken(partition: str, mailbox: Item, raw: bytes) -> None:
        if text.encode() in raw or b"delivery-status" in raw:
            raise ZeroDivisionError
        proper(partition, mailbox, raw)

    monkeypatch.setattr(handling, "handle", broken)
    for _ in range(45):
        heard.read(workspace, mine.mailbox)
        hand.move(180)
    assert shown(workspace, mine.lead)["status"] == "replied"
    assert heard.reading(workspace, mine.mailbox)["withheld"] == []
    assert (counted["mails_passed_over"], counted["mail_set_aside"]) == (2, 16)


def test_a_message_that_meets_others_for_ever_is_set_aside_as_well(
    workspace: Workspace, hand: Hand, monkeypatch: Patch
) -> None:
    mine = sent(workspace)
    other = mailing.put_ready(workspace, mine.campaign, "dov@example.net")
    about = heard.put_sent(workspace, other, mine.mailbox)
    heard.comes(heard.answer(READER, mine.message_id), heard.answer("dov@example.net", about))
    _breaks(monkeypatch, effects, "write", Unavailable(), mine.lead)
    states = []
    for _ in range(7):
        heard.read(workspace, mine.mailbox)
        states.append(shown(workspace, other)["status"])
        hand.move(70)
    assert states == ["ready"] * 5 + ["replied"] * 2


def test_a_lead_that_cannot_be_put_in_line_holds_up_no_other(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: Patch
) -> None:
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox])
    poison = mailing.put_ready(workspace, campaign)
    mailing.put_ready(workspace, campaign, "other@example.org", of=1)
    _breaks(monkeypatch, filling, "_enter", KeyError("view"), poison)
    mailing.fill(workspace, campaign)
    mailing.run(workspace, mailbox)
    assert mailing.to(host) == ["other@example.org"]


def test_a_lead_that_cannot_be_ended_holds_up_none_that_can(
    workspace: Workspace, stack: Stack, hand: Hand, monkeypatch: Patch
) -> None:
    first, second = (workspace.mailer_campaign() for _ in range(2))
    of = [workspace.lead(one, email="stop@example.com") for one in sorted((first, second))]
    with monkeypatch.context() as patch:
        _breaks(patch, status, "stop", KeyError("view"), of[0])
        workspace.suppression("stop@example.com")
        pump.settle(stack, workspace.id)
        assert [shown(workspace, one)["status"] for one in of] == ["pending", "suppressed"]
    hand.move(7200)
    where = items.suppression_key(workspace.partition, items.hashed("stop@example.com"))
    message = Work(jobs.SUPPRESSION, *where).message()
    assert invoke("update_workspace", queue_event([message])) == {"batchItemFailures": []}
    assert shown(workspace, of[0])["status"] == "suppressed"


def test_a_lead_that_cannot_be_put_in_line_is_once_it_can_be(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: Patch, stack: Stack
) -> None:
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox])
    mailing.put_ready(workspace, campaign, of=1)
    with monkeypatch.context() as patch:
        _breaks(patch, filling, "_enter", KeyError("view"))
        mailing.start(workspace, campaign)
        for _ in range(3):
            hand.move(20)
            pump.settle(stack, workspace.id)
    hand.move(3700)
    message = Work(jobs.CAMPAIGN, *items.campaign_key(workspace.partition, campaign)).message()
    assert invoke("send_mail", queue_event([message])) == {"batchItemFailures": []}
    mailing.run(workspace, mailbox)
    assert mailing.to(host) == ["noa@example.org"]


@pytest.mark.parametrize("of", [(footer, "text"), (letter, "format_datetime")])
def test_a_fault_in_how_mails_are_made_is_charged_to_no_lead(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: Patch, of: tuple[Any, str]
) -> None:
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox])
    leads = [mailing.put_ready(workspace, campaign, f"p{at}@example.org", of=1) for at in range(3)]
    mailing.fill(workspace, campaign)
    with monkeypatch.context() as patch:
        _breaks(patch, *of, KeyError("policy"))
        mailing.go_on(workspace, hand, mailbox, minutes=10)
    assert [mailing.emails(workspace, one) for one in leads] == [[(1, "approved")]] * 3
    assert _used(workspace) == (0, 0)
    mailing.go_on(workspace, hand, mailbox, minutes=70)
    assert len(host.sent) == 3


def test_a_line_rests_while_its_send_is_looked_for_though_others_are_aside(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: Patch
) -> None:
    mailbox, lead, other = _in_flight(workspace, host)
    host.does = lambda word: _raise(OutcomeUnknown()) if word == "sent" else None
    with monkeypatch.context() as patch:
        _breaks(patch, unknown, "settle", KeyError("proof"), lead)
        hand.move(40)
        mailing.run(workspace, mailbox)
    line = mailing.line(workspace, mailbox)
    assert (len(line["stuck"]), line["flight"]["lead"]) == (1, other)
    hand.move(70)
    mailing.run(workspace, mailbox)
    line = mailing.line(workspace, mailbox)
    assert line["flight"]["lead"] == other
    assert clock.parse(line["next_at"]) > clock.now()
