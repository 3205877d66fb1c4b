"""Sending campaigns' mails: each step of a lead once, in order, in its thread, and when it may."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, deadline, plans, usage
from linkwright.jobs import Work
from linkwright.mailer import items
from linkwright.mailer.campaigns import stats
from linkwright.mailer.feedback import unsubscribing
from linkwright.mailer.leads import status
from linkwright.mailer.sending import claims, filling, steps
from linkwright.providers.mailbox.types import Failure, MailboxFailed, OutcomeUnknown
from linkwright.table import Table, get
from linkwright.transaction import Transaction
from tests import mailing, pump
from tests.clocks import Hand
from tests.factories import Workspace
from tests.leads import put, stored
from tests.mailhost import Host
from tests.stack import Stack


class _Killed(BaseException):
    pass


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return mailing.at_work(monkeypatch)


def _started(workspace: Workspace, **view: Any) -> tuple[str, str, str]:
    """A campaign that was started, its mailbox, and a lead that waits in line."""
    mailbox = mailing.put_mailbox(workspace, **view.pop("mailbox", {}))
    campaign = mailing.put_campaign(workspace, [mailbox], **view)
    lead = mailing.put_ready(workspace, campaign)
    mailing.fill(workspace, campaign)
    return campaign, mailbox, lead


def _events(workspace: Workspace) -> list[str]:
    found = workspace.client.get("/v1/events").json["data"]
    return [one["type"] for one in reversed(found)]


def _used(workspace: Workspace) -> tuple[int, int]:
    period = plans.period(workspace.item["anchor_day"]).label
    row = get(Table.CORE, usage.key(workspace.partition, period, claims.SENDS)) or {}
    return int(row.get("used", 0)), int(row.get("committed", 0))


def test_two_steps_go_each_once_and_the_second_in_the_thread_of_the_first(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    campaign, mailbox, lead = _started(workspace)
    mailing.run(workspace, mailbox)
    assert mailing.to(host) == ["noa@example.org"]
    assert mailing.emails(workspace, lead) == [(1, "sent"), (2, "approved")]
    assert stored(workspace, lead)["view"]["status"] == "active"
    assert mailing.rows(workspace, mailbox) == [f"2027-02-08T10:00:00Z#{lead}"]
    hand.move(5 * 24 * 3600 - 1)
    mailing.run(workspace, mailbox)
    assert len(host.sent) == 1
    hand.move(1)
    mailing.run(workspace, mailbox)
    first, second = mailing.headers(host, 0), mailing.headers(host, 1)
    assert second["Subject"] == "Re: An idea 1"
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert mailing.emails(workspace, lead) == [(1, "sent"), (2, "sent")]
    assert stored(workspace, lead)["view"]["status"] == "finished"
    assert mailing.rows(workspace, mailbox) == []
    assert _used(workspace) == (2, 2)
    record = mailing.send(workspace, lead, 1)
    assert f"<{record['message_id']}>" == first["Message-ID"]
    assert host.of(mailing.SENDER)["Sent"] != []


def test_all_leads_are_in_line_though_each_run_has_time_for_some(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On AWS a run has a minute, and a campaign a hundred thousand leads."""
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox])
    made = [mailing.put_ready(workspace, campaign, f"p{n}@example.org", of=1) for n in range(12)]
    mailing.start(workspace, campaign)
    monkeypatch.setattr(filling, "_AT_ONCE", 4)
    left, real = {"n": 0}, filling._enter

    def enter(partition: str, lead: str) -> None:
        if left["n"] == 0:
            raise _Killed
        left["n"] -= 1
        real(partition, lead)

    monkeypatch.setattr(filling, "_enter", enter)
    for _ in range(12):
        left["n"] = 5
        with suppress(_Killed, clock.NotYet):
            filling.run(Work("cmp", *items.campaign_key(workspace.partition, campaign)))
        hand.move(30)
    assert [one for one in made if "queued" not in stored(workspace, one)] == []
    row = get(Table.CORE, items.campaign_key(workspace.partition, campaign)) or {}
    assert {"fill", "filled", "gsi2pk"} & row.keys() == set()


def test_another_run_goes_on_where_one_has_no_time_left(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox])
    made = [mailing.put_ready(workspace, campaign, f"p{n}@example.org", of=1) for n in range(3)]
    mailing.start(workspace, campaign)
    monkeypatch.setattr(filling, "_AT_ONCE", 1)
    monkeypatch.setattr(deadline, "seconds_left", lambda: filling._RESERVE_S - 1)
    work = Work("cmp", *items.campaign_key(workspace.partition, campaign))
    in_line = []
    for _ in range(4):
        with pytest.raises(clock.NotYet):
            filling.run(work)
        in_line.append(sum("queued" in stored(workspace, one) for one in made))
    assert in_line == [0, 1, 2, 3]


