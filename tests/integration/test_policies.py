"""What a function does on AWS is exactly what its policy allows.

The scenarios reach each use of AWS that a function can make; a right that none of them needs is a
finding, as is a use without the right.
"""

import copy
import time
from collections.abc import Callable, Iterator

import pytest

from linkwright import clock
from linkwright.providers import telephony
from linkwright.table import Key, Table, update
from linkwright.transaction import Transaction
from linkwright.voice import follow_up
from tests import pump
from tests.client import invoke, queue_event
from tests.factories import CALLEE, Workspace, make_workspace
from tests.stack import Stack
from tests.template.broken import block, statement
from tests.template.checkout import Checkout, real
from tests.template.recorder import recording
from tools.template import Function, functions

Use = set[tuple[str, str]]
Scenario = Callable[[Stack, Workspace], None]
LONG_AGO = "2000-01-01T00:00:00Z"


def asks_who_it_is(stack: Stack, workspace: Workspace) -> None:
    assert workspace.client.get("/v1/whoami").status == 200


def asks_for_what_is_not_there(stack: Stack, workspace: Workspace) -> None:
    assert workspace.client.get("/v1/nothing").status == 404
    assert workspace.client.post("/v1/whoami").status == 405


def reads_agents(stack: Stack, workspace: Workspace) -> None:
    agent = workspace.agent()
    assert workspace.client.get("/v1/voice/agents").json["data"]
    assert workspace.client.get(f"/v1/voice/agents/{agent}").status == 200


def makes_and_changes_an_agent(stack: Stack, workspace: Workspace) -> None:
    body = {"name": "Dana", "prompt": "Be kind.", "voice": "dana", "language": "en-US"}
    key = {"Idempotency-Key": "once"}
    made = [workspace.client.post("/v1/voice/agents", json=body, headers=key) for _ in range(2)]
    assert [answer.status for answer in made] == [201, 201]
    path, version = made[0].headers["Location"], {"If-Match": "1"}
    answer = workspace.client.request("PATCH", path, json={"voice": "noa"}, headers=version)
    assert answer.status == 200


def reads_and_changes_the_settings(stack: Stack, workspace: Workspace) -> None:
    path, version = "/v1/workspace/settings", {"If-Match": "1"}
    assert workspace.client.get(path).status == 200
    answer = workspace.client.request("PATCH", path, json={"calls": "off"}, headers=version)
    assert answer.status == 200


def keeps_a_list_of_numbers(stack: Stack, workspace: Workspace) -> None:
    path, key = "/v1/voice/do-not-call", {"Idempotency-Key": "once"}
    listed = [workspace.client.post(path, json={"number": CALLEE}, headers=key) for _ in range(2)]
    assert [answer.status for answer in listed] == [201, 201]
    assert workspace.client.get(path).json["data"]
    assert workspace.client.request("DELETE", f"{path}/{CALLEE}").status == 204


def places_a_call_twice(stack: Stack, workspace: Workspace) -> None:
    agent = workspace.agent()
    first, again = (workspace.place(agent, key="once") for _ in range(2))
    assert (first.status, again.headers["Idempotent-Replayed"]) == (201, "true")


def places_more_calls_than_the_plan_has(stack: Stack, workspace: Workspace) -> None:
    free = make_workspace("free")
    agent = free.agent()
    assert {free.place(agent).status for _ in range(11)} == {201, 402}


def cancels_a_call_twice(stack: Stack, workspace: Workspace) -> None:
    path, key = workspace.place(workspace.agent()).headers["Location"], {"Idempotency-Key": "once"}
    answers = [workspace.client.post(f"{path}/cancel", headers=key) for _ in range(2)]
    assert [answer.json["status"] for answer in answers] == ["canceled", "canceled"]


def lists_calls_by_each_index(stack: Stack, workspace: Workspace) -> None:
    agent = workspace.agent()
    call = workspace.place(agent).json["id"]
    assert workspace.client.get(f"/v1/voice/calls/{call}").status == 200
    for filters in ("", f"?agent_id={agent}&status=queued", "?status=queued&status=busy"):
        answer = workspace.client.get(f"/v1/voice/calls{filters}")
        assert call in {row["id"] for row in answer.json["data"]}


def relays_and_dials(stack: Stack, workspace: Workspace) -> None:
    """Each end that the simulator knows, and the usual one."""
    agent = workspace.agent()
    for to in ("+972541234567", *(f"+1500555000{digit}" for digit in range(1, 7))):
        assert workspace.place(agent, to=to).status == 201
    pump.settle(stack, workspace.id)
    ended = workspace.client.get("/v1/voice/calls").json["data"]
    assert all(call["ended_at"] for call in ended)


def follows_up_a_long_call(stack: Stack, workspace: Workspace) -> None:
    """One that is recorded, and whose transcript is too long for its item."""
    texts = {"he": ("Hello? " * 10_000, "Yes. " * 10_000)}
    call = workspace.place(workspace.agent(recording=True)).json["id"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telephony, "_SCRIPT", texts)
        pump.settle(stack, workspace.id)
    shown = workspace.client.get(f"/v1/voice/calls/{call}").json
    assert (len(shown["transcript"]), shown["recording_url"] is None) == (2, False)


