"""What SES tells of campaigns' mails: each takes effect once, for the mail it is about alone."""

import json
from contextlib import nullcontext
from typing import Any

import pytest

from linkwright import jobs, plans, usage
from linkwright.errors import Unavailable, Unheard
from linkwright.jobs import Work
from linkwright.mailer import items, lines
from linkwright.mailer.responses import effects
from linkwright.mailer.responses import mailing as answering
from linkwright.mailer.responses.matching import Match
from linkwright.mailer.sending import claims, transport
from linkwright.mailer.sending.verdicts import Unknown
from linkwright.providers.mailbox.types import OutcomeUnknown
from linkwright.table import Table, get, update
from tests import answered, feedback, heard, mailing
from tests.client import queue_event
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.feedback import READER, SES_NAME
from tests.leads import stored
from tests.mailhost import Host
from tests.stack import CONFIGURATION_SET, Stack

NAMED = f"{SES_NAME}@email.amazonses.com"


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return mailing.at_work(monkeypatch)


def _sent(workspace: Workspace, email: str = READER) -> tuple[str, str, dict[str, str]]:
    """A mailbox that mails by SES, a lead whose first step went, and that mail's tags."""
    mailbox = feedback.put_ses_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox], state="active", opted_in=True)
    lead = mailing.put_ready(workspace, campaign, email, metadata={"crm": "17"})
    heard.put_sent(workspace, lead, mailbox)
    mailing.put_in_line(workspace, lead, mailbox)
    return mailbox, lead, feedback.tags(workspace, lead)


def _in_line(workspace: Workspace) -> tuple[str, str]:
    mailbox = feedback.put_ses_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox], opted_in=True)
    lead = mailing.put_ready(workspace, campaign)
    mailing.fill(workspace, campaign)
    return mailbox, lead


def _status(workspace: Workspace, lead: str) -> str:
    return str(stored(workspace, lead)["view"]["status"])


def _events(workspace: Workspace, lead: str) -> list[Any]:
    found = workspace.client.get(f"/v1/events?object={lead}").json["data"]
    return [(one["type"], one["metadata"]) for one in found]


def _suppressed(workspace: Workspace) -> list[Any]:
    found = workspace.client.get("/v1/mailer/suppressions").json["data"]
    return [(one["source"], one["reason"], one["until"] is None) for one in found]


def _used(workspace: Workspace) -> tuple[int, int]:
    period = plans.period(workspace.item["anchor_day"]).label
    row = get(Table.CORE, usage.key(workspace.partition, period, claims.SENDS)) or {}
    return int(row.get("used", 0)), int(row.get("committed", 0))


def test_a_bounce_ends_the_lead_and_bars_the_address_once(workspace: Workspace) -> None:
    mailbox, lead, of = _sent(workspace)
    for _ in range(3):
        feedback.tell(feedback.bounce(of))
    assert _status(workspace, lead) == "bounced"
    assert mailing.emails(workspace, lead) == [(1, "sent"), (2, "canceled")]
    assert mailing.rows(workspace, mailbox) == []
    assert _suppressed(workspace) == [("bounced", "hard_bounce", True)]
    assert _events(workspace, lead) == [("lead.bounced", {"crm": "17"})]


@pytest.mark.parametrize("sub", ["Suppressed", "OnAccountSuppressionList", "NoEmail"])
def test_a_bounce_of_a_list_of_ses_is_as_hard(workspace: Workspace, sub: str) -> None:
    _, lead, of = _sent(workspace)
    feedback.tell(feedback.bounce(of, sub=sub))
    assert _status(workspace, lead) == "bounced"


@pytest.mark.parametrize("kind", ["Transient", "Undetermined"])
def test_of_soft_bounces_the_third_ends_the_lead_for_a_while(
    workspace: Workspace, kind: str
) -> None:
    # Of a mail one counts, whatever is told of it.
    (_, _, first), (_, _, second), (_, lead, of) = [_sent(workspace) for _ in range(3)]
    for at, one in enumerate((first, first, second)):
        feedback.tell(feedback.bounce(one, kind, "MailboxFull", feedbackId=f"id-{at}"))
    assert _status(workspace, lead) == "ready"
    feedback.tell(feedback.bounce(of, kind, "ContentRejected", feedbackId="id-3"))
    assert _status(workspace, lead) == "bounced"
    assert _suppressed(workspace) == [("bounced", "soft_bounces", False)]


