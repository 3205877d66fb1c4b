"""What holds when many ask at once. Judged by MiniStack: in memory one asks after another."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest

from linkwright import aws, events, jobs, vault
from linkwright.jobs import Work
from linkwright.table import Item
from linkwright.webhooks import queue
from tests import carrier, pump, receiver
from tests.client import Context, invoke, queue_event
from tests.factories import HOOK, Workspace, another_number, make_workspace
from tests.sealer import Sealer
from tests.stack import Stack

Result = TypeVar("Result")


@pytest.fixture(autouse=True)
def _secret_is_known(stack: Stack) -> None:
    """As in a process that has begun: threads that all read it would each leave a connection."""
    vault.vault()


@pytest.fixture
def _keys_are_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the same reason: no thread asks KMS over a connection of its own."""
    monkeypatch.setattr(aws, "kms", Sealer)


def at_once(count: int, work: Callable[[int], Result]) -> list[Result]:
    """Run the work in so many threads that start together."""
    barrier = Barrier(count)

    def run(index: int) -> Result:
        barrier.wait()
        return work(index)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.parametrize("attempt", range(20))
def test_201_once_for_fifty_requests_with_one_key(stack: Stack, attempt: int) -> None:
    workspace = make_workspace("enterprise")
    agent = workspace.agent()
    answers = at_once(50, lambda _: workspace.place(agent, key=f"key {attempt}"))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.raw for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    pump.settle(stack, workspace.id)
    kinds = Counter(item["pk"].split("#")[-1] for item in _core(stack, workspace))
    assert kinds["CALL"] == 1
    assert pump.dialled() == [answers[0].json["id"]]


def test_409_for_all_but_one_of_fifty_bodies_under_one_key(stack: Stack) -> None:
    workspace = make_workspace("enterprise")
    agent = workspace.agent()
    answers = at_once(50, lambda n: workspace.place(agent, key="k", metadata={"n": str(n)}))
    refused = [answer for answer in answers if answer.status == 409]
    assert len(refused) == 49
    assert {answer.error["reason"] for answer in refused} == {"idempotency_key_reused"}
    assert len([item for item in _core(stack, workspace) if item["pk"].endswith("#CALL")]) == 1


@pytest.mark.slow
def test_402_when_thirty_threads_reach_the_cap(stack: Stack) -> None:
    workspace = make_workspace("free")
    agent = workspace.agent(max_duration_s=60)
    answers = at_once(30, lambda _: workspace.place(agent))
    assert Counter(answer.status for answer in answers) == {201: 10, 402: 20}
    pump.settle(stack, workspace.id)
    usage = next(item for item in _core(stack, workspace) if item["pk"].endswith("#USE"))
    assert (usage["committed"], usage["used"]) == (10, 10)
    placed = [answer.json["id"] for answer in answers if answer.status == 201]
    assert sorted(pump.dialled()) == sorted(placed)


def test_one_dial_when_ten_workers_get_the_same_call(workspace: Workspace) -> None:
    from linkwright.voice.dialling import dialler

    call_id = workspace.place(workspace.agent()).json["id"]
    work = Work(jobs.CALL, f"W#{workspace.id}#CALL", call_id)
    at_once(10, lambda _: dialler.dial(work))
    assert pump.dials(call_id) == [1]
    assert workspace.call(call_id)["attempt"] == 1


def test_one_of_ten_calls_to_a_number_is_dialled(stack: Stack) -> None:
    workspace = make_workspace("enterprise")
    agent = workspace.agent()
    calls = [workspace.placed(agent) for _ in range(10)]
    at_once(10, lambda n: workspace.dial(calls[n]))
    assert len(pump.dialled()) == 1


def test_a_number_is_dialled_no_more_than_three_times_a_day(stack: Stack) -> None:
    workspace = make_workspace("enterprise", settings={"calls_per_callee_per_day": 3})
    agent = workspace.agent()
    calls = [workspace.placed(agent) for _ in range(8)]
    for _ in range(6):
        at_once(8, lambda n: workspace.dial(calls[n]))
        at_once(4, lambda _: workspace.wake())
        carrier.current().carry_on()
    assert len(pump.dialled()) == 3
    ends = Counter(workspace.end_of(call_id)[1] for call_id in calls)
    assert ends == {"agent_ended": 3, "callee_limit": 5}


def test_ten_calls_at_once_share_the_minutes_that_are_left(stack: Stack) -> None:
    workspace = make_workspace("pro")
    agent = workspace.agent(max_duration_s=3600)
    calls = [workspace.placed(agent, to=another_number()) for _ in range(10)]
    at_once(10, lambda n: workspace.dial(calls[n]))
    assert pump.minutes(workspace.id) == (300, 0)
    limits = [carrier.current().call(call_id).order.longest_s for call_id in calls]
    assert sum(limits) == 300 * 60
    assert min(limits) >= 60


def test_each_request_is_counted_once(stack: Stack, workspace: Workspace) -> None:
    answers = at_once(40, lambda _: workspace.client.get("/v1/whoami"))
    left = sorted(
        int(answer.headers["RateLimit"].split("r=")[1].split(";")[0]) for answer in answers
    )
    # A minute may end in between; then two rows of distinct counts meet.
    assert len(set(left)) >= 20
    assert max(Counter(left).values()) <= 2


def _core(stack: Stack, workspace: Workspace) -> list[Item]:
    return stack.rows("CoreTable", workspace.id)


@pytest.mark.usefixtures("_keys_are_here")
def test_402_beyond_the_plan_however_many_make_webhooks_at_once(workspace: Workspace) -> None:
    """Who cannot be answered, as too many were before, asks again."""
    most = workspace.client.get("/v1/whoami").json["limits"]["webhooks"]
    wanted = {"url": HOOK, "events": ["call.ended"]}

    def create(_: int) -> int:
        while (answer := workspace.client.post("/v1/webhooks", json=wanted)).status == 503:
            pass
        return answer.status

    assert Counter(at_once(12, create)) == {201: most, 402: 12 - most}
    assert len(workspace.client.get("/v1/webhooks").json["data"]) == most


@pytest.mark.usefixtures("_keys_are_here")
def test_each_event_once_for_ten_workers_that_are_told_of_it(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And for as many that are to send: one of them holds the endpoint."""
    with receiver.receivers(monkeypatch) as receivers:
        webhook = workspace.webhook(events=["call.ended"])
        happened = {workspace.happen() for _ in range(5)}
        told = [Work(jobs.EVENT, *events.key(workspace.partition, one)) for one in happened]
        rung = Work(jobs.WEBHOOK, *queue.endpoint_key(workspace.partition, webhook))

        def run(worker: str, work: Work) -> None:
            body = [work.message()]
            answer = invoke(worker, queue_event(body), Context(pump.WORKER_TIMEOUT_MS))
            assert answer == {"batchItemFailures": []}

        at_once(10, lambda n: run("fan_out_event", told[n % 5]))
        at_once(10, lambda _: run("deliver_webhook", rung))
        pump.settle(stack, workspace.id)
        assert {message.id for message in receivers.at(HOOK)} == happened
        assert len(receivers.at(HOOK)) == len(happened)
    found = workspace.client.get(f"/v1/webhooks/{webhook}/deliveries").json["data"]
    assert [row["status"] for row in found] == ["succeeded"] * 5
