"""The weekly digest by mail: one for each week and member, whoever asks, and however often."""

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest

from linkwright import aws, clock, jobs
from linkwright.ai import answers
from linkwright.ai.digest import items as digest_items
from linkwright.errors import Unavailable, Unheard
from linkwright.links import items
from linkwright.providers import llm
from linkwright.providers.llm import Failure, ModelFailed
from linkwright.providers.mail import Mail, MailHeldUp, MailNotConfigured, MailRefused, once
from linkwright.table import Item, Key, Table, get, update
from linkwright.weeks import DAYS, Week
from linkwright.workspace import members
from linkwright.workspace.mailed import digest_job
from tests import insight, pump
from tests.client import Answer, Client, invoke, queue_event
from tests.clocks import Hand
from tests.credits import balance, kinds, violated
from tests.factories import Workspace, make_workspace
from tests.postbox import Busy, Postbox
from tests.stack import Stack

# A Wednesday; the week that is over is the 47th.
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
WEEK = Week(datetime(2026, 11, 16, tzinfo=UTC).date())
OWNER, ADMIN = "owner@example.com", "admin@example.com"


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    hand = Hand(monkeypatch)
    hand.move((NOW - clock.now()).total_seconds())
    return hand


@pytest.fixture
def own(hand: Hand) -> Workspace:
    """One whose time stands still, with an owner who is mailed."""
    workspace = make_workspace()
    workspace.mailed(OWNER)
    return workspace


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    found: list[Mail] = []
    monkeypatch.setattr(once, "send", lambda letter: found.append(letter))
    return found


def _send(workspace: Workspace, key: str | None = None, client: Client | None = None) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    asked = client or workspace.client
    return asked.post("/api/ai/weekly-digest/send", json={}, headers=headers)


def _charged(answer: Answer) -> str:
    return str(answer.headers["X-AI-Credits-Charged"])


def _subscribe(workspace: Workspace, **others: Any) -> None:
    path, wanted = "/v1/workspace/settings", {"weekly_digest": "on", **others}
    version = str(workspace.client.get(path).json["version"])
    answer = workspace.client.request("PATCH", path, json=wanted, headers={"If-Match": version})
    assert answer.status == 200, answer.raw


def _job(workspace: Workspace) -> Item:
    return get(Table.CORE, digest_job.key(workspace.partition)) or {}


def _run(workspace: Workspace, *, times: int = 1) -> None:
    """Messages of the weekly job, and of the mails that it asks for."""
    message = jobs.at(digest_job.key(workspace.partition)).message()
    for _ in range(times):
        assert invoke("send_digest", queue_event([message])) == {"batchItemFailures": []}


def _mail_of(workspace: Workspace, member: str, week: Week = WEEK) -> Key:
    return digest_items.mail_key(workspace.partition, week, member)


def _look(where: Key) -> Item:
    invoke("send_digest", queue_event([jobs.at(where).message()]))
    return get(Table.CORE, where) or {}


# ---- who is mailed -------------------------------------------------------------------------------


def test_200_mails_owners_and_admins_who_have_an_address_and_want_it(
    stack: Stack, own: Workspace, sent: list[Mail]
) -> None:
    admin = own.mailed(ADMIN, "admin")
    own.mailed("viewer@example.com", "viewer")
    own.mailed("member@example.com", "member")
    own.mailed("no@example.com", weekly_digest="off")
    own.mailed(None)
    answer = _send(own)
    assert (answer.status, answer.json["week"], len(answer.json["sent"])) == (200, "2026-W47", 2)
    assert (admin in answer.json["sent"], answer.json["already_sent"]) == (True, [])
    pump.settle(stack, own.id)
    assert sorted(letter.to for letter in sent) == [ADMIN, OWNER]
    assert (_charged(answer), kinds(stack, own)["settle"]) == ("3", 1)


@pytest.mark.parametrize("mode", ["live", "test"])
def test_200_of_each_mode_apart(stack: Stack, hand: Hand, sent: list[Mail], mode: str) -> None:
    both = make_workspace()
    both.mailed(OWNER)
    one = Workspace(both.item, mode)
    assert len(_send(one).json["sent"]) == 1
    other = Workspace(both.item, {"live": "test", "test": "live"}[mode])
    assert len(_send(other).json["sent"]) == 1
    pump.settle(stack, both.id)
    assert sorted("test mode" in letter.text for letter in sent) == [False, True]


