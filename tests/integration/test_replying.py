"""A lead's thread as it is listed, and what is answered in it: once, if nothing newer came."""

from typing import Any

import pytest

from linkwright import jobs, plans, usage
from linkwright.mailer import items
from linkwright.providers.mailbox.types import Failure, MailboxFailed, OutcomeUnknown
from linkwright.table import Table, get, query
from tests import answered, heard, mailing
from tests.client import Answer, Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.mailhost import Host
from tests.stack import Stack


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(monkeypatch)


def reply(workspace: Workspace, lead: str, last: str, text: str = "Gladly.") -> Answer:
    wanted = {"text": text, "last_message_id": last}
    return workspace.client.post(f"/v1/mailer/leads/{lead}/reply", json=wanted)


def thread(workspace: Workspace, lead: str, query: str = "") -> Any:
    return workspace.client.get(f"/v1/mailer/leads/{lead}/messages?{query}").json


def states(workspace: Workspace, lead: str) -> list[tuple[str, str]]:
    return [(one["direction"], one["state"]) for one in thread(workspace, lead)["data"]]


def used(workspace: Workspace) -> tuple[int, int]:
    period = plans.period(workspace.item["anchor_day"]).label
    row = get(Table.CORE, usage.key(workspace.partition, period, "mailer_sends")) or {}
    return int(row.get("used", 0)), int(row.get("committed", 0))


def work(workspace: Workspace) -> None:
    """Let the worker run over the answers that wait."""
    rows, _ = query(Table.CORE, f"W#{workspace.partition}#RPY", limit=10)
    for row in rows:
        message = jobs.at(mailing.items.Key(row["pk"], row["sk"])).message()
        invoke("send_mail", queue_event([message]), Context(60_000))


def test_202_is_mailed_once_in_the_thread_and_stands_in_it(
    stack: Stack, workspace: Workspace, host: Host
) -> None:
    lead, last = answered.put_answered(workspace)
    made = reply(workspace, lead, last)
    assert (made.status, made.json["state"]) == (202, "queued")
    assert (used(workspace), states(workspace, lead)[0]) == ((0, 1), ("sent", "queued"))
    for _ in range(2):
        work(workspace)
    [(_, to, _)] = host.sent
    sent = mailing.headers(host, 0)
    first = mailing.send(workspace, lead, 1)["message_id"]
    assert (to, sent["Subject"]) == (heard.READER, "Re: An idea 1")
    assert sent["In-Reply-To"] == "<a1@example.org>"
    assert sent["References"] == f"<{first}> <a1@example.org>"
    assert sent.get_content().strip() == "Gladly."
    assert used(workspace) == (1, 1)
    wanted = [("sent", "sent"), ("sent", "sent"), ("received", "received")]
    assert sorted(states(workspace, lead)) == sorted(wanted)
    page, seen = thread(workspace, lead, "limit=1"), []
    while page["next_cursor"]:
        seen += page["data"]
        page = thread(workspace, lead, f"limit=1&cursor={page['next_cursor']}")
    assert [*seen, *page["data"]] == thread(workspace, lead)["data"]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("<a@b.example> {ours} <c@d.example>", "<a@b.example> {ours} <c@d.example> {theirs}"),
        ("<a@b.example> <=?q?=@d.example> <é@d.example>", "{ours} <a@b.example> {theirs}"),
        ("{theirs} {ours}", "{ours} {theirs}"),
        (" ".join(f"<{at}@b.example>" for at in range(99)), None),
    ],
)
def test_an_answer_names_the_whole_thread_whatever_stands_in_theirs(
    workspace: Workspace, host: Host, said: str, wanted: str | None
) -> None:
    box = mailing.put_mailbox(workspace)
    lead = mailing.put_ready(workspace, mailing.put_campaign(workspace, [box]), of=1)
    names = {"ours": f"<{heard.put_sent(workspace, lead, box)}>", "theirs": "<a2@example.org>"}
    headers = {"In_Reply_To": names["ours"], "References": said.format(**names)}
    heard.comes(heard.answer(heard.READER, None, Message_ID=names["theirs"], **headers))
    heard.put_reading(workspace, box)
    heard.read(workspace, box)
    [last] = heard.messages(workspace, lead)
    assert reply(workspace, lead, last["id"]).status == 202
    work(workspace)
    sent = mailing.headers(host, 0)
    assert sent["In-Reply-To"] == names["theirs"]
    if wanted is not None:
        assert sent["References"] == wanted.format(**names)
    assert len(sent["References"].split()) <= 10


def test_what_answers_an_answer_is_known_by_its_id(workspace: Workspace, host: Host) -> None:
    lead, last = answered.put_answered(workspace)
    reply(workspace, lead, last)
    work(workspace)
    about = mailing.headers(host, 0)["Message-ID"].strip("<>")
    box = mailing.send(workspace, lead, 1)["mailbox"]
    heard.comes(heard.answer(heard.READER, about, "Thank you."))
    heard.put_reading(workspace, box)
    heard.read(workspace, box)
    assert [one["text"] for one in thread(workspace, lead)["data"]].count("Thank you.") == 1
    assert reply(workspace, lead, last).json["error"]["reason"] == "newer_message"


