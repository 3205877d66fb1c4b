"""Replays: what failed, what was never sent, or all; each under its own id, and not twice."""

from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, table
from linkwright.table import Table, update
from linkwright.webhooks import queue, replays
from tests import pump
from tests.client import Answer
from tests.clocks import Hand
from tests.factories import Workspace
from tests.integration.test_webhook_deliveries import (
    OTHER,
    _deliveries,
    _happen,
    _run,
    _webhook,
)
from tests.receiver import URL, Receivers, answers
from tests.stack import Stack


def _replay(workspace: Workspace, webhook: dict[str, Any], **wanted: Any) -> Answer:
    return workspace.client.post(f"/v1/webhooks/{webhook['id']}/replay", json=wanted)


def _sent(stack: Stack, workspace: Workspace, receivers: Receivers) -> list[str]:
    """The ids of what is sent from now on."""
    receivers.received.clear()
    pump.settle(stack, workspace.id)
    return sorted(message.id for message in receivers.at())


def test_202_one_event_is_sent_again_under_its_id(
    stack: Stack, workspace: Workspace, receivers: Receivers
) -> None:
    webhook = _webhook(workspace)
    event_id = _happen(workspace)
    pump.settle(stack, workspace.id)
    answer = _replay(workspace, webhook, event_id=event_id)
    assert (answer.status, answer.json["count"]) == (202, 1)
    assert _sent(stack, workspace, receivers) == [event_id]


def test_202_what_failed_since(stack: Stack, workspace: Workspace, receivers: Receivers) -> None:
    webhook = _webhook(workspace)
    taken = _happen(workspace)
    pump.settle(stack, workspace.id)
    receivers.does[URL] = answers(400, webhook_delivery="abort-message")
    failed = sorted(_happen(workspace, kind) for kind in ("call.ended", "call.queued"))
    pump.settle(stack, workspace.id)
    del receivers.does[URL]
    since = clock.timestamp(clock.now() - replays._A_SECOND * 3600)
    assert _replay(workspace, webhook, since=since, types=["ping"]).json["count"] == 0
    answer = _replay(workspace, webhook, since=since, only="failed")
    assert (answer.status, answer.json["count"]) == (202, 2)
    assert _sent(stack, workspace, receivers) == failed
    assert _replay(workspace, webhook, since=since, only="failed").json["count"] == 0
    assert _replay(workspace, webhook, since=since, only="all").json["count"] == 3
    assert _sent(stack, workspace, receivers) == sorted([taken, *failed])


def test_202_what_was_never_sent(
    stack: Stack, workspace: Workspace, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "_AT_ONCE", 3)
    monkeypatch.setattr(replays, "_PAGE", 4)
    _webhook(workspace, url=OTHER)
    before = sorted(_happen(workspace) for _ in range(10))
    pump.settle(stack, workspace.id)
    webhook = _webhook(workspace)
    since = clock.timestamp(clock.now() - replays._A_SECOND * 3600)
    after = _happen(workspace)
    pump.settle(stack, workspace.id)
    answer = _replay(workspace, webhook, since=since, only="missing")
    assert answer.json["count"] == 10
    sent = _sent(stack, workspace, receivers)
    assert sent == before
    assert after not in sent
    assert _replay(workspace, webhook, since=since, only="missing").json["count"] == 0
    assert len(receivers.at(OTHER)) == 0


def test_202_that_is_repeated_sends_nothing_twice(
    stack: Stack, workspace: Workspace, receivers: Receivers
) -> None:
    """What waits already is not asked for once more."""
    webhook = _webhook(workspace)
    event_id = _happen(workspace)
    pump.settle(stack, workspace.id)
    for _ in range(2):
        assert _replay(workspace, webhook, event_id=event_id).status == 202
    assert _sent(stack, workspace, receivers) == [event_id]