def test_409_where_nobody_is_mailed_costs_nothing(
    stack: Stack, hand: Hand, workspace: Workspace, sent: list[Mail]
) -> None:
    workspace.mailed("viewer@example.com", "viewer")
    workspace.mailed(None)
    answer = _send(workspace)
    assert (answer.status, answer.json["reason"]) == (409, "no_recipient")
    pump.settle(stack, workspace.id)
    assert (sent, kinds(stack, workspace)["hold"]) == ([], 0)


def test_200_a_domain_with_other_letters_is_mailed_to_as_dns_has_it(
    stack: Stack, own: Workspace, postbox: Postbox
) -> None:
    own.mailed("info@bücher.example")
    own.mailed("u@bu\u0308cher.example", "admin")
    answer = _send(own)
    assert (len(answer.json["sent"]), _charged(answer)) == (3, "3")
    pump.settle(stack, own.id)
    found = sorted((to, mail["To"]) for to, mail in postbox.mails)
    addresses = ["info@xn--bcher-kva.example", OWNER, "u@xn--bcher-kva.example"]
    assert found == [(one, one) for one in addresses]
    assert len(_send(own).json["already_sent"]) == 3


@pytest.mark.parametrize("address", ["jürgen@example.com", "u@stra\u00dfe.example", "u@"])
def test_409_of_an_address_that_cannot_be_mailed_costs_nothing(
    stack: Stack, hand: Hand, workspace: Workspace, sent: list[Mail], address: str
) -> None:
    workspace.mailed(address)
    answer = _send(workspace)
    assert (answer.status, answer.json["reason"]) == (409, "no_recipient")
    pump.settle(stack, workspace.id)
    assert (sent, kinds(stack, workspace)["hold"]) == ([], 0)


