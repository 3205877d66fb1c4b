"""What cannot be heard of an inbox, by a fault of ours: nobody who answered is mailed for that."""

from collections.abc import Callable
from typing import Any

import pytest

from linkwright.mailer import items
from linkwright.mailer.inbound import understanding
from linkwright.mailer.mailboxes import held_up
from linkwright.mailer.responses import answers, candidates, effects, handling, reading
from linkwright.mailer.responses.candidates import Batch
from linkwright.providers.mailbox import headers
from linkwright.table import Table, get
from tests import heard, mailing
from tests.clocks import Hand
from tests.factories import Workspace
from tests.heard import READER
from tests.integration.test_heard import sent, shown
from tests.mailhost import Host

Patch = pytest.MonkeyPatch
POISON = "<poison@example.org>"


@pytest.fixture
def hand(monkeypatch: Patch) -> Hand:
    return mailing.at_work(monkeypatch)


@pytest.fixture
def counted(monkeypatch: Patch) -> dict[str, float]:
    return mailing.counted(monkeypatch, reading, candidates)


def _raises(patch: Patch, module: Any, name: str, of: str = "") -> None:
    """Let a function raise, or where it is about one thing alone."""
    proper: Callable[..., Any] = getattr(module, name)

    def broken(*facts: Any, **more: Any) -> Any:
        if of in str(facts):
            raise ZeroDivisionError
        return proper(*facts, **more)

    patch.setattr(module, name, broken)


def _for_hours(workspace: Workspace, mailbox: str, hand: Hand, hours: float) -> None:
    for _ in range(int(hours * 20)):
        heard.read(workspace, mailbox)
        hand.move(180)


def _is_read(workspace: Workspace, mailbox: str) -> bool:
    row: Any = get(Table.CORE, items.mailbox_key(workspace.partition, mailbox))
    return not held_up.is_unread(workspace.partition, row["view"])


@pytest.mark.parametrize(
    "of",
    [(headers, "parsed"), (candidates, "is_report"), (candidates, "among"), (effects, "write")],
)
def test_a_message_that_raises_to_the_end_stops_neither_the_reading_nor_the_sending(
    workspace: Workspace, hand: Hand, monkeypatch: Patch, of: tuple[Any, str]
) -> None:
    """Also where what would be left of it raises as well."""
    mine = sent(workspace)
    other = mailing.put_ready(workspace, mine.campaign, "dov@example.net")
    about = heard.put_sent(workspace, other, mine.mailbox)
    heard.comes(heard.answer(READER, mine.message_id, "unsubscribe", Message_ID=POISON))
    _raises(monkeypatch, *of, of="poison@example.org")
    if of[1] != "write":
        _raises(monkeypatch, effects, "write", of="poison@example.org")
    _for_hours(workspace, mine.mailbox, hand, 2.5)
    assert "failing_since" not in heard.reading(workspace, mine.mailbox)
    assert heard.reading(workspace, mine.mailbox)["withheld"] == []
    heard.comes(heard.answer("dov@example.net", about))
    heard.read(workspace, mine.mailbox)
    assert shown(workspace, other)["status"] == "replied"
    assert _is_read(workspace, mine.mailbox)


@pytest.mark.parametrize(
    "of", [(answers.Answer, "write"), (effects, "write"), (handling, "handle")]
)
def test_who_answered_what_never_has_an_effect_is_mailed_no_more(
    workspace: Workspace,
    hand: Hand,
    monkeypatch: Patch,
    counted: dict[str, float],
    of: tuple[Any, str],
) -> None:
    mine = sent(workspace)
    heard.comes(heard.answer(READER, mine.message_id, "unsubscribe"))
    _raises(monkeypatch, *of)
    _for_hours(workspace, mine.mailbox, hand, 2.5)
    assert shown(workspace, mine.lead)["status"] == "replied"
    assert mailing.rows(workspace, mine.mailbox) == []


