"""A plan reaches the members of a workspace that has more than a run of the worker can write."""

from typing import Any

import pytest

from linkwright import auth, ids, jobs, table, transaction
from linkwright.jobs import Work
from linkwright.table import Item, Key, Table, get
from linkwright.workspace import facts, members, workspaces
from tests import webhooks
from tests.client import Context, invoke, queue_event
from tests.factories import Workspace
from tests.stack import Stack

SIZE, CALL_MS, RUN_MS = 500, 200, 60_000


class _Slow(Context):
    """In which only calls of DynamoDB take time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most_calls: float = float("inf")) -> None:
        super().__init__(RUN_MS)
        self.calls = 0
        run = table.run

        def counted(operation: Any) -> Any:  # noqa: ANN401
            self.calls += 1
            if self.calls > most_calls:
                raise KeyboardInterrupt  # no handler of ours catches it
            return run(operation)

        monkeypatch.setattr(table, "run", counted)
        monkeypatch.setattr(transaction, "run", counted)

    def get_remaining_time_in_millis(self) -> int:
        return RUN_MS - self.calls * CALL_MS


@pytest.fixture
def crowd(stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[Key]:
    monkeypatch.setattr(facts, "_PAGE", 20)
    organisation, known = ids.new("org"), auth.workspace_facts(workspace.item)
    places = []
    for _ in range(SIZE):
        subject, member = ids.new("user"), ids.new("usr")
        place = auth.membership(organisation, subject)
        row = members.row(workspace.id, member).attributes()
        session = {"id": member, "type": "session", "role": "viewer"}
        stack.put(
            "AccessTable",
            {**place.attributes(), **session, **known},
            {**row, "organisation": organisation, "subject": subject},
        )
        places.append(place)
    return places


def _tell(workspace: Workspace, plan: str, version: int) -> None:
    told = {"workspace_id": workspace.id, "plan": plan, "version": version}
    assert webhooks.send(webhooks.BILLING, told).status == 200


def _run(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, **options: float) -> int:
    """Returns how many calls it made."""
    message = Work(jobs.PLAN, *facts.key(workspace.id)).message()
    with monkeypatch.context() as patched:
        slow = _Slow(patched, **options)
        assert invoke("update_workspace", queue_event([message]), slow) == {"batchItemFailures": []}
    return slow.calls


class _Then:
    """The module of workspaces, as one of them was."""

    def __init__(self, workspace: Item) -> None:
        self._workspace = workspace

    def existing(self, _: str) -> Item:
        return self._workspace

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(workspaces, name)


def _run_to_the_end(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> int:
    """Returns after how many runs."""
    for run in range(1, 10):
        _run(workspace, monkeypatch)
        job = jobs.stored(facts.key(workspace.id))
        assert "attempts" not in job, "to go on is no failure"
        if not jobs.is_due(job):
            return run
        assert job["outbox"] == jobs.PLAN, "the next run is asked for"
    raise AssertionError("no end")


def _plans(crowd: list[Key]) -> set[str]:
    return {(get(Table.ACCESS, place) or {})["plan"] for place in crowd}


def test_each_has_it_after_some_runs(
    workspace: Workspace, crowd: list[Key], monkeypatch: pytest.MonkeyPatch
) -> None:
    _tell(workspace, "business", 1)
    assert _run_to_the_end(workspace, monkeypatch) == 3
    assert _plans(crowd) == {"business"}
    assert workspace.client.get("/v1/whoami").json["plan"] == "business"


def test_another_plan_begins_with_the_first_member(
    workspace: Workspace, crowd: list[Key], monkeypatch: pytest.MonkeyPatch
) -> None:
    _tell(workspace, "business", 1)
    _run(workspace, monkeypatch)
    # Between its look at the workspace and its next word of where it is, the plan is another one.
    workspace_then = workspaces.existing(workspace.id)
    _tell(workspace, "enterprise", 2)
    with monkeypatch.context() as patched:
        # Of what copies alone: what else follows from a plan looks for itself.
        patched.setattr(facts, "workspaces", _Then(workspace_then))
        _run(workspace, patched)
    assert jobs.is_waiting(facts.key(workspace.id))
    _run_to_the_end(workspace, monkeypatch)
    assert _plans(crowd) == {"enterprise"}
    assert workspace.client.get("/v1/whoami").json["plan"] == "enterprise"


def test_who_is_killed_loses_a_page_at_most(
    workspace: Workspace, crowd: list[Key], monkeypatch: pytest.MonkeyPatch
) -> None:
    _tell(workspace, "business", 1)
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            _run(workspace, monkeypatch, most_calls=100)
    assert _run_to_the_end(workspace, monkeypatch) == 1
    assert _plans(crowd) == {"business"}
