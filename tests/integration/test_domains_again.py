"""Domains that were proven are looked at again, though nobody asks."""

from typing import Any

import pytest

from linkwright import clock, dns, jobs, sweeper
from linkwright.jobs import Work
from linkwright.links import items
from tests import nameserver
from tests.client import Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace
from tests.stack import Stack

_HOUR_S, _DAY_S = 3_600, 86_400


def _work(workspace: Workspace, domain: str) -> Work:
    return jobs.at(items.domain_key(workspace.partition, domain))


def _run(work: Work) -> None:
    answer = invoke("update_workspace", queue_event([work.message()]), Context(60_000))
    assert answer == {"batchItemFailures": []}


def _shown(workspace: Workspace, domain: str) -> dict[str, Any]:
    return dict(workspace.client.get(f"/api/domains/{domain}").json)


def _due_in(work: Work) -> float:
    """Seconds until it is looked at next."""
    return (clock.parse(jobs.stored(work.key)["gsi2sk"]) - clock.now()).total_seconds()


def test_a_proven_domain_is_looked_at_each_day(workspace: Workspace, name: str, hand: Hand) -> None:
    domain = workspace.proven(name)
    work = _work(workspace, domain)
    for _ in range(2):
        assert _due_in(work) == pytest.approx(_DAY_S, abs=1)
        hand.move(_DAY_S)
        _run(work)
        assert clock.parse(_shown(workspace, domain)["checked_at"]) == clock.parse(
            clock.timestamp()
        )
    assert (_shown(workspace, domain)["status"], _shown(workspace, domain)["version"]) == (
        "verified",
        2,
    )


@pytest.mark.slow
def test_a_proof_that_is_gone_is_looked_for_each_hour_and_after_three_days_no_more(
    workspace: Workspace, name: str, hand: Hand
) -> None:
    domain = workspace.proven(name)
    work = _work(workspace, domain)
    nameserver.forget(f"_linkwright.{name}")
    hand.move(_DAY_S)
    for _ in range(72):
        _run(work)
        assert _shown(workspace, domain)["status"] == "verified"
        assert _due_in(work) == pytest.approx(_HOUR_S, abs=1)
        hand.move(_HOUR_S)
    for _ in range(2):
        _run(work)
    shown = _shown(workspace, domain)
    assert (shown["status"], shown["last_error"]["code"]) == ("failed", "record_not_found")
    assert not jobs.is_waiting(work.key)
    for path in ("/v1/events?type=domain.failed", "/api/notifications"):
        rows = workspace.client.get(path).json["data"]
        assert len([row for row in rows if row["type"] == "domain.failed"]) == 1
    # Who proves it again is looked at again.
    workspace.client.post(f"/api/domains/{domain}/verify")
    assert not jobs.is_waiting(work.key)
    proof = shown["records"][0]
    nameserver.say(proof["name"], proof["type"], proof["value"])
    hand.move(11)
    assert workspace.client.post(f"/api/domains/{domain}/verify").json["status"] == "verified"
    assert _due_in(work) == pytest.approx(_DAY_S, abs=1)


def test_a_message_that_comes_early_or_late_looks_at_nothing(
    workspace: Workspace, name: str, hand: Hand
) -> None:
    domain = workspace.proven(name)
    work, before = _work(workspace, domain), _shown(workspace, domain)
    nameserver.forget(f"_linkwright.{name}")
    hand.move(_DAY_S - 2)
    _run(work)
    assert _shown(workspace, domain) == before
    assert workspace.client.request("DELETE", f"/api/domains/{domain}").status == 204
    _run(work)


def test_a_domain_that_was_never_proven_is_no_job(workspace: Workspace, name: str) -> None:
    domain = workspace.domain(name)
    workspace.client.post(f"/api/domains/{domain}/verify")
    assert not jobs.is_waiting(_work(workspace, domain).key)


def test_the_sweeper_has_it_looked_at_and_a_run_that_failed_leaves_nothing(
    stack: Stack, workspace: Workspace, name: str, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = workspace.proven(name)
    work = _work(workspace, domain)
    hand.move(_DAY_S + 1)
    for shard in range(jobs.DUE_SHARDS):
        sweeper.sweep(shard)
    (message,) = stack.received("WorkspaceQueue", workspace.id)
    with monkeypatch.context() as patch:
        patch.setattr(dns.Look, "texts", _break)
        invoke("update_workspace", queue_event([message]), Context(60_000))
    assert jobs.stored(work.key)["attempts"] == 1
    hand.move(60)
    _run(work)
    row = jobs.stored(work.key)
    assert {"outbox", "swept", *jobs.FAILURES}.isdisjoint(row)
    assert _due_in(work) == pytest.approx(_DAY_S, abs=1)


def _break(*_: object) -> list[str]:
    raise RuntimeError