@pytest.mark.parametrize("is_withheld", [True, False])
def test_who_wrote_what_names_no_mail_of_ours_is_mailed_no_more_where_nobody_can_say_what(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: Patch, is_withheld: bool
) -> None:
    """An opt-out may be a mail of its own."""
    mine = sent(workspace)
    heard.comes(heard.answer(READER, None, "unsubscribe"))
    if is_withheld:
        host.withholds = lambda word, _: word == "part"
    else:
        _raises(monkeypatch, understanding, "opt_out", of="unsubscribe")
    _for_hours(workspace, mine.mailbox, hand, 2.5)
    assert shown(workspace, mine.lead)["status"] == "replied"
    assert mailing.rows(workspace, mine.mailbox) == []


def test_who_answered_what_nobody_can_read_is_mailed_no_more(
    workspace: Workspace, hand: Hand
) -> None:
    mine = sent(workspace)
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at)
        for at in range(1000)
    )
    heard.comes(f"From: {READER}\r\nIn-Reply-To: <{mine.message_id}>\r\n".encode() + nested)
    heard.read(workspace, mine.mailbox)
    assert shown(workspace, mine.lead)["status"] == "replied"
    assert heard.reading(workspace, mine.mailbox)["last_uid"] == 1


@pytest.mark.parametrize("of", [(understanding, "answer"), (answers.Answer, "write")])
@pytest.mark.slow
def test_more_opt_outs_than_may_be_put_off_are_all_heard_once_they_can_be(
    workspace: Workspace, hand: Hand, monkeypatch: Patch, of: tuple[Any, str]
) -> None:
    mine = sent(workspace)
    leads = [mine.lead]
    comes = [heard.answer(READER, mine.message_id, "unsubscribe")]
    for at in range(25):
        leads.append(mailing.put_ready(workspace, mine.campaign, f"p{at}@example.net"))
        about = heard.put_sent(workspace, leads[-1], mine.mailbox)
        comes.append(heard.answer(f"p{at}@example.net", about, "unsubscribe"))
    heard.comes(*comes)
    with monkeypatch.context() as patch:
        _raises(patch, *of)
        _for_hours(workspace, mine.mailbox, hand, 0.5)
        assert not _is_read(workspace, mine.mailbox)
    for _ in range(20):
        heard.read(workspace, mine.mailbox)
        hand.move(300)
    found = {shown(workspace, lead)["status"] for lead in leads}
    assert found == {"unsubscribed"}
    assert _is_read(workspace, mine.mailbox)
    assert heard.reading(workspace, mine.mailbox)["withheld"] == []


def test_a_message_that_its_host_withholds_behind_as_many_as_may_be_aside_fails_no_mailbox(
    workspace: Workspace, host: Host, hand: Hand, monkeypatch: Patch
) -> None:
    """What is aside is asked for all the same, so that there is room for it."""
    mine = sent(workspace)
    heard.comes(*[heard.answer(READER, mine.message_id, f"No {at}") for at in range(21)])
    host.withholds = lambda word, uid: (word, uid) == ("part", 21)
    with monkeypatch.context() as patch:
        _raises(patch, handling, "handle")
        heard.read(workspace, mine.mailbox)
        hand.move(60)
        heard.read(workspace, mine.mailbox)
    _for_hours(workspace, mine.mailbox, hand, 26)
    mailbox = workspace.client.get(f"/v1/mailer/mailboxes/{mine.mailbox}").json
    assert mailbox["status"] == "active"
    assert len(heard.messages(workspace, mine.lead)) == 21
    assert _is_read(workspace, mine.mailbox)


def test_what_was_read_one_by_one_is_not_once_its_folder_is_numbered_anew() -> None:
    state = {"uid_validity": 1, "last_uid": 480, "singly_to": 500}
    assert len(Batch(state, 1, 480, range(481, 500)).uids) == 1
    anew = Batch(state, 2, 0, range(1, 31))
    again = Batch(state | anew.facts, 2, 20, range(21, 31))
    assert (len(anew.uids), len(again.uids)) == (20, 10)
