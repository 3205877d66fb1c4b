"""Notices: owners hear by mail that an endpoint fails, and that it is disabled; nobody twice."""

from collections.abc import Iterator

import pytest

from linkwright import audit, ids, jobs
from linkwright.errors import Unavailable
from linkwright.providers import mail
from linkwright.providers.mail import Mail, MailNotConfigured
from linkwright.table import Item, Key, Table, get, update
from linkwright.transaction import Transaction
from linkwright.webhooks import health
from linkwright.workspace import members
from tests import pump, receiver
from tests.client import invoke, queue_event
from tests.factories import Workspace
from tests.integration.test_webhook_deliveries import _happen, _webhook
from tests.receiver import URL, Receivers, answers
from tests.stack import Stack


@pytest.fixture
def receivers(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receivers]:
    with receiver.receivers(monkeypatch) as made:
        yield made


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    found: list[Mail] = []
    monkeypatch.setattr(mail, "send", lambda letter: found.append(letter))
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
    assert "503" in sent[0].text


def test_it_is_done_where_nobody_is_mailed_anything(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _person(workspace, "owner", "owner@example.com")

    def refuses(_: Mail) -> str:
        raise MailNotConfigured

    monkeypatch.setattr(mail, "send", refuses)
    assert not jobs.is_due(_look(_notice(workspace)))


def test_nobody_is_mailed_twice_after_an_answer_that_was_lost(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        _person(workspace, "owner", f"{name}@example.com")
    tried: list[str] = []

    def is_lost(letter: Mail) -> str:
        tried.append(letter.to)
        raise Unavailable

    monkeypatch.setattr(mail, "send", is_lost)
    where = _notice(workspace)
    assert jobs.is_due(_look(where))
    assert jobs.is_due(_look(where))
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
