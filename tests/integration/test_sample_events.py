"""Each file of events/ is handled as its name promises."""

import json
from typing import Any

import pytest

from linkwright import ids
from linkwright.table import Key, Table, get, update
from linkwright.voice import follow_up
from tests import pump
from tests.client import Answer, Context, invoke, named
from tests.factories import Workspace
from tests.integration.sample_events import demo, sample
from tests.stack import Stack
from tools.demo import AGENT_ID
from tools.template import functions

LONG_AGO = "2000-01-01T00:00:00Z"


def replay(file: str) -> Answer:
    answer = invoke(file, sample(named(file)))
    return Answer(answer["statusCode"], answer["headers"], answer["body"])


def named_call() -> str:
    """The call that the samples name."""
    return str(sample(named("get_call"))["pathParameters"]["call_id"])


@pytest.fixture(autouse=True)
def _call_of_the_samples(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `sam local invoke` finds after a user placed a call and wrote its id into the events."""
    if get(Table.CORE, Key(f"W#{demo().partition}#CALL", named_call())) is None:
        new = ids.new
        with monkeypatch.context() as patch:
            patch.setattr(ids, "new", lambda kind: named_call() if kind == "call" else new(kind))
            assert demo().place(AGENT_ID).status == 201


def test_405_answer_unmatched() -> None:
    answer = replay("answer_unmatched")
    assert (answer.status, answer.error["code"]) == (405, "invalid_request")
    assert answer.headers["Allow"] == "GET, POST"


def test_200_get_whoami() -> None:
    answer = replay("get_whoami")
    assert answer.status == 200
    assert answer.json["workspace"] == {"id": "ws_demo", "name": "Demo"}
    assert answer.json["credential"]["env"] == "test"


def test_200_list_agents() -> None:
    answer = replay("list_agents")
    assert answer.status == 200
    assert AGENT_ID in {agent["id"] for agent in answer.json["data"]}


def test_200_get_agent() -> None:
    answer = replay("get_agent")
    assert (answer.status, answer.json["id"]) == (200, AGENT_ID)
    assert answer.json["prompt"]


def test_201_create_agent() -> None:
    answer = replay("create_agent")
    assert (answer.status, answer.json["name"], answer.json["version"]) == (201, "דנה", 1)


def test_200_update_agent() -> None:
    event = sample(named("update_agent"))
    event["pathParameters"]["agent_id"] = demo().agent()  # one that no other test has changed
    answer = invoke("update_agent", event)
    changed = json.loads(answer["body"])
    assert (answer["statusCode"], changed["version"]) == (200, 2)
    assert changed["prompt"] == "Confirm the appointment and say goodbye."


def test_200_list_do_not_call() -> None:
    number = demo().never_call()
    answer = replay("list_do_not_call")
    assert answer.status == 200
    assert number in {entry["number"] for entry in answer.json["data"]}


def test_201_add_do_not_call() -> None:
    answer, again = replay("add_do_not_call"), replay("add_do_not_call")
    assert (answer.status, answer.json["number"]) == (201, "+972541230099")
    assert (answer.json["source"], answer.json["reason"]) == ("api", "ביקש שלא יתקשרו")
    assert again.raw == answer.raw


def test_204_remove_do_not_call() -> None:
    demo().never_call("+972541230099")
    answer = replay("remove_do_not_call")
    assert (answer.status, answer.raw) == (204, "")


def test_200_get_settings() -> None:
    answer = replay("get_settings")
    assert (answer.status, answer.json["consent"]) == (200, "off")


def test_200_update_settings() -> None:
    event = sample(named("update_settings"))
    event["headers"]["if-match"] = str(replay("get_settings").json["version"])
    answer = invoke("update_settings", event)
    assert (answer["statusCode"], json.loads(answer["body"])["calls_per_day"]) == (200, 500)


def test_200_serve_reference() -> None:
    answer = invoke("serve_reference", sample(named("serve_reference")))
    assert answer["statusCode"] == 200
    assert "Linkwright API" in answer["body"]


def test_201_place_call() -> None:
    answer, again = replay("place_call"), replay("place_call")
    assert (answer.status, answer.json["status"]) == (201, "queued")
    assert (answer.json["agent_id"], answer.json["to"]) == (AGENT_ID, "+972541234567")
    assert answer.json["metadata"] == {"lead_id": "lead_9182"}
    assert answer.headers["Location"] == f"/v1/voice/calls/{answer.json['id']}"
    assert (again.status, again.raw) == (answer.status, answer.raw)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_200_get_call() -> None:
    answer = replay("get_call")
    assert (answer.status, answer.json["id"]) == (200, named_call())
    assert answer.json["agent_id"] == AGENT_ID


def test_200_cancel_call() -> None:
    made = demo().place(AGENT_ID).json["id"]
    event = sample(named("cancel_call"))
    event["pathParameters"]["call_id"] = made
    event["rawPath"] = f"/v1/voice/calls/{made}/cancel"
    answer = invoke("cancel_call", event)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["ended_reason"] == "canceled"


def test_200_list_calls() -> None:
    answer = replay("list_calls")
    assert answer.status == 200
    assert named_call() in {call["id"] for call in answer.json["data"]}
    assert {call["agent_id"] for call in answer.json["data"]} == {AGENT_ID}


def test_dial_call(stack: Stack) -> None:
    event = sample(named("dial_call"))
    assert invoke("dial_call", event, Context(pump.WORKER_TIMEOUT_MS)) == {"batchItemFailures": []}
    call = demo().client.get(f"/v1/voice/calls/{named_call()}").json
    assert (call["status"], call["ended_reason"]) == ("completed", "agent_ended")
    assert [turn["role"] for turn in call["transcript"]] == ["agent", "callee", "agent"]


def test_follow_up_call(stack: Stack) -> None:
    message = json.loads(sample(named("follow_up_call"))["Records"][0]["body"])
    job = Key(message["pk"], message["sk"])
    assert job == follow_up.key(demo().partition, named_call())
    if get(Table.CORE, job) is None:
        invoke("dial_call", sample(named("dial_call")), Context(pump.WORKER_TIMEOUT_MS))
    answer = invoke("follow_up_call", sample(named("follow_up_call")), Context(60_000))
    assert answer == {"batchItemFailures": []}
    call = demo().client.get(f"/v1/voice/calls/{named_call()}").json
    assert call["analysis"]["outcome"] == "conversation"


def test_relay_outbox(stack: Stack) -> None:
    sample_event = sample(named("relay_outbox"))
    call, event = (record["dynamodb"]["NewImage"] for record in sample_event["Records"])
    stack.client("dynamodb").put_item(TableName=stack.names["CoreTable"], Item=event)
    assert invoke("relay_outbox", sample_event) == {"batchItemFailures": []}
    for queue, image in (("DialQueue", call), ("EventQueue", event)):
        sent = {json.loads(message)["sk"] for message in pump.received(stack, queue, "ws_demo")}
        assert image["sk"]["S"] in sent
    stored = get(Table.CORE, Key(event["pk"]["S"], event["sk"]["S"])) or {}
    assert stored["type"] == "call.queued"
    assert "gsi2sk" not in stored, "the event still waits"


def test_sweep_overdue(stack: Stack, workspace: Workspace) -> None:
    call_id = workspace.place(workspace.agent()).json["id"]
    key = Key(f"W#{workspace.partition}#CALL", call_id)
    update(Table.CORE, key, "SET #gsi2sk = :past", values={"past": LONG_AGO})
    event: dict[str, Any] = sample(named("sweep_overdue"))
    assert invoke("sweep_overdue", event) is None
    sent = [json.loads(message) for message in pump.received(stack, "DialQueue", workspace.id)]
    assert sent == [{"kind": "call", "pk": key.pk, "sk": call_id}]
    assert (get(Table.CORE, key) or {})["gsi2sk"] > LONG_AGO


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.file)
def test_the_sample_is_replayed_above(function: Any) -> None:  # noqa: ANN401
    assert any(name.startswith("test_") and name.endswith(function.file) for name in globals())