def test_a_bounce_of_somebody_else_ends_nobody(workspace: Workspace) -> None:
    _, lead, of = _sent(workspace)
    feedback.tell(feedback.bounce(of, to="forwarded@example.net"))
    assert (_status(workspace, lead), _suppressed(workspace)) == ("ready", [])


@pytest.mark.parametrize("kind", ["abuse", "fraud", "other", None])
def test_a_complaint_ends_the_lead_and_bars_the_address(
    workspace: Workspace, kind: str | None
) -> None:
    _, lead, of = _sent(workspace)
    for _ in range(2):
        feedback.tell(feedback.complaint(of, kind))
    assert _status(workspace, lead) == "complained"
    assert _events(workspace, lead) == [("lead.complained", {"crm": "17"})]
    assert [(source, ends) for source, _, ends in _suppressed(workspace)] == [("complained", True)]


@pytest.mark.parametrize("told", [("not-spam", READER), ("auth-failure", READER), ("abuse", "a@b")])
def test_what_is_no_complaint_of_the_reader_changes_nothing(
    workspace: Workspace, told: tuple[str, str]
) -> None:
    _, lead, of = _sent(workspace)
    feedback.tell(feedback.complaint(of, *told))
    assert (_status(workspace, lead), _suppressed(workspace)) == ("ready", [])