def test_an_answer_is_from_whom_the_thread_is(workspace: Workspace, host: Host) -> None:
    lead, last = answered.put_answered(workspace)
    campaign = mailing.send(workspace, lead, 1)["campaign"]
    where = items.campaign_key(workspace.partition, campaign)
    mailing.is_otherwise(workspace, where, sender_name="Noa of Example")
    reply(workspace, lead, last)
    work(workspace)
    assert mailing.headers(host, 0)["From"].startswith("Noa of Example <")


def test_202_whichever_is_the_newest_of_the_thread(workspace: Workspace, host: Host) -> None:
    """Whoever lists it finds their own answer on top, or what the host found to be forged."""
    lead, last = answered.put_answered(workspace)
    assert reply(workspace, lead, last).status == 202
    mine = thread(workspace, lead)["data"][0]["id"]
    assert mine != last
    answer = reply(workspace, lead, mine, "And one thing more.")
    assert answer.status == 202, answer.json
    first = [one for one in thread(workspace, lead)["data"] if one["seq"] and not one["sent_by"]]
    older = [one["id"] for one in first if one["direction"] == "sent"]
    refused = reply(workspace, lead, older[0])
    assert (refused.status, refused.json["error"]["reason"]) == (409, "newer_message")


def test_409_says_why_nothing_is_mailed(workspace: Workspace, host: Host) -> None:
    lead, last = answered.put_answered(workspace)
    silent = mailing.put_ready(workspace, mailing.put_campaign(workspace, []), "a@example.org")
    found = [
        reply(workspace, silent, last),
        reply(workspace, lead, "msg_01HF0000000000000000000000"),
    ]
    box = items.mailbox_key(workspace.partition, mailing.send(workspace, lead, 1)["mailbox"])
    mailing.is_otherwise(workspace, box, status="disabled")
    found.append(reply(workspace, lead, last))
    mailing.is_otherwise(workspace, box, status="active")
    workspace.suppression(heard.READER)
    found.append(reply(workspace, lead, last))
    assert [one.json["error"]["reason"] for one in found] == [
        *("nothing_to_answer", "newer_message", "mailbox_not_active", "address_suppressed")
    ]
    assert (host.sent, used(workspace)) == ([], (0, 0))


def test_402_where_the_plan_has_no_more_sends() -> None:
    workspace = make_workspace("free")
    lead, last = answered.put_answered(workspace)
    period = plans.period(workspace.item["anchor_day"]).label
    where = usage.key(workspace.partition, period, "mailer_sends")
    answered.put({**where.attributes(), "committed": 10_000_000})
    answer = reply(workspace, lead, last)
    assert (answer.status, answer.json["error"]["dimension"]) == (402, "mailer_sends")


def test_401_without_the_scope_to_approve(workspace: Workspace) -> None:
    lead, last = answered.put_answered(workspace)
    client = workspace.client_with(["*:write"])
    wanted = {"text": "Gladly.", "last_message_id": last}
    assert client.post(f"/v1/mailer/leads/{lead}/reply", json=wanted).status == 401


@pytest.mark.parametrize(
    ("failure", "state", "charged"),
    [
        (MailboxFailed(Failure.RECIPIENT_REFUSED, 550, "5.1.1"), "failed", (0, 0)),
        (OutcomeUnknown(), "unknown", (1, 1)),
    ],
)
def test_what_came_of_an_answer_is_told(
    workspace: Workspace, host: Host, failure: Exception, state: str, charged: tuple[int, int]
) -> None:
    lead, last = answered.put_answered(workspace)
    reply(workspace, lead, last)
    host.does = mailing.in_turn(failure)
    for _ in range(2):
        work(workspace)
    assert (states(workspace, lead)[0], used(workspace)) == (("sent", state), charged)


def test_an_answer_whose_host_is_away_for_a_day_has_failed(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    lead, last = answered.put_answered(workspace)
    reply(workspace, lead, last)

    def does(word: str) -> None:
        if word == "smtp":
            raise MailboxFailed(Failure.HOST_UNREACHABLE)

    host.does = does
    for _ in range(30):
        work(workspace)
        hand.move(3700)
    assert states(workspace, lead)[0] == ("sent", "failed")
    assert used(workspace) == (0, 0)


def test_what_stands_in_an_answer_makes_no_header(workspace: Workspace, host: Host) -> None:
    lead, last = answered.put_answered(workspace)
    reply(workspace, lead, last, "Hello\r\nBcc: x@example.net\r\n\r\n<img src=x onerror=y>")
    work(workspace)
    [(_, to, content)] = host.sent
    assert (to, mailing.headers(host, 0)["Bcc"]) == (heard.READER, None)
    assert b"text/html" not in content