def test_what_the_index_did_not_show_yet_is_looked_for_once_it_does(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the first look at all leads takes."""
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox])
    lead = mailing.put_ready(workspace, campaign)
    mailing.start(workspace, campaign)
    work, real = Work("cmp", *items.campaign_key(workspace.partition, campaign)), filling.query

    def behind(*what: Any, **how: Any) -> Any:
        hand.move(20)
        return [], real(*what, **how)[1]

    monkeypatch.setattr(filling, "query", behind)
    with pytest.raises(clock.NotYet):
        filling.run(work)
    monkeypatch.setattr(filling, "query", real)
    filling.run(work)
    assert "queued" in stored(workspace, lead)


def test_the_address_to_unsubscribe_is_of_that_lead(workspace: Workspace, host: Host) -> None:
    campaign, mailbox, lead = _started(workspace)
    mailing.run(workspace, mailbox)
    url = mailing.headers(host, 0)["List-Unsubscribe"].strip("<>")
    item: Any = stored(workspace, lead)
    key = workspace.item["cursor_key"]
    assert url == unsubscribing.url(key, workspace.partition, item)


def test_a_campaign_is_over_once_its_last_lead_is(
    workspace: Workspace, host: Host, hand: Hand, stack: Stack
) -> None:
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox])
    lead = mailing.put_ready(workspace, campaign, of=1)
    _counted(workspace, campaign, lead)
    mailing.fill(workspace, campaign)
    hand.move(60)
    pump.settle(stack, workspace.id)
    assert len(host.sent) == 1
    shown = workspace.client.get(f"/v1/mailer/campaigns/{campaign}").json
    assert shown["state"] == "completed"
    assert stored(workspace, lead)["view"]["status"] == "finished"


def test_a_campaign_that_is_over_goes_on_with_a_lead_that_is_pushed(
    workspace: Workspace, host: Host, hand: Hand, stack: Stack
) -> None:
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox], require_approval=False)
    _counted(workspace, campaign, mailing.put_ready(workspace, campaign, of=1))
    mailing.fill(workspace, campaign)
    hand.move(60)
    pump.settle(stack, workspace.id)
    path = f"/v1/mailer/campaigns/{campaign}"
    assert workspace.client.get(path).json["state"] == "completed"
    pushed = workspace.client.post(f"{path}/leads", json={"email": "late@example.org"})
    assert pushed.status == 201
    hand.move(60)
    pump.settle(stack, workspace.id)
    events = workspace.client.get(f"/v1/events?object={campaign}").json["data"]
    assert "leads_pushed" in {event["data"].get("reason") for event in events}
    assert workspace.client.get(path).json["state"] == "active"
    assert mailing.to(host) == ["noa@example.org", "late@example.org"]


def test_a_lead_that_may_be_mailed_only_now_has_a_campaign_that_is_over_go_on(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    """As its push was there before the end was."""
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox], state="completed")
    lead = mailing.put_ready(workspace, campaign, of=1)
    _counted(workspace, campaign, lead)
    item: Any = stored(workspace, lead)
    tx = Transaction(workspace.partition, "req_test")
    status.write(tx, {**item, "held": "approval"}, item["view"], has_emails=True)
    tx.commit()
    assert stored(workspace, lead)["held"] == "campaign"
    mailing.work_on(workspace, campaign)
    mailing.work_on(workspace, campaign)
    mailing.run(workspace, mailbox)
    assert mailing.to(host) == ["noa@example.org"]


def test_who_is_to_be_left_alone_for_a_while_is_written_to_after_that(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    _, mailbox, lead = _started(workspace)
    until = clock.timestamp(clock.now() + timedelta(days=14))
    where = items.suppression_key(workspace.partition, stored(workspace, lead)["address_hash"])
    put({**where.attributes(), "view": {"source": "bounced", "until": until}})
    mailing.run(workspace, mailbox)
    assert host.sent == []
    # It may be taken from the list before.
    tomorrow = clock.timestamp(clock.now() + timedelta(days=1))
    assert mailing.rows(workspace, mailbox) == [f"{tomorrow}#{lead}"]
    shown = workspace.client.get(f"/v1/mailer/leads/{lead}").json["emails"]
    assert [email["send_at"] for email in shown] == [tomorrow, None]
    mailing.go_on(workspace, hand, mailbox, days=14)
    assert host.sent == []
    mailing.go_on(workspace, hand, mailbox, seconds=5)
    assert len(host.sent) == 1


def _counted(workspace: Workspace, campaign: str, lead: str) -> None:
    """As a push counts it."""
    tx = Transaction(workspace.partition, "req_test")
    stats.count(tx, campaign, stored(workspace, lead)["address_hash"], {"ready": 1})
    tx.commit()


@pytest.mark.parametrize("state", ["generated", "rejected", "canceled"])
def test_what_is_not_approved_is_not_sent(workspace: Workspace, host: Host, state: str) -> None:
    _, mailbox, lead = _started(workspace)
    mailing.is_otherwise(workspace, items.email_key(workspace.partition, lead, 1), state=state)
    mailing.run(workspace, mailbox)
    assert host.sent == []
    assert mailing.rows(workspace, mailbox) == []
    assert stored(workspace, lead)["held"] == "approval"


def test_what_is_changed_between_the_look_and_the_claim_is_not_sent(
    workspace: Workspace, host: Host
) -> None:
    _, mailbox, lead = _started(workspace)
    where = items.email_key(workspace.partition, lead, 1)
    host.does = lambda word: (
        mailing.is_otherwise(workspace, where, state="generated") if word == "smtp" else None
    )
    mailing.run(workspace, mailbox)
    assert host.sent == []


def test_who_is_suppressed_between_enqueueing_and_sending_is_not_written_to(
    workspace: Workspace, host: Host
) -> None:
    _, mailbox, lead = _started(workspace)
    _suppress(workspace, lead)
    mailing.run(workspace, mailbox)
    assert host.sent == []
    assert stored(workspace, lead)["view"]["status"] == "suppressed"


def test_who_is_suppressed_while_the_host_is_greeted_is_not_written_to(
    workspace: Workspace, host: Host
) -> None:
    _, mailbox, lead = _started(workspace)
    host.does = lambda word: _suppress(workspace, lead) if word == "smtp" else None
    mailing.run(workspace, mailbox)
    assert host.sent == []
    assert stored(workspace, lead)["view"]["status"] == "suppressed"


def _suppress(workspace: Workspace, lead: str) -> None:
    item = stored(workspace, lead)
    where = items.suppression_key(workspace.partition, item["address_hash"])
    if get(Table.CORE, where) is None:
        put({**where.attributes(), "view": {"source": "unsubscribed"}})


def test_a_campaign_that_is_paused_sends_nothing_until_it_is_started_again(
    workspace: Workspace, host: Host
) -> None:
    campaign, mailbox, lead = _started(workspace)
    assert workspace.client.post(f"/v1/mailer/campaigns/{campaign}/pause", json={}).status == 200
    mailing.run(workspace, mailbox)
    assert host.sent == []
    assert mailing.rows(workspace, mailbox) == []
    mailing.fill(workspace, campaign)
    assert len(mailing.rows(workspace, mailbox)) == 1
    mailing.run(workspace, mailbox)
    assert mailing.to(host) == ["noa@example.org"]
    assert mailing.emails(workspace, lead)[0] == (1, "sent")


def test_who_is_stopped_hears_no_more(workspace: Workspace, host: Host, hand: Hand) -> None:
    _, mailbox, lead = _started(workspace)
    mailing.run(workspace, mailbox)
    tx = Transaction(workspace.partition, "req_test")
    item: Any = stored(workspace, lead)
    status.stop(tx, item, "replied", "replied")
    tx.commit()
    hand.move(10 * 24 * 3600)
    mailing.run(workspace, mailbox)
    assert len(host.sent) == 1
    assert mailing.emails(workspace, lead) == [(1, "sent"), (2, "canceled")]


def _fails(word: str, failure: Exception) -> Any:
    def does(said: str) -> None:
        if said == word:
            raise failure

    return does


@pytest.mark.parametrize(
    ("failure", "code", "words", "email", "lead_is"),
    [
        (Failure.DEFERRED, 450, "greylisted", "approved", "ready"),
        (Failure.RECIPIENT_REFUSED, 552, "full", "approved", "ready"),
        (Failure.RECIPIENT_REFUSED, 550, "no such user", "failed", "bounced"),
        (Failure.RECIPIENT_REFUSED, 550, "not this one", "failed", "failed"),
        (Failure.CONTENT_REFUSED, 554, "no", "failed", "failed"),
        (Failure.SENDER_REFUSED, 553, "not yours", "approved", "ready"),
        (Failure.TIMED_OUT, None, "", "approved", "ready"),
        (Failure.HOST_UNREACHABLE, None, "", "approved", "ready"),
    ],
)
def test_what_a_host_answers_before_the_last_dot(
    workspace: Workspace,
    host: Host,
    failure: Failure,
    code: int | None,
    words: str,
    email: str,
    lead_is: str,
) -> None:
    _, mailbox, lead = _started(workspace)
    host.does = _once(_fails("send", MailboxFailed(failure, code, words=words)))
    with _stopped_clock():
        mailing.run(workspace, mailbox)
    states = dict(mailing.emails(workspace, lead))
    assert (states[1], stored(workspace, lead)["view"]["status"]) == (email, lead_is)
    used, committed = _used(workspace)
    assert (used, committed) == (0, 0)
    where = items.suppression_key(workspace.partition, stored(workspace, lead)["address_hash"])
    assert (get(Table.CORE, where) is not None) == (lead_is == "bounced")
    box = get(Table.CORE, items.mailbox_key(workspace.partition, mailbox)) or {}
    is_broken = failure is Failure.SENDER_REFUSED
    assert (box["view"]["status"] == "failed") == is_broken


def test_what_is_put_off_is_tried_again_four_times(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    _, mailbox, lead = _started(workspace)
    host.does = _fails("send", MailboxFailed(Failure.DEFERRED, 451))
    for wait in (0, 5, 15, 60, 240):
        hand.move(wait * 60 + 1)
        mailing.run(workspace, mailbox)
    assert mailing.emails(workspace, lead) == [(1, "failed"), (2, "canceled")]
    assert mailing.rows(workspace, mailbox) == []
    assert _events(workspace)[-1] == "email.failed"


@pytest.mark.parametrize("failure", [Failure.LOGIN_REFUSED, Failure.TOKEN_REFUSED])
def test_a_mailbox_that_is_let_in_no_more_fails_and_its_mails_wait(
    workspace: Workspace, host: Host, failure: Failure
) -> None:
    _, mailbox, lead = _started(workspace)
    host.does = _fails("smtp", MailboxFailed(failure, 535))
    mailing.run(workspace, mailbox)
    box = get(Table.CORE, items.mailbox_key(workspace.partition, mailbox)) or {}
    assert (box["view"]["status"], box["view"]["status_reason"]) == ("failed", failure.value)
    assert len(mailing.rows(workspace, mailbox)) == 1
    assert mailing.send(workspace, lead, 1) == {}


def test_a_host_that_is_away_is_tried_again_later_and_later(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    _, mailbox, lead = _started(workspace)
    host.does = _fails("smtp", MailboxFailed(Failure.HOST_UNREACHABLE))
    waits = []
    for _ in range(5):
        mailing.run(workspace, mailbox)
        until = clock.parse(mailing.line(workspace, mailbox)["next_at"])
        waits.append((until - clock.now()).total_seconds())
        hand.set(until)
    assert waits == [60, 120, 300, 900, 900]
    host.does = lambda word: None
    mailing.run(workspace, mailbox)
    assert len(host.sent) == 1
    assert "troubles" not in mailing.line(workspace, mailbox)


def test_what_nobody_answers_for_counts_as_sent_where_the_host_files_no_copies(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    _, mailbox, lead = _started(workspace)
    host.does = _fails("sent", OutcomeUnknown())
    mailing.run(workspace, mailbox)
    assert mailing.emails(workspace, lead) == [(1, "unknown"), (2, "approved")]
    assert mailing.send(workspace, lead, 1)["state"] == "unknown"
    assert _used(workspace) == (1, 1)
    hand.move(3600)
    mailing.run(workspace, mailbox)
    assert len(host.sent) == 1


@pytest.mark.parametrize("is_filed", [True, False])
def test_what_nobody_answers_for_is_looked_for_where_the_host_files_copies(
    workspace: Workspace, host: Host, hand: Hand, is_filed: bool
) -> None:
    proof = {"sent_copy": "host", "sent_folder": "Sent"}
    _, mailbox, lead = _started(workspace, mailbox={"proof": proof})
    host.files = is_filed
    host.does = _fails("sent", OutcomeUnknown())
    waits = []
    for _ in range(4):
        mailing.run(workspace, mailbox)
        line = mailing.line(workspace, mailbox)
        if "flight" not in line:
            break
        until = clock.parse(line["next_at"])
        waits.append((until - clock.now()).total_seconds())
        hand.set(until)
    assert waits == ([30] if is_filed else [30, 270, 600])
    assert mailing.emails(workspace, lead)[0] == (1, "sent" if is_filed else "unknown")
    assert len(host.sent) == 1


def test_a_lead_that_cannot_be_handled_holds_up_no_other(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox])
    poison = mailing.put_ready(workspace, campaign)
    mailing.put_ready(workspace, campaign, "other@example.org", of=1)
    mailing.fill(workspace, campaign)
    real = steps.read

    def broken(*facts: Any) -> Any:
        if any(poison in str(fact) for fact in facts):
            raise KeyError("subject")
        return real(*facts)

    monkeypatch.setattr(steps, "read", broken)
    for _ in range(3):
        mailing.run(workspace, mailbox)
        hand.move(60)
    assert mailing.to(host) == ["other@example.org"]
    assert mailing.emails(workspace, poison)[0] == (1, "approved")
    assert mailing.rows(workspace, mailbox) == [mailing.place(workspace, poison)]
    monkeypatch.setattr(steps, "read", real)
    hand.move(3600)
    mailing.run(workspace, mailbox)
    assert mailing.emails(workspace, poison)[0] == (1, "sent")


def test_a_mail_that_raises_as_it_is_handed_over_is_unknown_and_holds_up_no_other(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox])
    poison = mailing.put_ready(workspace, campaign, of=1)
    other = mailing.put_ready(workspace, campaign, "other@example.org", of=1)
    mailing.fill(workspace, campaign)

    def does(word: str) -> None:
        if word == "sent" and mailing.to(host)[-1] == "noa@example.org":
            raise KeyError("code")

    host.does = does
    for _ in range(3):
        mailing.run(workspace, mailbox)
        hand.move(60)
    assert sorted(mailing.to(host)) == ["noa@example.org", "other@example.org"]
    found = [mailing.emails(workspace, one) for one in (poison, other)]
    assert found == [[(1, "unknown")], [(1, "sent")]]


@pytest.mark.parametrize("is_filed", [True, False])
def test_the_name_that_a_host_gives_a_mail_is_looked_for_where_it_tells_none(
    workspace: Workspace, host: Host, hand: Hand, is_filed: bool
) -> None:
    proof = {"sent_copy": "host", "sent_folder": "Sent", "keeps_message_id": False}
    _, mailbox, lead = _started(workspace, mailbox={"proof": proof})
    host.files, host.replaces_ids = is_filed, True
    mailing.run(workspace, mailbox)
    assert mailing.emails(workspace, lead)[0] == (1, "sending")
    while "flight" in (line := mailing.line(workspace, mailbox)):
        hand.set(clock.parse(line["next_at"]))
        mailing.run(workspace, mailbox)
    record = mailing.send(workspace, lead, 1)
    known = f"host.{record['message_id']}" if is_filed else None
    assert (record["state"], record.get("sent_message_id")) == ("sent", known)
    assert len(host.sent) == 1


def test_a_claim_whose_worker_was_killed_is_not_sent_again(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    _, mailbox, lead = _started(workspace)

    class Killed(BaseException):
        pass

    host.does = _fails("send", Killed())  # type: ignore[arg-type]
    with pytest.raises(Killed):
        mailing.run(workspace, mailbox)
    assert "flight" in mailing.line(workspace, mailbox)
    host.does = lambda word: None
    hand.move(91)
    mailing.run(workspace, mailbox)
    assert host.sent == []
    assert mailing.emails(workspace, lead)[0] == (1, "unknown")


def test_402_no_sends_left_means_nothing_is_sent_and_the_campaign_says_so(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    campaign, mailbox, lead = _started(workspace)
    period = plans.period(workspace.item["anchor_day"]).label
    where = usage.key(workspace.partition, period, claims.SENDS)
    put({**where.attributes(), "committed": 250_000, "used": 250_000})
    mailing.run(workspace, mailbox)
    assert host.sent == []
    shown = workspace.client.get(f"/v1/mailer/campaigns/{campaign}").json["sending_status"]
    assert shown == {"code": "plan_limit", "until": "2027-02-03T10:15:00Z"}
    assert len(mailing.rows(workspace, mailbox)) == 1


def _once(does: Any) -> Any:
    """The first time alone."""
    left = [does]

    def once(word: str) -> None:
        if left and word == "send":
            left.pop()(word)

    return once


def _stopped_clock() -> Any:
    from unittest.mock import patch

    now = clock.now()
    return patch.object(clock, "now", lambda: now)