@pytest.mark.parametrize("only", ["all", None], ids=["of a time", "of one event"])
def test_202_what_waits_for_hours_is_sent_now(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand, only: str | None
) -> None:
    webhook = _webhook(workspace)
    receivers.does[URL] = answers(503)
    event_id = _happen(workspace)
    pump.settle(stack, workspace.id)
    for _ in range(4):
        (one,) = _deliveries(workspace, webhook)
        hand.move((clock.parse(one["next_attempt_at"]) - clock.now()).total_seconds() + 301)
        _run(workspace, webhook)
    (one,) = _deliveries(workspace, webhook)
    assert clock.parse(one["next_attempt_at"]) - clock.now() > timedelta(hours=1)
    receivers.does[URL] = answers(204)
    hand.move(600)
    since = clock.timestamp(clock.now() - timedelta(days=1))
    wanted = {"since": since, "only": only} if only else {"event_id": event_id}
    assert _replay(workspace, webhook, **wanted).json["count"] == 1
    assert _sent(stack, workspace, receivers) == [event_id]
    assert _deliveries(workspace, webhook)[0]["status"] == "succeeded"
    assert not [row for row in stack.rows("CoreTable", workspace.id) if "#WHQ#" in row["pk"]]


def test_202_what_failed_leaves_what_waits(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    webhook = _webhook(workspace)
    receivers.does[URL] = answers(503)
    _happen(workspace)
    pump.settle(stack, workspace.id)
    hand.move(1)
    since = clock.timestamp(clock.now() - timedelta(days=1))
    assert _replay(workspace, webhook, since=since, only="failed").json["count"] == 0
    assert _sent(stack, workspace, receivers) == []


def test_409_for_a_disabled_endpoint(
    stack: Stack, workspace: Workspace, receivers: Receivers
) -> None:
    webhook = _webhook(workspace)
    where = queue.endpoint_key(workspace.partition, webhook["id"])
    update(Table.CORE, where, "SET #status = :status", values={"status": "disabled"})
    answer = _replay(workspace, webhook, event_id=_happen(workspace))
    assert (answer.status, answer.error["reason"]) == (409, "webhook_disabled")


def test_404_for_an_event_that_is_not_there_or_was_a_test_of_another(
    stack: Stack, workspace: Workspace, receivers: Receivers
) -> None:
    webhook, other = _webhook(workspace), _webhook(workspace, url=OTHER)
    test = workspace.client.post(f"/v1/webhooks/{other['id']}/test").json
    for event_id in ("evt_01JDXAMP1EXAMP1EXAMP1EXAMP", test["event_id"], "nothing"):
        assert _replay(workspace, webhook, event_id=event_id).status == 404


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"event_id": "evt_1234", "since": "2026-11-01T00:00:00Z"},
        {"event_id": "evt_1234", "only": "all"},
        {"since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"},
        {"since": "2026-11-01T00:00:00Z", "types": ["call.unheard_of"]},
    ],
)
def test_400_unless_it_says_what(
    stack: Stack, workspace: Workspace, receivers: Receivers, wanted: dict[str, Any]
) -> None:
    assert _replay(workspace, _webhook(workspace), **wanted).status == 400


@pytest.mark.parametrize("only", ["all", "missing"])
def test_400_for_more_than_can_be_looked_through(
    stack: Stack,
    workspace: Workspace,
    receivers: Receivers,
    monkeypatch: pytest.MonkeyPatch,
    only: str,
) -> None:
    """Whether or not any of it is meant: somebody waits for the answer."""
    monkeypatch.setattr(replays, "MOST", 6)
    monkeypatch.setattr(replays, "_PAGE", 4)
    webhook = _webhook(workspace)
    for _ in range(6):
        _happen(workspace)
    pump.settle(stack, workspace.id)
    since = clock.timestamp(clock.now() - replays._A_SECOND * 3600)
    assert _replay(workspace, webhook, since=since, only=only).status == 202
    _happen(workspace)
    answer = _replay(workspace, webhook, since=since, only=only)
    assert (answer.status, answer.error["field"]) == (400, "since")


def test_what_is_sent_again_is_read_once(
    stack: Stack, workspace: Workspace, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "_AT_ONCE", 2)
    webhook = _webhook(workspace)
    for _ in range(7):
        _happen(workspace)
    pump.settle(stack, workspace.id)
    since = clock.timestamp(clock.now() - replays._A_SECOND * 3600)
    assert _replay(workspace, webhook, since=since, only="all").json["count"] == 7
    read: list[int] = []
    query = table.query

    def counted(*of: Any, **how: Any) -> Any:
        found = query(*of, **how)
        read.append(len(found[0]))
        return found

    monkeypatch.setattr(table, "query", counted)
    assert len(_sent(stack, workspace, receivers)) == 7
    assert read == [7]
