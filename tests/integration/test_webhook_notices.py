"""Notices: owners hear by mail that an endpoint fails, and that it is disabled; nobody twice."""

import json
import re
from itertools import count

import pytest

from linkwright import audit, ids, jobs
from linkwright.errors import Unheard
from linkwright.providers.mail import Mail, MailNotConfigured, MailRefused, once
from linkwright.table import Item, Key, Table, get, update
from linkwright.transaction import Transaction
from linkwright.webhooks import deliveries, health
from linkwright.workspace import members
from tests import pump
from tests.client import invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace
from tests.integration.test_webhook_deliveries import _happen, _run, _shown, _webhook
from tests.postbox import Busy
from tests.receiver import URL, Receivers, answers
from tests.stack import Stack


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    found: list[Mail] = []
    monkeypatch.setattr(once, "send", lambda letter: found.append(letter))
    return found


def _person(workspace: Workspace, role: str, email: str | None, alerts: str = "on") -> None:
    tx = Transaction(workspace.id, "req_test", audit.OPERATOR)
    of = {"organisation": ids.new("org"), "subject": ids.new("user"), "role": role}
    member_id = members.add(workspace.item, **of, tx=tx)
    tx.commit()
    where = members.row(workspace.id, member_id)
    view = (get(Table.ACCESS, where) or {})["view"] | {"email": email, "alerts": alerts}
    update(Table.ACCESS, where, "SET #view = :view", values={"view": view})


def _notice(workspace: Workspace) -> Key:
    tx = Transaction(workspace.partition, "req_test")
    shown = {"id": "wh_1", "url": URL, "created_at": "2026-11-01T00:00:00Z"}
    health.request_notice(tx, "webhook.disabled", shown)
    (item,) = [op["item"] for op in tx._operations]
    tx.commit()
    return Key(item["pk"], item["sk"])


def _look(where: Key) -> Item:
    invoke("update_workspace", queue_event([jobs.at(where).message()]))
    return get(Table.CORE, where) or {}


def test_who_is_in_charge_is_told_once_that_it_fails(
    stack: Stack, workspace: Workspace, receivers: Receivers, sent: list[Mail]
) -> None:
    _person(workspace, "owner", "owner@example.com")
    _person(workspace, "admin", "admin@example.com")
    _person(workspace, "admin", "quiet@example.com", alerts="off")
    _person(workspace, "viewer", "viewer@example.com")
    _person(workspace, "owner", None)
    webhook = _webhook(workspace)
    receivers.does[URL] = answers(503)
    for _ in range(5):
        _happen(workspace)
    pump.settle(stack, workspace.id)
    assert sorted(letter.to for letter in sent) == ["admin@example.com", "owner@example.com"]
    assert webhook["id"] in sent[0].text
    assert f"{workspace.id} in live mode" in sent[0].text
    assert "503" in sent[0].text


@pytest.mark.slow
def test_one_that_flaps_mails_nobody_all_day(
    stack: Stack, workspace: Workspace, receivers: Receivers, sent: list[Mail], hand: Hand
) -> None:
    """Three failures and a success, again and again."""
    _person(workspace, "owner", "owner@example.com")
    webhook = _webhook(workspace, events=["call.ended"])
    turns = count()
    receivers.does[URL] = lambda _: 204 if next(turns) % 4 == 3 else 503
    for _ in range(20):
        _happen(workspace)
        hand.move(health.RESTS_S[-1])
        pump.settle(stack, workspace.id)
    events = workspace.client.get("/v1/events?type=webhook.failing").json["data"]
    assert len(events) > 2
    assert len(sent) == 1
    receivers.does[URL] = answers(503)
    hand.move(health.MAILED_EVERY.total_seconds() - health.RESTS_S[-1] * 10)
    _run(workspace, webhook)
    for _ in range(4):
        _happen(workspace)
        hand.move(health.RESTS_S[-1] * 10)
        pump.settle(stack, workspace.id)
        _run(workspace, webhook)
    pump.settle(stack, workspace.id)
    assert len(sent) == 2, "of what lasts they are told, if later"


def test_it_is_told_once_of_a_row_of_failures(
    stack: Stack, workspace: Workspace, receivers: Receivers, sent: list[Mail], hand: Hand
) -> None:
    """Whatever else changes, as by what expires."""
    _person(workspace, "owner", "owner@example.com")
    webhook = _webhook(workspace, events=["call.ended"])
    receivers.does[URL] = answers(503)
    for _ in range(3):
        _happen(workspace)
    pump.settle(stack, workspace.id)
    assert _shown(workspace, webhook)["failure"]["count"] == 3
    hand.move(deliveries.LONGEST.total_seconds() + 1)
    _run(workspace, webhook)
    pump.settle(stack, workspace.id)
    assert len(workspace.client.get("/v1/events?type=webhook.failing").json["data"]) == 1
    assert len(sent) == 1


def test_who_does_as_the_notice_says_loses_nothing(
    stack: Stack, workspace: Workspace, receivers: Receivers, sent: list[Mail], hand: Hand
) -> None:
    _person(workspace, "owner", "owner@example.com")
    webhook = _webhook(workspace, events=["call.ended"])
    receivers.does[URL] = answers(503)
    early = [_happen(workspace) for _ in range(4)]
    hand.move(5)  # until they come to be sent
    pump.settle(stack, workspace.id)
    receivers.does[URL] = answers(410)
    hand.move(400)
    _run(workspace, webhook)
    pump.settle(stack, workspace.id)
    missed = _happen(workspace)
    pump.settle(stack, workspace.id)
    (letter,) = [one for one in sent if "disabled" in one.subject]
    receivers.does[URL] = answers(204)
    receivers.received.clear()
    asked = re.findall(r"(PATCH|POST) (/v1/\S+) (\{.*?\})", letter.text)
    for method, path, body in asked:
        answer = workspace.client.request(method, path, json=json.loads(body))
        assert answer.status in {200, 202}, answer.raw
    pump.settle(stack, workspace.id)
    assert [method for method, _, _ in asked] == ["PATCH", "POST"]
    assert sorted(message.id for message in receivers.at()) == sorted([*early, missed])


