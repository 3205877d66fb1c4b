"""What comes of messages in a mailbox: of each once, and of nothing that is not about ours."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from linkwright import clock, deadline, jobs
from linkwright.mailer import lines
from linkwright.mailer.campaigns import limits
from linkwright.mailer.inbound.intents import Told
from linkwright.mailer.responses import reading, reasoning
from linkwright.providers.mailbox.types import Failure, MailboxFailed
from linkwright.table import Table, get
from tests import heard, mailing, pump
from tests.clocks import Hand
from tests.factories import Workspace
from tests.heard import READER
from tests.leads import stored
from tests.mailhost import Host
from tests.stack import Stack


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(monkeypatch)


class Sent(NamedTuple):
    """A lead whose first step was sent, and whose second one waits in line."""

    campaign: str
    mailbox: str
    lead: str
    message_id: str


def sent(workspace: Workspace, email: str = READER, **view: Any) -> Sent:
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox], state="active", **view)
    lead = mailing.put_ready(workspace, campaign, email, metadata={"crm": "17"})
    message_id = heard.put_sent(workspace, lead, mailbox)
    mailing.put_in_line(workspace, lead, mailbox)
    heard.put_reading(workspace, mailbox)
    return Sent(campaign, mailbox, lead, message_id)


def shown(workspace: Workspace, lead: str) -> Any:
    return workspace.client.get(f"/v1/mailer/leads/{lead}").json


def events(workspace: Workspace, lead: str) -> list[Any]:
    found = workspace.client.get(f"/v1/events?object={lead}").json["data"]
    return [(one["type"], one["metadata"]) for one in found]


def suppressed(workspace: Workspace) -> list[Any]:
    found = workspace.client.get("/v1/mailer/suppressions").json["data"]
    return [(one["source"], one["until"] is None) for one in found]


def test_an_answer_stops_the_sequence_and_is_kept_without_its_quote(workspace: Workspace) -> None:
    of = sent(workspace)
    text = f"Yes, please call me.\n\nOn Mon, 1 Feb 2027 at 10:00 {mailing.SENDER} wrote:\n> Hello"
    heard.comes(heard.answer(READER, of.message_id, text))
    heard.read(workspace, of.mailbox)
    lead = shown(workspace, of.lead)
    assert (lead["status"], lead["reply"]["intent"]) == ("replied", "interested")
    assert [email["state"] for email in lead["emails"]] == ["sent", "canceled"]
    assert mailing.rows(workspace, of.mailbox) == []
    [kept] = heard.messages(workspace, of.lead)
    assert (kept["text"], kept["sender"]) == ("Yes, please call me.", READER)
    assert events(workspace, of.lead) == [("lead.replied", {"crm": "17"})]


def test_a_message_is_heard_once_however_often_it_is_read(workspace: Workspace, host: Host) -> None:
    of = sent(workspace)
    heard.comes(heard.answer(READER, of.message_id))
    heard.read(workspace, of.mailbox)
    for validity in (2, 3):
        host.validity = validity
        heard.read(workspace, of.mailbox)
    assert len(host.fetched) == 3
    assert len(heard.messages(workspace, of.lead)) == 1
    assert len(events(workspace, of.lead)) == 1


def test_what_came_while_a_folder_was_numbered_anew_is_heard(
    workspace: Workspace, host: Host
) -> None:
    of = sent(workspace)
    heard.comes(*[heard.answer("other@example.org", None) for _ in range(3)])
    heard.read(workspace, of.mailbox)
    host.validity = 2
    host.of(mailing.SENDER)["INBOX"] = [heard.answer(READER, of.message_id)]
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "replied"


def test_of_what_is_not_about_ours_no_more_than_headers_is_read(
    workspace: Workspace, host: Host
) -> None:
    of = sent(workspace)
    own = heard.answer(mailing.SENDER, None, X_Linkwright_Send=f"{of.lead}.1")
    many = [heard.answer(f"a{at}@example.net", "x@example.net") for at in range(45)]
    heard.comes(*many, own, heard.answer(READER, of.message_id))
    heard.read(workspace, of.mailbox)
    assert host.fetched == [47]
    assert heard.reading(workspace, of.mailbox)["last_uid"] == 47
    assert shown(workspace, of.lead)["status"] == "replied"


def test_an_answer_that_names_no_id_is_known_by_the_signed_address_below_it(
    workspace: Workspace,
) -> None:
    of = sent(workspace)
    path = workspace.opt_out(of.lead)
    heard.comes(
        heard.answer(READER, None, "Hello there"),
        heard.answer("b@example.org", None, f"No\n> https://api.example.com{path}"),
    )
    heard.read(workspace, of.mailbox)
    assert heard.messages(workspace, of.lead) == []
    heard.comes(heard.answer(READER, None, f"Call me\n\n> https://api.example.com{path}"))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "replied"


REWRITTEN = {
    "Safe Links": "https://nam02.safelinks.protection.outlook.com/?url={escaped}&data=05%7C01&x=y",
    "Safe Links, twice": "https://eur01.safelinks.protection.outlook.com/?url={twice}&data=05",
    "Proofpoint 2": "https://urldefense.proofpoint.com/v2/url?u={proofpoint}&d=DwMF&c=x",
    "Proofpoint 3": "https://urldefense.com/v3/__{url}__;!!abc!def$",
    "Barracuda": "https://linkprotect.cudasvc.com/url?a={escaped}&c=E,1,x&typo=1",
    "a sentence": "({url}).",
}


@pytest.mark.parametrize("host_of_links", REWRITTEN)
def test_an_answer_is_known_by_a_signed_address_that_its_host_wrote_over(
    workspace: Workspace, host_of_links: str
) -> None:
    of = sent(workspace)
    url = f"https://api.example.com{workspace.opt_out(of.lead)}"
    escaped = quote(url, safe="")
    older = escaped.replace("-", "%2D").replace("_", "%5F").replace("%2F", "_").replace("%", "-")
    link = REWRITTEN[host_of_links].format(
        url=url, escaped=escaped, twice=quote(escaped, safe=""), proofpoint=older
    )
    heard.comes(heard.answer(READER, None, f"Call me on Tuesday.\n\n> Hello\n> {link}"))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "replied"


def test_a_message_is_heard_whose_id_another_one_had(workspace: Workspace) -> None:
    of = sent(workspace)
    for day, text in ((1, heard.AWAY), (4, "Please unsubscribe me."), (4, "Please call me.")):
        said = {"Date": f"Thu, {day:02} Feb 2027 10:00:00 +0000", "Message_ID": "<1@example.org>"}
        said |= {"Auto_Submitted": "auto-replied"} if day == 1 else {}
        heard.comes(heard.answer(READER, of.message_id, text, **said))
        heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "unsubscribed"
    assert len(heard.messages(workspace, of.lead)) == 2


@pytest.mark.parametrize("form", ["{0}", "< {0} >", "Your message of Monday <{0}>"])
def test_an_answer_is_known_by_an_id_however_it_is_written(workspace: Workspace, form: str) -> None:
    of = sent(workspace)
    named = {"In_Reply_To": form.format(of.message_id)}
    heard.comes(heard.answer("assistant@example.net", None, "She is in.", **named))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "replied"


@pytest.mark.parametrize(
    "sender",
    [
        '"noa@corp.example" <noa@example.org>',
        "noa@corp.example <Noa@Example.org>",
        "noa@example.org <noa@example.org>",
        "noa@example.org (Noa)",
        "Levi, Noa <noa@example.org>",
        "=?utf-8?b?16DXldei15Q=?= <NOA@example.org>",
        "'noa@corp.example' via Sales <noa@example.org>",
    ],
)
def test_who_writes_is_known_by_their_address_whatever_their_name_is(
    workspace: Workspace, sender: str
) -> None:
    of = sent(workspace)
    raw = heard.answer("x@example.net", None, "Please unsubscribe me.")
    heard.comes(raw.replace(b"From: x@example.net", f"From: {sender}".encode()))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "unsubscribed"


def test_a_receipt_is_no_answer(workspace: Workspace) -> None:
    of = sent(workspace)
    raw = heard.bounce(of.message_id).replace(b"delivery-status", b"disposition-notification")
    raw = raw.replace(b"Return-Path: <>", f"In-Reply-To: <{of.message_id}>".encode())
    raw = raw.replace(b"MAILER-DAEMON@mx.example.org", READER.encode())
    raw = raw.replace(b"Action: failed", b"Disposition: manual-action/MDN-sent-manually; displayed")
    raw = raw.replace(b"Undelivered Mail Returned to Sender", b"Read: An idea 1")
    heard.comes(raw.replace(b"It could not be delivered.", b"Your message was read."))
    heard.read(workspace, of.mailbox)
    assert events(workspace, of.lead) == [("lead.auto_replied", {"crm": "17"})]
    assert shown(workspace, of.lead)["status"] == "ready"


def test_our_own_mail_in_the_thread_is_no_answer(workspace: Workspace) -> None:
    of = sent(workspace)
    colleague = "colleague@example.com"
    workspace.own_mailbox(colleague)
    heard.comes(*[heard.answer(one, of.message_id) for one in (mailing.SENDER, colleague)])
    heard.read(workspace, of.mailbox)
    assert heard.messages(workspace, of.lead) == []
    assert stored(workspace, of.lead)["view"]["status"] == "ready"


def test_what_somebody_else_wrote_in_their_name_is_kept_and_changes_nothing(
    workspace: Workspace,
) -> None:
    of = sent(workspace)
    box = mailing.put_mailbox(workspace, "b@example.com")
    proof = {"sent_copy": "ours", "judged_by": "mx.example.com", "found_in": "inbox"}
    proof |= {"at": clock.timestamp(), "keeps_message_id": True}
    mailing.is_otherwise(
        workspace, mailing.items.mailbox_key(workspace.partition, box), proof=proof
    )
    heard.put_reading(workspace, box)
    forged = b"Authentication-Results: mx.example.com; dmarc=fail header.from=example.org\r\n"
    forged += heard.answer(READER, of.message_id, "Yes, call me.")
    fresh = forged.partition(b"\r\n")[0] + b"\r\n" + heard.answer(READER, None, "unsubscribe")
    came_back = forged.partition(b"\r\n")[0] + b"\r\n" + heard.bounce(of.message_id)
    heard.comes(forged, fresh, came_back, to="b@example.com")
    heard.read(workspace, box)
    lead = shown(workspace, of.lead)
    assert (lead["status"], lead["reply"]) == ("ready", None)
    assert [kept["state"] for kept in heard.messages(workspace, of.lead)] == ["untrusted"]
    assert (events(workspace, of.lead), suppressed(workspace)) == ([], [])
    assert len(mailing.rows(workspace, of.mailbox)) == 1


def test_an_automatic_reply_stops_nothing_and_an_absence_moves_the_next_step(
    workspace: Workspace, hand: Hand
) -> None:
    hand.set(clock.parse("2027-02-03T10:00:00Z"))
    of = sent(workspace)
    away = {"Auto_Submitted": "auto-replied"}
    heard.comes(heard.answer(READER, of.message_id, heard.AWAY, **away))
    heard.read(workspace, of.mailbox)
    lead = shown(workspace, of.lead)
    assert (lead["status"], lead["reply"]["state"]) == ("ready", "automatic")
    assert (lead["reply"]["intent"], lead["reply"]["returns_at"]) == ("ooo", "2027-02-15T00:00:00Z")
    assert mailing.rows(workspace, of.mailbox) == [f"2027-02-15T00:00:00Z#{of.lead}"]
    assert events(workspace, of.lead) == [("lead.auto_replied", {"crm": "17"})]


def test_an_automatic_reply_stops_where_the_step_says_so(workspace: Workspace) -> None:
    step = mailing._step(0) | {"stop_on_auto_reply": True}
    of = sent(workspace, steps=[step, mailing._step(3)])
    heard.comes(heard.answer(READER, of.message_id, "Received.", Auto_Submitted="auto-replied"))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "replied"
    # What a program wrote is never told as a person's answer.
    assert events(workspace, of.lead) == [("lead.auto_replied", {"crm": "17"})]


def test_who_answers_that_they_want_no_more_is_mailed_no_more(workspace: Workspace) -> None:
    of = sent(workspace)
    heard.comes(heard.answer(READER, of.message_id, "Please unsubscribe me."))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "unsubscribed"
    assert suppressed(workspace) == [("unsubscribed", True)]
    assert events(workspace, of.lead) == [("lead.unsubscribed", {"crm": "17"})]


_OFFER = "please remove me from your list"


@pytest.mark.parametrize(
    "text",
    [
        _OFFER.capitalize(),
        f"Hi Dana,\n{_OFFER}\nthanks",
        "-----Original Message-----\nFrom: Dana <dana@example.com>\nSent: Monday\nTo: Noa\n"
        f"Subject: An idea\n\nHello,\n\nIf not, just answer:\n{_OFFER}\n\nUnsubscribe me",
        f"Hello,\nIf not, just answer:\n{_OFFER}\n\n-- \n1 Main Street, Haifa\nunsubscribe",
        "unsubcribe",
    ],
)
def test_an_opt_out_is_heard_wherever_it_stands(workspace: Workspace, text: str) -> None:
    of = sent(workspace)
    where = mailing.items.email_key(workspace.partition, of.lead, 1)
    mailing.is_otherwise(workspace, where, body=f"Hello,\n\nIf not, just answer:\n{_OFFER}")
    heard.comes(heard.answer(READER, of.message_id, text))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "unsubscribed"


def test_an_opt_out_is_heard_in_the_form_that_is_read(workspace: Workspace) -> None:
    of = sent(workspace)
    heard.comes(heard.in_two_forms(READER, of.message_id, "Please view this in HTML.", "Remove me"))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "unsubscribed"


def test_our_own_words_are_no_opt_out(workspace: Workspace) -> None:
    of = sent(workspace, postal_address="Unsubscribe Road 1")
    where = mailing.items.email_key(workspace.partition, of.lead, 1)
    mailing.is_otherwise(workspace, where, body=f"Hello,\n{_OFFER}", subject="Sick of spam?")
    link = f"https://api.example.com{workspace.opt_out(of.lead)}"
    under = "-- \nUnsubscribe Road 1\nTo hear no more from us, follow this link, or answer with"
    ours = f"Hello,\n{_OFFER}\n\n{under} “unsubscribe”: {link}"
    for prefix in ("Re", "Antw", "R"):
        raw = heard.answer(READER, of.message_id, f"Call me.\n\n{ours}")
        heard.comes(raw.replace(b"Re: An idea 1", f"{prefix}: Sick of spam?".encode()))
    away = heard.answer(READER, of.message_id, "I am out of office.", Auto_Submitted="auto-replied")
    heard.comes(away.replace(b"Re: An idea 1", b"Automatic reply: Sick of spam?"))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "replied"
    assert suppressed(workspace) == []
    assert len(heard.messages(workspace, of.lead)) == 4


@pytest.mark.parametrize("results", ["dmarc=fail", "dmarc=pass", "spf=pass"])
def test_an_opt_out_by_an_id_of_ours_is_heeded_whatever_its_host_says(
    workspace: Workspace, results: str
) -> None:
    of = sent(workspace)
    heard.judges(workspace, of.mailbox)
    said = {"Authentication_Results": f"mx.example.com; {results}"}
    heard.comes(heard.answer(READER, of.message_id, "unsubscribe", **said))
    heard.read(workspace, of.mailbox)
    lead = shown(workspace, of.lead)
    assert (lead["status"], suppressed(workspace)) == ("unsubscribed", [("unsubscribed", True)])
    assert (lead["reply"] is None) == (results == "dmarc=fail")
    assert mailing.rows(workspace, of.mailbox) == []


@pytest.mark.parametrize("results", ["dmarc=pass", "spf=pass"])
@pytest.mark.parametrize(("subject", "text"), [("Unsubscribe", "Hi"), ("Hi", "Please remove me")])
def test_an_opt_out_in_a_mail_of_its_own_is_heeded(
    workspace: Workspace, results: str, subject: str, text: str
) -> None:
    of = sent(workspace)
    heard.judges(workspace, of.mailbox)
    said = {"Authentication_Results": f"mx.example.com; {results}"}
    raw = heard.answer(READER, None, text, **said).replace(b"Re: An idea 1", subject.encode())
    heard.comes(raw)
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "unsubscribed"
    assert suppressed(workspace) == [("unsubscribed", True)]


@pytest.mark.parametrize("kind", ["newsletter", "list", "long", "link", "away", "other", "nothing"])
def test_what_answers_nothing_and_opts_out_of_nothing_is_not_kept(
    workspace: Workspace, kind: str
) -> None:
    of = sent(workspace)
    sender, said, text = READER, {}, "Unsubscribe here."
    if kind == "newsletter":
        said = {"List_Unsubscribe": "<https://example.org/u>"}
    elif kind == "list":
        said = {"List_Id": "<l.example.org>"}
    elif kind == "away":
        said = {"Auto_Submitted": "auto-replied"}
    elif kind == "other":
        sender = "other@example.org"
    else:
        text = {"long": f"{text} {'Our news. ' * 60}", "link": f"{text} https://example.org/u"}.get(
            kind, "When do you open?"
        )
    heard.comes(heard.answer(sender, None, text, **said))
    heard.read(workspace, of.mailbox)
    assert (shown(workspace, of.lead)["status"], suppressed(workspace)) == ("ready", [])
    assert heard.messages(workspace, of.lead) == []


def test_colleagues_end_where_the_step_says_so_and_nobody_else(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    step = mailing._step(0) | {"stop_for_company": True}
    of = sent(workspace, steps=[step, mailing._step(3)])
    colleague = mailing.put_ready(workspace, of.campaign, "dov@EXAMPLE.org")
    stranger = mailing.put_ready(workspace, of.campaign, "dov@example.net")
    heard.comes(heard.answer(READER, of.message_id))
    heard.read(workspace, of.mailbox)
    hand.move(15)
    pump.settle(stack, workspace.id, jobs.COMPANY)
    states = [shown(workspace, one)["status"] for one in (of.lead, colleague, stranger)]
    assert states == ["replied", "finished", "ready"]


@pytest.mark.parametrize("domain", ["gmail.com", "web.de"])
def test_of_an_address_that_anybody_may_have_there_are_no_colleagues(
    stack: Stack, workspace: Workspace, hand: Hand, domain: str
) -> None:
    step = mailing._step(0) | {"stop_for_company": True}
    of = sent(workspace, f"noa@{domain}", steps=[step, mailing._step(3)])
    other = mailing.put_ready(workspace, of.campaign, f"dov@{domain}")
    heard.comes(heard.answer(f"noa@{domain}", of.message_id))
    heard.read(workspace, of.mailbox)
    hand.move(15)
    pump.settle(stack, workspace.id, jobs.COMPANY)
    assert shown(workspace, other)["status"] == "ready"


def test_a_hard_bounce_bars_the_address_for_good(workspace: Workspace) -> None:
    of = sent(workspace)
    heard.comes(heard.bounce(of.message_id))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "bounced"
    assert suppressed(workspace) == [("bounced", True)]
    assert events(workspace, of.lead) == [("lead.bounced", {"crm": "17"})]
    day = lines.day_key(workspace.partition, of.mailbox, 0, clock.now().date())
    assert (get(Table.CORE, day) or {})["bounced"] == 1


def test_three_soft_bounces_in_a_fortnight_have_an_address_rest(
    workspace: Workspace, hand: Hand
) -> None:
    hand.set(clock.parse("2027-02-03T10:00:00Z"))
    of = sent(workspace)
    others = [heard.put_sent(workspace, of.lead, of.mailbox, seq) for seq in (2, 3, 4)]
    for days, about in zip((0, 15, 1, 0), (of.message_id, *others[:2], others[1]), strict=True):
        hand.move(days * 24 * 3600)
        heard.comes(heard.bounce(about, status="4.2.2"))
        heard.read(workspace, of.mailbox)
    assert (shown(workspace, of.lead)["status"], suppressed(workspace)) == ("ready", [])
    heard.comes(heard.bounce(others[2], status="4.2.2"))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "bounced"
    [entry] = workspace.client.get("/v1/mailer/suppressions").json["data"]
    assert entry["until"] == clock.timestamp(clock.now() + timedelta(days=14))


def test_a_bounce_by_policy_counts_against_the_mailbox_alone(workspace: Workspace) -> None:
    of = sent(workspace)
    heard.comes(heard.bounce(of.message_id, status="5.7.1", said="blocked"))
    heard.read(workspace, of.mailbox)
    assert (shown(workspace, of.lead)["status"], suppressed(workspace)) == ("ready", [])
    day = lines.day_key(workspace.partition, of.mailbox, 0, clock.now().date())
    assert (get(Table.CORE, day) or {})["policy"] == 1


def test_a_bounce_of_another_address_or_message_bars_nobody(workspace: Workspace) -> None:
    of = sent(workspace)
    heard.comes(
        heard.bounce(of.message_id, to="other@example.org"),
        heard.bounce("mail_01HF0000000000000000000000@example.com"),
        heard.complaint("mail_01HF0000000000000000000000@example.com"),
    )
    heard.read(workspace, of.mailbox)
    assert (shown(workspace, of.lead)["status"], suppressed(workspace)) == ("ready", [])


def test_a_complaint_bars_the_address_for_good(workspace: Workspace) -> None:
    of = sent(workspace)
    heard.comes(heard.complaint(of.message_id))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "complained"
    assert suppressed(workspace) == [("complained", True)]
    assert events(workspace, of.lead) == [("lead.complained", {"crm": "17"})]


def test_a_message_of_hostile_parts_is_passed_over(workspace: Workspace) -> None:
    of = sent(workspace)
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at)
        for at in range(1000)
    )
    hostile = f"From: {READER}\r\nIn-Reply-To: <{of.message_id}>\r\n".encode() + nested
    heard.comes(hostile, b"\x00\xff" * 100, b"From: " + b"(" * 5000 + b"\r\n\r\n")
    heard.comes(heard.answer(READER, of.message_id))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "replied"
    assert heard.reading(workspace, of.mailbox)["last_uid"] == 4


@pytest.mark.parametrize("kind", ["bounced", "complained"])
def test_a_mail_counts_once_however_often_it_is_reported(workspace: Workspace, kind: str) -> None:
    of = sent(workspace)
    report = heard.bounce if kind == "bounced" else heard.complaint
    heard.comes(*[report(of.message_id) for _ in range(3)])
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == kind
    day = lines.day_key(workspace.partition, of.mailbox, 0, clock.now().date())
    assert (get(Table.CORE, day) or {})[kind] == 1


def _withholds(host: Host, *uids: int, of: str = "part", failure: Failure | None = None) -> None:
    def withholds(word: str, uid: int) -> bool:
        is_withheld = uid in uids and word in of
        if is_withheld and failure:
            raise MailboxFailed(failure)
        return is_withheld

    host.withholds = withholds


@pytest.mark.parametrize("words", ["top and part", "part"])
@pytest.mark.parametrize("failure", [None, Failure.PROTOCOL_ERROR, Failure.HOST_UNREACHABLE])
def test_a_message_that_its_host_withholds_stops_nothing_and_is_asked_for_again(
    workspace: Workspace, host: Host, hand: Hand, words: str, failure: Failure | None
) -> None:
    of = sent(workspace)
    other = mailing.put_ready(workspace, of.campaign, "dov@example.net")
    about = heard.put_sent(workspace, other, of.mailbox)
    heard.comes(
        heard.answer("a@example.com", None),
        heard.answer(READER, of.message_id, "unsubscribe"),
        heard.answer("dov@example.net", about),
    )
    _withholds(host, 2, of=words, failure=failure)
    heard.read(workspace, of.mailbox)
    assert shown(workspace, other)["status"] == "replied"
    assert shown(workspace, of.lead)["status"] == "ready"
    hand.move(61)
    heard.read(workspace, of.mailbox)
    _withholds(host)
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "ready"
    hand.move(121)
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "unsubscribed"
    assert heard.reading(workspace, of.mailbox)["withheld"] == []


def test_an_answer_that_its_host_gives_empty_once_is_heard_at_once(
    workspace: Workspace, host: Host
) -> None:
    of = sent(workspace)
    heard.comes(heard.answer(READER, of.message_id, "unsubscribe"))
    empty = ["part"]
    host.withholds = lambda word, uid: word in empty and not empty.remove(word)
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "unsubscribed"


def test_who_answered_what_is_withheld_for_hours_is_mailed_no_more(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    of = sent(workspace)
    heard.comes(heard.answer(READER, of.message_id, "unsubscribe"), heard.bounce(of.message_id))
    _withholds(host, 1, 2, failure=Failure.PROTOCOL_ERROR)
    for _ in range(45):
        heard.read(workspace, of.mailbox)
        hand.move(180)
    mailbox = workspace.client.get(f"/v1/mailer/mailboxes/{of.mailbox}").json
    assert mailbox["status"] == "active"
    lead = shown(workspace, of.lead)
    assert (lead["status"], lead["reply"]["intent"]) == ("replied", "neutral")
    assert heard.reading(workspace, of.mailbox)["withheld"] == []


def test_a_host_that_withholds_many_messages_is_in_trouble(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    of = sent(workspace)
    heard.comes(*[heard.answer(READER, of.message_id) for _ in range(21)])
    _withholds(host, *range(1, 22), failure=Failure.PROTOCOL_ERROR)
    heard.read(workspace, of.mailbox)
    assert heard.reading(workspace, of.mailbox)["troubles"] == 1
    _withholds(host)
    hand.move(61)
    heard.read(workspace, of.mailbox)
    assert "troubles" not in heard.reading(workspace, of.mailbox)
    assert len(heard.messages(workspace, of.lead)) == 21


def test_a_model_is_asked_about_each_answer(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = sent(workspace)
    names = [f"a{at}@example{at}.org" for at in range(9)]
    leads = [mailing.put_ready(workspace, of.campaign, name) for name in names]
    about = [heard.put_sent(workspace, one, of.mailbox) for one in leads]
    told = [
        heard.answer(*pair, "I would rather leave it.") for pair in zip(names, about, strict=True)
    ]
    heard.comes(*told)
    left = [60.0]

    def ask(*_: Any) -> Any:
        left[0] -= 8
        return SimpleNamespace(value=Told(intent="unsubscribe", quote="leave it"))

    monkeypatch.setattr(deadline, "seconds_left", lambda: left[0])
    monkeypatch.setattr(reasoning.ai, "ask", ask)
    for _ in range(3):
        left[0] = 60.0
        heard.read(workspace, of.mailbox)
    assert {shown(workspace, one)["status"] for one in leads} == {"unsubscribed"}
    assert heard.reading(workspace, of.mailbox)["last_uid"] == 9


def test_a_mailbox_that_cannot_be_read_rests_and_then_has_failed(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    of = sent(workspace)

    def does(word: str) -> None:
        if word == "imap":
            raise MailboxFailed(Failure.LOGIN_REFUSED)

    host.does = does
    rests = []
    for _ in range(5):
        heard.read(workspace, of.mailbox)
        row = heard.reading(workspace, of.mailbox)
        if "next_at" in row:
            rests.append((clock.parse(row["next_at"]) - clock.now()).total_seconds() // 60)
        hand.move(300)
    assert rests == [1, 2, 5]
    mailbox = workspace.client.get(f"/v1/mailer/mailboxes/{of.mailbox}").json
    assert (mailbox["status"], mailbox["status_reason"]) == ("failed", "login_refused")
    told = workspace.client.get(f"/v1/events?object={of.mailbox}").json["data"]
    assert [one["type"] for one in told] == ["mailbox.state_changed"]


def test_a_host_that_is_away_for_hours_is_waited_for(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    of = sent(workspace)

    def does(word: str) -> None:
        if word == "imap":
            raise MailboxFailed(Failure.HOST_UNREACHABLE)

    host.does = does
    for _ in range(5):
        heard.read(workspace, of.mailbox)
        hand.move(3600)
    host.does = lambda word: None
    heard.comes(heard.answer(READER, of.message_id))
    heard.read(workspace, of.mailbox)
    assert shown(workspace, of.lead)["status"] == "replied"
    assert "troubles" not in heard.reading(workspace, of.mailbox)


def test_a_host_that_is_busy_withholds_no_message(
    workspace: Workspace, host: Host, hand: Hand
) -> None:
    of = sent(workspace)
    heard.comes(*[heard.answer(READER, of.message_id, f"No {at}") for at in range(2)])

    def does(word: str) -> None:
        if word == "part":
            raise MailboxFailed(Failure.DEFERRED)

    host.does = does
    for _ in range(30):
        heard.read(workspace, of.mailbox)
        hand.move(300)
    row = heard.reading(workspace, of.mailbox)
    assert ("withheld" in row, "last_uid" in row) == (False, False)
    mailbox = workspace.client.get(f"/v1/mailer/mailboxes/{of.mailbox}").json
    assert mailbox["status"] == "active"
    host.does = lambda word: None
    heard.read(workspace, of.mailbox)
    assert len(heard.messages(workspace, of.lead)) == 2


def test_a_mailbox_is_read_once_a_minute_and_not_before(
    stack: Stack,
    workspace: Workspace,
    host: Host,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "limits", lambda: limits.REAL)
    of = sent(workspace)
    heard.read(workspace, of.mailbox)
    row = heard.reading(workspace, of.mailbox)
    seconds = (clock.parse(row["next_at"]) - clock.now()).total_seconds()
    assert reading.EVERY_S <= seconds <= reading.EVERY_S + 1
    before = len(host.told)
    pump.settle(stack, workspace.id, jobs.MAILBOX_READING)
    assert len(host.told) == before
    hand.move(61)
    pump.settle(stack, workspace.id, jobs.MAILBOX_READING)
    assert len(host.told) >= before


def test_who_was_deleted_is_read_no_more(workspace: Workspace, host: Host) -> None:
    of = sent(workspace)
    path = f"/v1/mailer/mailboxes/{of.mailbox}"
    mailing.is_otherwise(
        workspace, mailing.items.mailbox_key(workspace.partition, of.mailbox), status="disabled"
    )
    heard.read(workspace, of.mailbox)
    assert "gsi2pk" not in heard.reading(workspace, of.mailbox)
    heard.put_again(workspace, of.mailbox)
    assert workspace.client.request("DELETE", path).status == 204
    heard.read(workspace, of.mailbox)
    assert (heard.reading(workspace, of.mailbox), host.told) == ({}, [])