class _WorkerDied(Exception):
    pass


def _leave_dialled(stack: Stack, workspace: Workspace) -> str:
    """A call whose worker died after the carrier had heard of it."""

    def die(*_: object) -> None:
        raise _WorkerDied

    call = str(workspace.place(workspace.agent()).json["id"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telephony.Simulator, "reports", die)
        pump.settle(stack, workspace.id)
    return call


def takes_over_a_call(stack: Stack, workspace: Workspace) -> None:
    """A worker died while dialling: the next one asks the carrier first."""
    call = _leave_dialled(stack, workspace)
    key = Key(f"W#{workspace.partition}#CALL", call)
    update(Table.CORE, key, "SET #lease_until = :past", values={"past": LONG_AGO})
    pump.settle(stack, workspace.id)
    assert workspace.client.get(f"/v1/voice/calls/{call}").json["status"] == "completed"


def cancels_a_call_on_the_phone(stack: Stack, workspace: Workspace) -> None:
    """It leaves its place, and looks who waits for it."""
    call = _leave_dialled(stack, workspace)
    answer = workspace.client.post(f"/v1/voice/calls/{call}/cancel")
    assert answer.json["status"] == "canceled"


def sweeps_what_waits_too_long(stack: Stack, workspace: Workspace) -> None:
    """A call, its event and its follow-up, of which the relay never heard."""
    call = workspace.place(workspace.agent()).json["id"]
    tx = Transaction(workspace.partition, "req_test")
    follow_up.request(workspace.partition, call, tx)
    tx.commit()
    waiting = [i for i in pump.items(stack, "CoreTable", workspace.id) if "outbox" in i]
    for item in waiting:
        key = Key(item["pk"], item["sk"])
        update(Table.CORE, key, "SET #gsi2sk = :past", values={"past": LONG_AGO})
    invoke("sweep_overdue", {})
    messages = [*pump.received(stack, "DialQueue", workspace.id)]
    assert len(messages) == 1
    invoke("dial_call", queue_event(messages))


SCENARIOS: tuple[Scenario, ...] = (
    asks_who_it_is,
    asks_for_what_is_not_there,
    reads_agents,
    makes_and_changes_an_agent,
    reads_and_changes_the_settings,
    keeps_a_list_of_numbers,
    places_a_call_twice,
    places_more_calls_than_the_plan_has,
    cancels_a_call_twice,
    lists_calls_by_each_index,
    relays_and_dials,
    follows_up_a_long_call,
    takes_over_a_call,
    cancels_a_call_on_the_phone,
    sweeps_what_waits_too_long,
)


@pytest.fixture(scope="module")
def used(stack: Stack) -> Iterator[dict[str, Use]]:
    """What each function used over all scenarios, by the function's file."""
    real_sleep = time.sleep
    with recording(stack) as recorder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "sleep", lambda seconds: real_sleep(min(seconds, 0.005)))
        for scenario in SCENARIOS:
            scenario(stack, make_workspace())
        yield dict(recorder.used)


def differences(use: Use, allowed: Use) -> list[str]:
    return [
        *(f"{action} on {where} is used and not allowed" for action, where in use - allowed),
        *(f"{action} on {where} is allowed and not used" for action, where in allowed - use),
    ]


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.file)
def test_a_function_uses_what_it_may_and_may_what_it_uses(
    function: Function, used: dict[str, Use]
) -> None:
    assert differences(used.get(function.file, set()), real().allowed(function)) == []


@pytest.fixture
def changed() -> Checkout:
    return Checkout(copy.deepcopy(real().raw), real().root)


def _found(changed: Checkout, logical_id: str, used: dict[str, Use]) -> list[str]:
    (function,) = (one for one in changed.functions if one.logical_id == logical_id)
    return differences(used[function.file], changed.allowed(function))


def test_a_right_too_many_is_found(changed: Checkout, used: dict[str, Use]) -> None:
    statement(changed, "GetCall")["Action"] = ["dynamodb:UpdateItem", "dynamodb:DeleteItem"]
    assert _found(changed, "GetCall", used) == [
        "dynamodb:DeleteItem on AccessTable is allowed and not used"
    ]


def test_an_index_too_many_is_found(changed: Checkout, used: dict[str, Use]) -> None:
    statement(changed, "ListCalls", 1)["Resource"].append(
        {"Fn::Sub": "${CoreTable.Arn}/index/gsi2"}
    )
    assert _found(changed, "ListCalls", used) == [
        "dynamodb:Query on CoreTable/index/gsi2 is allowed and not used"
    ]


def test_a_missing_right_is_found(changed: Checkout, used: dict[str, Use]) -> None:
    statement(changed, "PlaceCall", 2)["Action"].remove("dynamodb:ConditionCheckItem")
    assert _found(changed, "PlaceCall", used) == [
        "dynamodb:ConditionCheckItem on CoreTable is used and not allowed"
    ]


def test_a_missing_queue_is_found(changed: Checkout, used: dict[str, Use]) -> None:
    del block(changed, "SweepOverdue")["Policies"][0]["Statement"][2]["Resource"][0]
    assert _found(changed, "SweepOverdue", used) == [
        "sqs:SendMessage on DialQueue is used and not allowed"
    ]