def test_whom_ses_had_no_time_for_is_mailed_by_the_next_run(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit: it was not sent, and SES says so."""
    for name in ("a", "b"):
        _person(workspace, "owner", f"{name}@example.com")
    busy = Busy()
    monkeypatch.setattr(once, "send", busy.send)
    where = _notice(workspace)
    assert jobs.is_due(_look(where))
    assert not jobs.is_due(_look(where))
    assert len(busy.tried) == 3
    assert set(busy.tried[1:]) == {"a@example.com", "b@example.com"}


def test_it_is_done_where_nobody_is_mailed_anything(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _person(workspace, "owner", "owner@example.com")

    def refuses(_: Mail) -> str:
        raise MailNotConfigured

    monkeypatch.setattr(once, "send", refuses)
    assert not jobs.is_due(_look(_notice(workspace)))


def test_a_mail_that_ses_refuses_is_done_and_an_alarm(
    stack: Stack,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody else would notice: events say nothing of mails."""
    _person(workspace, "owner", "owner@example.com")

    def refuses(_: Mail) -> str:
        raise MailRefused("sender_not_verified")

    monkeypatch.setattr(once, "send", refuses)
    assert not jobs.is_due(_look(_notice(workspace)))
    assert '"mail_refused":[1.0]' in capsys.readouterr().out
    (told,) = [one for one in caplog.records if one.getMessage() == "mail refused"]
    assert vars(told)["reason"] == "sender_not_verified"


def test_nobody_is_mailed_twice_after_an_answer_that_was_lost(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, hand: Hand
) -> None:
    for name in ("a", "b"):
        _person(workspace, "owner", f"{name}@example.com")
    tried: list[str] = []

    def is_lost(letter: Mail) -> str:
        tried.append(letter.to)
        raise Unheard

    monkeypatch.setattr(once, "send", is_lost)
    where = _notice(workspace)
    assert jobs.is_due(_look(where))
    assert jobs.is_due(_look(where))
    assert jobs.is_due(_look(where)), "a run may still be at it"
    hand.move(91)
    assert not jobs.is_due(_look(where))
    assert sorted(tried) == ["a@example.com", "b@example.com"]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://hooks.example.com/T01/s3cr3t", "https://hooks.example.com/********"),
        ("https://hooks.example.com?key=s3cr3t", "https://hooks.example.com/********"),
    ],
)
def test_events_tell_the_host_of_an_endpoint_and_not_its_secrets(
    stack: Stack, workspace: Workspace, receivers: Receivers, url: str, told: str
) -> None:
    """Whoever may read events, or gets them, may not read webhooks."""
    other = "https://other.example.com/in"
    _webhook(workspace, url=url)
    _webhook(workspace, url=other, events=["webhook.disabled"])
    receivers.does[url] = answers(410)
    _happen(workspace)
    pump.settle(stack, workspace.id)
    reader = workspace.client_with(["events:read"])
    (event,) = reader.get("/v1/events?type=webhook.disabled").json["data"]
    (message,) = receivers.at(other)
    for seen in (event, message.json):
        assert seen["data"]["object"]["url"] == told
    assert "s3cr3t" not in reader.get("/v1/events").raw


@pytest.mark.slow
def test_those_that_take_nothing_are_not_told_of_each_other(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    """Who works is; and the others may ask for it once they do."""
    urls = [f"https://dead{at}.example.com/in" for at in range(4)]
    dead = [_webhook(workspace, url=url) for url in urls]
    _webhook(workspace, events=["webhook.delivery_exhausted"])
    receivers.does |= dict.fromkeys(urls, answers(503))
    happened = [_happen(workspace) for _ in range(3)]
    pump.settle(stack, workspace.id)
    for _ in range(2 * deliveries.ATTEMPTS):
        hand.move(deliveries.SCHEDULE_S[-1] / 2)
        for webhook in dead:
            _run(workspace, webhook)
        pump.settle(stack, workspace.id)
    exhausted = workspace.client.get("/v1/events?type=webhook.delivery_exhausted&limit=100")
    assert len(exhausted.json["data"]) == len(dead) * len(happened)
    assert len(receivers.at()) == len(dead) * len(happened)
    told = [message for url in urls for message in receivers.at(url)]
    begun = len(dead) * (len(dead) - 1)
    assert len({(one.url, one.id) for one in told}) == len(dead) * len(happened) + begun
    assert {one.json["type"] for one in told} == {"call.ended", "webhook.failing"}
    receivers.does[urls[0]] = answers(204)
    receivers.received.clear()
    path = f"/v1/webhooks/{dead[0]['id']}"
    workspace.client.request("PATCH", path, json={"status": "enabled"})
    since = workspace.client.get(path).json["failure"]["oldest_event_at"]
    assert workspace.client.post(f"{path}/replay", json={"since": since}).status == 202
    pump.settle(stack, workspace.id)
    _run(workspace, dead[0])
    pump.settle(stack, workspace.id)
    assert "webhook.delivery_exhausted" in receivers.types(urls[0])