def test_a_foreign_topic_has_no_effect_and_does_not_come_again(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    _, lead, of = _sent(workspace)
    told = feedback.bounce(of)
    bodies = [
        feedback.envelope(told, "arn:aws:sns:us-east-1:111111111111:feedback"),
        json.dumps(told),
        "[" * 50_000,
    ]
    assert feedback.hear(*bodies) == {"batchItemFailures": []}
    assert _status(workspace, lead) == "ready"
    written = capsys.readouterr().out
    assert '"feedback_refused":[1.0,1.0,1.0]' in written
    assert READER not in written


def test_what_is_mailed_to_a_member_is_passed_over(workspace: Workspace) -> None:
    _, lead, of = _sent(workspace)
    for tags in ({}, {"kind": "weekly_digest"}, {name: of[name] for name in ("lead", "seq")}):
        feedback.tell(feedback.bounce(tags), feedback.complaint(tags))
    assert (_status(workspace, lead), _suppressed(workspace)) == ("ready", [])


def test_tags_that_do_not_fit_each_other_reach_nobody(workspace: Workspace) -> None:
    """Each but ours is of another workspace, another lead, another step, or nothing."""
    _, lead, of = _sent(workspace)
    _, other, theirs = _sent(make_workspace())
    _, second, of_second = _sent(workspace, "dov@example.com")
    forged = [
        *(of | {name: theirs[name]} for name in ("workspace", "lead", "mail")),
        *(of | {name: of_second[name]} for name in ("lead", "mail")),
        *(of | {"seq": seq} for seq in ("2", "0", "01", "-1", "1.0", "٣", "99999")),
        of | {"workspace": f"{of['workspace']}.test"},
        of | {"workspace": f"{of['workspace']}#LEAD"},
        of | {"mail": "mail_0000"},
    ]
    for tags in forged:
        feedback.tell(feedback.bounce(tags), feedback.complaint(tags), feedback.rejected(tags))
    assert {_status(workspace, one) for one in (lead, second)} == {"ready"}
    assert _suppressed(workspace) == []


def test_of_a_lead_that_was_deleted_nothing_is_heard(workspace: Workspace) -> None:
    _, lead, of = _sent(workspace)
    assert workspace.client.request("DELETE", f"/v1/mailer/leads/{lead}").status == 204
    feedback.tell(feedback.bounce(of), feedback.delivery(of))
    assert _suppressed(workspace) == []


def test_a_message_that_fails_comes_again_and_the_others_do_not(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, lead, of = _sent(workspace)
    _, other, of_other = _sent(workspace, "dov@example.com")
    write = effects.write

    def fails(partition: str, name: str, match: Match, *rest: Any, **options: Any) -> None:
        if match.lead["sk"] == lead:
            raise Unavailable
        write(partition, name, match, *rest, **options)

    monkeypatch.setattr(effects, "write", fails)
    bodies = [
        feedback.envelope(feedback.bounce(of)),
        feedback.envelope(feedback.bounce(of_other, to="dov@example.com")),
    ]
    first = queue_event(bodies)["Records"][0]["messageId"]
    assert feedback.hear(*bodies) == {"batchItemFailures": [{"itemIdentifier": first}]}
    assert (_status(workspace, lead), _status(workspace, other)) == ("ready", "bounced")


# ---- what was unknown ---------------------------------------------------------------------------


def test_a_step_by_ses_names_its_mail_to_who_hears_of_it(
    workspace: Workspace, stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, lead = _in_line(workspace)
    asked: list[Any] = []
    monkeypatch.setattr(
        "linkwright.providers.mail.tenants.send",
        lambda wanted, tenant: asked.append(wanted) or {"MessageId": SES_NAME},
    )
    with feedback.told_of():
        mailing.run(workspace, mailbox)
    [wanted] = asked
    assert wanted["ConfigurationSetName"] == CONFIGURATION_SET
    sent = {one["Name"]: one["Value"] for one in wanted["EmailTags"]}
    assert sent == feedback.tags(workspace, lead)
    assert mailing.send(workspace, lead, 1)["sent_message_id"] == NAMED


def _unheard(patch: pytest.MonkeyPatch) -> None:
    def send(*_: object) -> str:
        raise Unheard

    patch.setattr(transport.mails, "send", send)


def test_a_delivery_settles_what_was_unknown_and_names_it_for_the_thread(
    workspace: Workspace, stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, lead = _in_line(workspace)
    with monkeypatch.context() as patch:
        _unheard(patch)
        mailing.run(workspace, mailbox)
    assert mailing.emails(workspace, lead) == [(1, "unknown"), (2, "approved")]
    for _ in range(2):
        feedback.tell(feedback.delivery(feedback.tags(workspace, lead)))
    assert mailing.emails(workspace, lead) == [(1, "sent"), (2, "approved")]
    send = mailing.send(workspace, lead, 1)
    assert (send["state"], send["sent_message_id"]) == ("sent", NAMED)
    row = get(Table.CORE, lines.message_key(workspace.partition, NAMED)) or {}
    assert (row["lead"], row["seq"]) == (lead, 1)
    assert _used(workspace) == (1, 1)
    hand.move(5 * 24 * 3600)
    letters: list[Any] = []
    monkeypatch.setattr(
        transport.mails, "send", lambda letter, _: letters.append(letter) or SES_NAME
    )
    mailing.run(workspace, mailbox)
    assert letters[0].headers["In-Reply-To"] == f"<{NAMED}>"


def test_what_was_delivered_while_a_run_had_it_is_sent_whatever_the_run_knows(
    workspace: Workspace, stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, lead = _in_line(workspace)

    def send(*_: object) -> str:
        feedback.tell(feedback.delivery(feedback.tags(workspace, lead)))
        raise Unheard

    monkeypatch.setattr(transport.mails, "send", send)
    mailing.run(workspace, mailbox)
    assert mailing.emails(workspace, lead) == [(1, "sent"), (2, "approved")]
    assert mailing.send(workspace, lead, 1)["sent_message_id"] == NAMED
    assert _used(workspace) == (1, 1)


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_ses_rejects_has_failed_and_is_not_charged(
    workspace: Workspace, stack: Stack, hand: Hand, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Before its run has written that it was taken, or after."""
    mailbox, lead = _in_line(workspace)

    def send(*_: object) -> str:
        if when == "before":
            feedback.tell(feedback.rejected(feedback.tags(workspace, lead)))
        return SES_NAME

    monkeypatch.setattr(transport.mails, "send", send)
    mailing.run(workspace, mailbox)
    for _ in range(2):
        feedback.tell(feedback.rejected(feedback.tags(workspace, lead)))
    assert _status(workspace, lead) == "failed"
    assert mailing.emails(workspace, lead) == [(1, "failed"), (2, "canceled")]
    send_record = mailing.send(workspace, lead, 1)
    assert (send_record["state"], send_record["reason"]) == ("failed", "rejected")
    assert mailing.rows(workspace, mailbox) == []
    assert _used(workspace) == (0, 0)
    told = [one["type"] for one in workspace.client.get("/v1/events").json["data"]]
    assert told.count("email.failed") == 1


def _unknown_by_smtp(workspace: Workspace, host: Host) -> tuple[str, str]:
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox])
    lead = mailing.put_ready(workspace, campaign)
    mailing.fill(workspace, campaign)
    host.does = mailing.in_turn(OutcomeUnknown())
    mailing.run(workspace, mailbox)
    assert mailing.emails(workspace, lead)[0] == (1, "unknown")
    heard.put_reading(workspace, mailbox)
    return mailbox, lead


@pytest.mark.parametrize("comes", ["answer", "bounce", "complaint"])
def test_what_comes_in_answer_proves_that_an_unknown_mail_was_sent(
    workspace: Workspace, host: Host, hand: Hand, comes: str
) -> None:
    mailbox, lead = _unknown_by_smtp(workspace, host)
    about = mailing.send(workspace, lead, 1)["message_id"]
    made = {
        "answer": heard.answer(READER, about),
        "bounce": heard.bounce(about),
        "complaint": heard.complaint(about),
    }
    heard.comes(made[comes])
    heard.read(workspace, mailbox)
    assert mailing.emails(workspace, lead) == [(1, "sent"), (2, "canceled")]
    assert mailing.send(workspace, lead, 1)["state"] == "sent"


def test_an_answer_of_somebody_else_proves_nothing(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    mailbox, lead = _unknown_by_smtp(workspace, host)
    row = get(Table.CORE, items.mailbox_key(workspace.partition, mailbox)) or {}
    proof = row["view"]["proof"] | {"judged_by": "mx.example.com"}
    values = {"view": row["view"] | {"proof": proof}}
    where = items.mailbox_key(workspace.partition, mailbox)
    update(Table.CORE, where, "SET #view = :view", values=values)
    about = mailing.send(workspace, lead, 1)["message_id"]
    verdict = {"Authentication_Results": "mx.example.com; dmarc=fail"}
    heard.comes(heard.answer(READER, about, **verdict))
    heard.read(workspace, mailbox)
    assert [one["state"] for one in heard.messages(workspace, lead)] == ["untrusted"]
    assert mailing.emails(workspace, lead)[0] == (1, "unknown")


def _unknown_answer(
    workspace: Workspace, stack: Stack, patch: pytest.MonkeyPatch
) -> tuple[str, str, str]:
    """A lead, its mailbox, and the Message-ID of our answer to it, of which nobody has heard."""
    lead, last = answered.put_answered(workspace)
    wanted = {"text": "Gladly.", "last_message_id": last}
    assert workspace.client.post(f"/v1/mailer/leads/{lead}/reply", json=wanted).status == 202
    rows = stack.rows("CoreTable", workspace.id)
    [job] = [row for row in rows if row["pk"].endswith("#RPY")]
    with patch.context() as within:
        within.setattr(transport, "opened", lambda *_: nullcontext(lambda _: Unknown()))
        answering.mail(Work(jobs.LEAD_ANSWER, job["pk"], job["sk"]))
    assert _states(workspace, lead) == ["received", "unknown"]
    return lead, job["mailbox"], job["message_id"]


def _states(workspace: Workspace, lead: str) -> list[str]:
    return [one["state"] for one in heard.messages(workspace, lead)]


def test_what_ses_tells_of_our_answer_is_of_that_and_no_step(
    workspace: Workspace, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, _, message_id = _unknown_answer(workspace, stack, monkeypatch)
    of = feedback.tags(workspace, lead) | {"mail": message_id.partition("@")[0]}
    feedback.tell(feedback.rejected(of), feedback.delivery(of))
    assert _states(workspace, lead) == ["received", "sent"]
    send = mailing.send(workspace, lead, 1)
    assert (send["state"], "sent_message_id" in send) == ("sent", False)
    feedback.tell(feedback.bounce(of))
    assert _suppressed(workspace) == [("bounced", "hard_bounce", True)]


def test_who_answers_our_answer_proves_that_it_was_sent(
    workspace: Workspace, stack: Stack, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, mailbox, message_id = _unknown_answer(workspace, stack, monkeypatch)
    heard.put_reading(workspace, mailbox)
    heard.comes(heard.answer(READER, message_id, "Fine."))
    heard.read(workspace, mailbox)
    assert sorted(_states(workspace, lead)) == ["received", "received", "sent"]