def test_409_of_an_address_that_bounced_costs_nothing_until_there_is_another(
    stack: Stack, hand: Hand, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = workspace.mailed(OWNER)
    tried: list[str] = []

    def refuses(letter: Mail) -> str:
        tried.append(letter.to)
        raise MailRefused("bad_address")

    monkeypatch.setattr(once, "send", refuses)
    assert _send(workspace).json["sent"] == [member]
    pump.settle(stack, workspace.id)
    spent = balance(workspace).spent
    for after in (timedelta(0), timedelta(days=7)):
        hand.move(after.total_seconds())
        answer = _send(workspace)
        assert (answer.status, answer.json["reason"]) == (409, "address_bounced")
    assert (balance(workspace).spent, balance(workspace).reserved) == (spent, 0)
    assert tried == [OWNER]
    other = "other@example.com"
    where = members.row(workspace.id, member)
    update(Table.ACCESS, where, "SET #view.#email = :email", values={"email": other})
    assert _send(workspace).json["sent"] == [member]
    pump.settle(stack, workspace.id)
    assert tried == [OWNER, other]


def test_200_one_bounced_address_keeps_nobody_else_from_it(
    stack: Stack, own: Workspace, sent: list[Mail]
) -> None:
    gone = own.mailed(ADMIN, "admin")
    where = members.row(own.id, gone)
    update(Table.ACCESS, where, "SET #refused = :email", values={"email": ADMIN})
    answer = _send(own)
    assert (answer.status, gone in answer.json["sent"]) == (200, False)
    pump.settle(stack, own.id)
    assert [letter.to for letter in sent] == [OWNER]


_IN_VAIN = [MailRefused("rejected"), MailRefused("bad_header"), MailNotConfigured()]


def _fails(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def refuses(_: Mail) -> str:
        raise failure

    monkeypatch.setattr(once, "send", refuses)


def _sent_again(stack: Stack, own: Workspace, patch: pytest.MonkeyPatch) -> list[str]:
    """Whom it was mailed to, when it was asked for twice more, and works now."""
    sent: list[str] = []
    patch.setattr(once, "send", lambda letter: sent.append(letter.to))
    (member,) = _send(own).json["sent"]
    pump.settle(stack, own.id)
    answer = _send(own)
    assert (answer.json["sent"], answer.json["already_sent"]) == ([], [member])
    pump.settle(stack, own.id)
    assert (balance(own).spent, kinds(stack, own)["settle"]) == (3, 1)
    assert violated(stack, own) == []
    return sent


@pytest.mark.parametrize("failure", _IN_VAIN, ids=str)
def test_200_what_nobody_was_mailed_is_mailed_when_it_is_asked_for_again_for_nothing(
    stack: Stack, own: Workspace, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """It is our own fault, and marks no address."""
    _fails(monkeypatch, failure)
    _send(own)
    pump.settle(stack, own.id)
    assert _sent_again(stack, own, monkeypatch) == [OWNER]


@pytest.mark.parametrize("failure", [Unavailable(), MailHeldUp("sender_not_verified")])
def test_200_a_mail_that_was_given_up_is_mailed_when_it_is_asked_for_again_for_nothing(
    stack: Stack, own: Workspace, monkeypatch: pytest.MonkeyPatch, hand: Hand, failure: Exception
) -> None:
    _fails(monkeypatch, failure)
    where = _mail_of(own, _send(own).json["sent"][0])
    for _ in range(30):
        _look(where)
        hand.move(3600)
    assert jobs.has_given_up(_look(where))
    assert _sent_again(stack, own, monkeypatch) == [OWNER]


def test_200_what_nobody_was_mailed_is_told_as_it_was_made(
    stack: Stack, own: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For nothing no model is asked: who is new is what is paid for."""
    _fails(monkeypatch, MailRefused("rejected"))
    _send(own)
    pump.settle(stack, own.id)

    def asked(*_: Any, **__: Any) -> Any:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(answers, "ask", asked)
        assert _charged(_send(own)) == "0"
    pump.settle(stack, own.id)
    own.mailed(ADMIN, "admin")
    answer = _send(own)
    assert (len(answer.json["sent"]), _charged(answer)) == (2, "3")


def test_200_what_may_have_been_sent_is_not_sent_again(
    stack: Stack, own: Workspace, monkeypatch: pytest.MonkeyPatch, hand: Hand
) -> None:
    _fails(monkeypatch, Unheard())
    (member,) = _send(own).json["sent"]
    where = _mail_of(own, member)
    _look(where)
    hand.move(91)
    assert not jobs.is_due(_look(where))
    assert _send(own).json["already_sent"] == [member]


def test_two_who_ask_again_at_once_have_it_mailed_once(
    stack: Stack, own: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fails(monkeypatch, MailRefused("rejected"))
    _send(own)
    pump.settle(stack, own.id)
    ask, others = digest_items.ask, list[Answer]()

    def asks(*given: Any) -> None:
        monkeypatch.setattr(digest_items, "ask", ask)
        others.append(_send(own))
        ask(*given)

    monkeypatch.setattr(digest_items, "ask", asks)
    slower = _send(own)
    (faster,) = others
    assert slower.json["already_sent"] == faster.json["sent"]
    sent: list[str] = []
    monkeypatch.setattr(once, "send", lambda letter: sent.append(letter.to))
    pump.settle(stack, own.id)
    assert sent == [OWNER]


def test_who_has_left_or_unsubscribed_by_then_is_not_mailed(
    stack: Stack, own: Workspace, sent: list[Mail]
) -> None:
    own.mailed(ADMIN, "admin")
    for member in _send(own).json["sent"]:
        where = members.row(own.id, member)
        change = {"weekly_digest": "off"} if member.endswith("0") else {"role": "viewer"}
        for name, value in change.items():
            update(Table.ACCESS, where, f"SET #view.#{name} = :value", values={"value": value})
    pump.settle(stack, own.id)
    assert sent == []


# ---- once ----------------------------------------------------------------------------------------


def test_200_sent_twice_with_one_key_is_one_mail_and_one_charge(
    stack: Stack, own: Workspace, sent: list[Mail]
) -> None:
    first, again = _send(own, "a key"), _send(own, "a key")
    assert (again.status, again.json) == (200, first.json)
    assert (_charged(first), _charged(again)) == ("3", "3")
    pump.settle(stack, own.id)
    assert [letter.to for letter in sent] == [OWNER]
    assert (balance(own).spent, kinds(stack, own)["settle"]) == (3, 1)


def test_200_sent_twice_with_two_keys_tells_so_and_the_second_pays_nothing(
    stack: Stack, own: Workspace, sent: list[Mail]
) -> None:
    first = _send(own, "one")
    pump.settle(stack, own.id)
    again = _send(own, "two")
    (member,) = first.json["sent"]
    assert again.json == {"week": "2026-W47", "sent": [], "already_sent": [member]}
    assert (_charged(first), _charged(again)) == ("3", "0")
    pump.settle(stack, own.id)
    assert len(sent) == 1
    assert (balance(own).spent, violated(stack, own)) == (3, [])


def test_200_what_all_have_needs_no_credits_and_402_once_somebody_has_it_not(
    stack: Stack, own: Workspace
) -> None:
    first = _send(own).json
    had = balance(own)
    where = Key(f"CR#{own.partition}", "BAL")
    update(Table.LEDGER, where, "SET #spent = :all", values={"all": had.granted - 2})
    again = _send(own)
    assert (again.status, again.json["already_sent"]) == (200, first["sent"])
    assert again.headers["X-AI-Credits-Charged"] == "0"
    own.mailed(ADMIN, "admin")
    assert _send(own).status == 402


def test_200_who_comes_later_in_the_week_is_mailed_alone(
    stack: Stack, own: Workspace, sent: list[Mail]
) -> None:
    (owner,) = _send(own).json["sent"]
    pump.settle(stack, own.id)
    admin = own.mailed(ADMIN, "admin")
    answer = _send(own)
    assert (answer.json["sent"], answer.json["already_sent"]) == ([admin], [owner])
    pump.settle(stack, own.id)
    assert [letter.to for letter in sent] == [OWNER, ADMIN]


def test_200_another_week_is_another_mail(
    stack: Stack, own: Workspace, sent: list[Mail], hand: Hand
) -> None:
    _send(own)
    pump.settle(stack, own.id)
    hand.move(7 * 24 * 3600)
    assert (_send(own).json["week"], balance(own).spent) == ("2026-W48", 6)
    pump.settle(stack, own.id)
    assert len(sent) == 2


def test_200_two_at_once_are_one_mail_and_one_charge(
    stack: Stack, own: Workspace, sent: list[Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second asks while the first has the model word it, and is faster."""
    ask, others = answers.ask, list[Answer]()

    def asks(*given: Any, **options: Any) -> Any:
        monkeypatch.setattr(answers, "ask", ask)
        others.append(_send(own, "two"))
        return ask(*given, **options)

    monkeypatch.setattr(answers, "ask", asks)
    slower = _send(own, "one")
    (faster,) = others
    assert (_charged(faster), _charged(slower)) == ("3", "0")
    assert slower.json["already_sent"] == faster.json["sent"]
    pump.settle(stack, own.id)
    assert len(sent) == 1
    assert (balance(own).spent, balance(own).reserved, violated(stack, own)) == (3, 0, [])


def test_200_what_no_model_words_is_computed_mailed_and_free(
    stack: Stack, hand: Hand, sent: list[Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = make_workspace()
    own.mailed(OWNER)

    def fails(*_: Any, **__: Any) -> Any:
        raise ModelFailed(Failure.UNAVAILABLE, "down")

    monkeypatch.setattr(llm, "model", fails)
    answer = _send(own)
    assert (answer.status, _charged(answer)) == (200, "0")
    pump.settle(stack, own.id)
    assert [letter.to for letter in sent] == [OWNER]
    assert "there is nothing to tell yet" in sent[0].text
    assert (_charged(_send(own)), balance(own).spent) == ("0", 0)


# ---- the mail ------------------------------------------------------------------------------------


class _Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Postbox:
    """Takes the mail as it is sent: an emulator shows of it but the text."""
    own = Postbox()
    own.clear_letters()
    monkeypatch.setattr(aws, "ses", lambda: own)
    return own


def _arrived(postbox: Postbox, to: str) -> EmailMessage:
    return [letter for who, letter in postbox.mails if who == to][-1]


def _part(letter: EmailMessage, kind: str) -> str:
    body = letter.get_body((kind,))
    assert body is not None
    return str(body.get_content())


TITLE = """<img src=x onerror="alert(1)"> & 'Sale' {clicks}"""


def _with_a_spike(stack: Stack, own: Workspace) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW - timedelta(days=200))
        link = own.link(title=TITLE, track_conversion=True, utm_source="mail")["id"]
    clicks = insight.usual(50)
    clicks[-5] = 500
    for rows in (items.link_rows(own.partition, link), items.workspace_rows(own.partition)):
        insight.put(stack, rows, clicks)


def test_the_mail_has_text_and_html_and_a_chart_that_needs_nothing(
    stack: Stack, own: Workspace, postbox: Postbox
) -> None:
    _with_a_spike(stack, own)
    _send(own)
    pump.settle(stack, own.id)
    letter = _arrived(postbox, OWNER)
    text, page = _part(letter, "plain"), _part(letter, "html")
    assert "2026-W47" in letter["Subject"]
    assert "500 clicks came on 21 November 2026" in text
    assert "500 clicks came on 21 November 2026" in page
    elements = _Elements(page).found
    assert {tag for tag, _ in elements} <= {
        *("html", "head", "meta", "title", "body", "table", "tr", "td", "th", "div", "a"),
    }
    assert all(name not in {"src", "background"} for _, given in elements for name in given)
    assert not any(name.startswith("on") for _, given in elements for name in given)
    bars = [given["width"] for tag, given in elements if tag == "td" and given.get("bgcolor")]
    assert len(bars) == 14
    assert "100%" in bars
    (link,) = [given["href"] for tag, given in elements if tag == "a"]
    assert letter["List-Unsubscribe"] == f"<{link}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_what_somebody_has_written_is_escaped(
    stack: Stack, own: Workspace, postbox: Postbox
) -> None:
    """Titles, and the workspace's name."""
    name = "</td><script>alert(2)</script>"
    where = Key(f"W#{own.id}", "META")
    update(Table.CORE, where, "SET #name = :name", values={"name": name})
    _with_a_spike(stack, own)
    _send(own)
    pump.settle(stack, own.id)
    page = _part(_arrived(postbox, OWNER), "html")
    elements = _Elements(page).found
    assert not {"script", "img"} & {tag for tag, _ in elements}
    assert "alert(1)" in page
    assert "<img" not in page
    assert "<script" not in page
    assert "&amp; &#x27;Sale&#x27;" in page


def test_a_bar_is_as_high_as_it_says_where_an_empty_cell_has_a_line_of_text(
    stack: Stack, own: Workspace, postbox: Postbox
) -> None:
    """As Outlook gives it: none is empty, beside a bar or in place of one, or has its height."""
    _with_a_spike(stack, own)
    _send(own)
    pump.settle(stack, own.id)
    page = _part(_arrived(postbox, OWNER), "html")
    assert re.findall(r"<td[^>]*></td>", page) == []
    low = [attributes for _, attributes in _Elements(page).found if "height:4px" in str(attributes)]
    assert len(low) >= DAYS
    for attributes in low:
        assert "font-size:1px;line-height:4px" in str(attributes)


def test_the_mail_is_in_the_language_of_the_workspace(
    stack: Stack, own: Workspace, postbox: Postbox
) -> None:
    _subscribe(own, weekly_digest="off", language="he")
    _with_a_spike(stack, own)
    _send(own)
    pump.settle(stack, own.id)
    page = _part(_arrived(postbox, OWNER), "html")
    assert '<html lang="he" dir="rtl">' in page
    assert "500 קליקים" in page


# ---- faults of the mail --------------------------------------------------------------------------


def test_nobody_is_mailed_twice_after_an_answer_that_was_lost(
    stack: Stack, own: Workspace, monkeypatch: pytest.MonkeyPatch, hand: Hand
) -> None:
    tried: list[str] = []

    def is_lost(letter: Mail) -> str:
        tried.append(letter.to)
        raise Unheard

    monkeypatch.setattr(once, "send", is_lost)
    where = _mail_of(own, _send(own).json["sent"][0])
    assert jobs.is_due(_look(where))
    assert jobs.is_due(_look(where)), "the run before may still be at it"
    hand.move(91)
    assert not jobs.is_due(_look(where))
    assert tried == [OWNER]


def test_whom_ses_had_no_time_for_is_mailed_by_the_next_run(
    stack: Stack, own: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Busy()
    monkeypatch.setattr(once, "send", busy.send)
    where = _mail_of(own, _send(own).json["sent"][0])
    assert jobs.is_due(_look(where))
    assert not jobs.is_due(_look(where))
    assert len(busy.tried) == 2


def test_of_two_runs_one_mails(
    stack: Stack, own: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    where = _mail_of(own, _send(own).json["sent"][0])

    def meets_another(letter: Mail) -> str:
        tried.append(letter.to)
        assert jobs.is_due(_look(where))
        return "id"

    monkeypatch.setattr(once, "send", meets_another)
    assert not jobs.is_due(_look(where))
    assert tried == [OWNER]


def test_it_is_done_where_nobody_is_mailed_anything(
    stack: Stack, own: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: Mail) -> str:
        raise MailNotConfigured

    monkeypatch.setattr(once, "send", refuses)
    where = _mail_of(own, _send(own).json["sent"][0])
    assert not jobs.is_due(_look(where))


# ---- each week -----------------------------------------------------------------------------------


def _to_monday(hand: Hand) -> None:
    """A minute after 08:00 UTC of the next one."""
    monday = datetime(2026, 11, 30, 8, 1, tzinfo=UTC)
    hand.move((monday - clock.now()).total_seconds())


def test_who_wants_it_is_mailed_on_monday_and_charged_once_however_often_it_fires(
    stack: Stack, own: Workspace, sent: list[Mail], hand: Hand
) -> None:
    _subscribe(own)
    assert _job(own)["mails_at"] == "2026-11-30T08:00:00Z"
    _run(own)
    pump.settle(stack, own.id)
    assert sent == [], "it is too early"
    _to_monday(hand)
    for shard in range(jobs.DUE_SHARDS):
        invoke("sweep_overdue", {"shard": shard})
    pump.settle(stack, own.id)
    _run(own, times=2)
    pump.settle(stack, own.id)
    assert [letter.to for letter in sent] == [OWNER]
    assert "2026-W48" in sent[0].subject
    assert (balance(own).spent, kinds(stack, own)["settle"]) == (3, 1)
    assert _job(own)["mails_at"] == "2026-12-07T08:00:00Z"
    assert jobs.is_due(_job(own))


@pytest.mark.parametrize("first", ["endpoint", "schedule"])
def test_by_endpoint_and_schedule_it_is_one_mail_and_one_charge(
    stack: Stack, own: Workspace, sent: list[Mail], hand: Hand, first: str
) -> None:
    _subscribe(own)
    _to_monday(hand)
    if first == "schedule":
        _run(own)
    answer = _send(own)
    if first == "endpoint":
        _run(own)
    pump.settle(stack, own.id)
    assert len(answer.json["sent"]) == (1 if first == "endpoint" else 0)
    assert len(sent) == 1
    assert (balance(own).spent, violated(stack, own)) == (3, [])


def test_two_schedules_at_once_are_one_mail_and_one_charge(
    stack: Stack, own: Workspace, sent: list[Mail], hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    _subscribe(own)
    _to_monday(hand)
    ask = answers.ask

    def asks(*given: Any, **options: Any) -> Any:
        monkeypatch.setattr(answers, "ask", ask)
        _run(own)
        return ask(*given, **options)

    monkeypatch.setattr(answers, "ask", asks)
    _run(own)
    hand.move(60)
    _run(own)
    pump.settle(stack, own.id)
    assert len(sent) == 1
    assert (balance(own).spent, violated(stack, own)) == (3, [])
    assert _job(own)["mails_at"] == "2026-12-07T08:00:00Z"


def test_one_that_is_late_mails_the_last_week_alone(
    stack: Stack, own: Workspace, sent: list[Mail], hand: Hand
) -> None:
    _subscribe(own)
    hand.move(25 * 24 * 3600)
    _run(own)
    pump.settle(stack, own.id)
    assert ["2026-W50" in letter.subject for letter in sent] == [True]
    assert (balance(own).spent, _job(own)["mails_at"]) == (3, "2026-12-21T08:00:00Z")


def test_a_run_that_is_killed_is_made_good_by_the_next_with_one_charge(
    stack: Stack, own: Workspace, sent: list[Mail], hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*_: Any, **__: Any) -> Any:
        raise Killed

    _subscribe(own)
    _to_monday(hand)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "ask", dies)
        with pytest.raises(Killed):
            _run(own)
    _run(own)
    assert jobs.is_due(_job(own))
    assert sent == []
    hand.move(120)
    _run(own)
    pump.settle(stack, own.id)
    assert len(sent) == 1
    assert (balance(own).spent, balance(own).reserved, violated(stack, own)) == (3, 0, [])


def test_who_has_no_credits_left_is_mailed_what_is_computed_for_nothing(
    stack: Stack, own: Workspace, sent: list[Mail], hand: Hand
) -> None:
    _subscribe(own)
    _to_monday(hand)
    own.client.post("/api/ai/suggest-alias", json={"url": "https://example.com/a"})
    had = balance(own)
    where = Key(f"CR#{own.partition}", "BAL")
    update(Table.LEDGER, where, "SET #spent = :all", values={"all": had.granted})
    _run(own)
    pump.settle(stack, own.id)
    assert len(sent) == 1
    assert (balance(own).spent, balance(own).remaining) == (had.granted, 0)
    assert _job(own)["mails_at"] == "2026-12-07T08:00:00Z"


def test_a_plan_without_ai_mails_nothing_and_waits_for_another(
    stack: Stack, sent: list[Mail], hand: Hand
) -> None:
    own = make_workspace("free")
    own.mailed(OWNER)
    _subscribe(own)
    _to_monday(hand)
    _run(own)
    pump.settle(stack, own.id)
    assert sent == []
    assert (_job(own)["mails_at"], jobs.is_due(_job(own))) == ("2026-12-07T08:00:00Z", True)


def test_switched_off_it_ends_and_on_again_it_goes_on(
    stack: Stack, own: Workspace, sent: list[Mail], hand: Hand
) -> None:
    _subscribe(own)
    _subscribe(own, weekly_digest="off")
    _to_monday(hand)
    _run(own)
    pump.settle(stack, own.id)
    assert (sent, jobs.is_due(_job(own))) == ([], False)
    _subscribe(own)
    assert (_job(own)["mails_at"], jobs.is_due(_job(own))) == ("2026-12-07T08:00:00Z", True)


def test_another_zone_is_mailed_by_its_own_clocks(own: Workspace) -> None:
    _subscribe(own, time_zone="Asia/Jerusalem")
    assert _job(own)["mails_at"] == "2026-11-30T06:00:00Z"
    _subscribe(own, time_zone="America/New_York")
    assert _job(own)["mails_at"] == "2026-11-30T13:00:00Z"


@pytest.mark.parametrize(
    ("first", "second", "at"),
    [
        ("America/New_York", "Europe/Berlin", datetime(2026, 11, 30, 11, tzinfo=UTC)),
        ("Pacific/Pago_Pago", "Asia/Tokyo", datetime(2026, 11, 30, 12, tzinfo=UTC)),
        ("Europe/Berlin", "America/New_York", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("Europe/Berlin", "Asia/Tokyo", datetime(2026, 11, 29, 22, tzinfo=UTC)),
        ("Asia/Tokyo", "Pacific/Pago_Pago", datetime(2026, 11, 29, 22, tzinfo=UTC)),
    ],
)
def test_no_week_is_lost_or_mailed_twice_by_another_zone(
    stack: Stack,
    own: Workspace,
    hand: Hand,
    sent: list[Mail],
    first: str,
    second: str,
    at: datetime,
) -> None:
    _subscribe(own, time_zone=first)
    hand.move((at - clock.now()).total_seconds())
    _run(own)
    pump.settle(stack, own.id)
    _subscribe(own, time_zone=second)
    for _ in range(9):
        hand.move(timedelta(days=1).total_seconds())
        _run(own)
        pump.settle(stack, own.id)
    assert [letter.subject.split("2026-")[1][:3] for letter in sent] == ["W48", "W49"]


def test_a_week_that_is_late_is_not_lost_by_another_zone(
    stack: Stack, own: Workspace, hand: Hand, sent: list[Mail]
) -> None:
    _subscribe(own, time_zone="America/New_York")
    hand.move(timedelta(days=6).total_seconds())
    _subscribe(own, time_zone="America/Chicago")
    assert _job(own)["mails_at"] == clock.timestamp()
    _run(own)
    pump.settle(stack, own.id)
    assert (len(sent), _job(own)["mails_at"]) == (1, "2026-12-07T14:00:00Z")


def test_who_wants_it_since_today_is_not_mailed_at_once_by_another_zone(
    own: Workspace,
) -> None:
    _subscribe(own, time_zone="America/New_York")
    _subscribe(own, time_zone="Asia/Tokyo")
    assert _job(own)["mails_at"] == "2026-11-29T23:00:00Z"


def test_where_nobody_is_mailed_it_waits_for_the_next_week(
    stack: Stack, hand: Hand, workspace: Workspace, sent: list[Mail]
) -> None:
    _subscribe(workspace)
    _to_monday(hand)
    _run(workspace)
    assert (kinds(stack, workspace)["hold"], sent) == (0, [])
    assert _job(workspace)["mails_at"] == "2026-12-07T08:00:00Z"


# ---- ending it -----------------------------------------------------------------------------------


def _path(stack: Stack, own: Workspace, postbox: Postbox) -> str:
    _send(own)
    pump.settle(stack, own.id)
    shown = str(_arrived(postbox, OWNER)["List-Unsubscribe"])
    return "/v1/unsubscribe/" + shown.strip("<>").rpartition("/")[2]


def _wants(own: Workspace) -> list[str]:
    shown = own.client.get("/v1/workspace/members").json["data"]
    return [one["weekly_digest"] for one in shown]


def test_200_one_click_ends_it_for_that_member(
    stack: Stack, own: Workspace, hand: Hand, postbox: Postbox
) -> None:
    path = _path(stack, own, postbox)
    admin = own.mailed(ADMIN, "admin")
    nobody = Client()
    for _ in range(2):
        page = nobody.request("GET", path)
        assert (page.status, '<form method="post">' in page.raw) == (200, True)
    assert _wants(own) == ["on", "on"], "what scans mails asks for all that is in them"
    for _ in range(2):
        answer = nobody.request(
            *("POST", path),
            body="List-Unsubscribe=One-Click",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert (answer.status, "unsubscribed" in answer.raw) == (200, True)
        assert answer.headers["Cache-Control"] == "no-store"
    assert sorted(_wants(own)) == ["off", "on"]
    (told,) = own.client.get("/v1/workspace/audit?action=member.changed").json["data"]
    member = path.split(".")[1]
    assert (told["object"], told["details"]) == (member, {"weekly_digest": "off"})
    assert told["actor"] == {"type": "unsubscribe", "id": member}
    hand.move(7 * 24 * 3600)
    assert _send(own).json["sent"] == [admin]


def test_200_who_ended_it_may_have_it_again(stack: Stack, own: Workspace, postbox: Postbox) -> None:
    path = _path(stack, own, postbox)
    Client().request("POST", path)
    (shown,) = own.client.get("/v1/workspace/members").json["data"]
    wanted = {"weekly_digest": "on"}
    answer = own.client.request("PATCH", f"/v1/workspace/members/{shown['id']}", json=wanted)
    assert (answer.status, answer.json["weekly_digest"]) == (200, "on")


def test_404_for_an_address_that_is_none_of_ours(
    stack: Stack, own: Workspace, postbox: Postbox
) -> None:
    path = _path(stack, own, postbox)
    token = path.rpartition("/")[2]
    workspace_id, member, mac = token.split(".")
    other = make_workspace()
    forged = [
        *("", ".", "..", "x", token[:-1], f"{token}A", token.swapcase(), f"{token}.x"),
        f"{workspace_id}.{own.member('owner')}.{mac}",
        f"{other.id}.{member}.{mac}",
        f"ws_nosuch.{member}.{mac}",
        f"{workspace_id}.{member}.é",
        "a" * 5_000,
    ]
    for one in forged:
        for method in ("GET", "POST"):
            answer = Client().request(method, f"/v1/unsubscribe/{one or '%20'}")
            assert answer.status == 404, one
    for method in ("GET", "POST"):
        shown = Client().request(method, path[:-4], headers={"Accept": "text/html"})
        assert (shown.status, "does not work</h1>" in shown.raw) == (404, True)
    assert set(_wants(own)) == {"on"}
