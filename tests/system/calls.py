"""Calls as an integrator sees them: placed, and looked at until they are over."""

import itertools
import time
from typing import Any
from uuid import uuid4

import httpx

from tests.system.conftest import Api
from tools.local_cloud.cloud import Cloud
from tools.local_cloud.deployment import session

AGENT = "agt_5fd1a02b"
FINAL = {"completed", "busy", "no_answer", "voicemail", "failed", "canceled"}
# The first one waits for a worker process of each function.
END_S = 90.0

_numbers = itertools.count(1)


def new_number() -> str:
    """One that nobody else calls; a person answers."""
    return f"+97254555{next(_numbers):04}"


def place(
    api: Api, token: str = "TOKEN", key: str | None = None, **changes: object
) -> httpx.Response:
    wanted = {"agent_id": AGENT, "to": "+972541234567"} | changes
    headers = {"Idempotency-Key": key or str(uuid4())}
    return api.send("POST", "/v1/voice/calls", token=token, json=wanted, headers=headers)


def placed(api: Api, token: str = "TOKEN", **changes: object) -> str:
    answer = place(api, token, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def shown(api: Api, call_id: str, token: str = "TOKEN") -> dict[str, Any]:
    found: dict[str, Any] = api.send("GET", f"/v1/voice/calls/{call_id}", token=token).json()
    return found


def ended(api: Api, call_id: str, token: str = "TOKEN", within_s: float = END_S) -> dict[str, Any]:
    """The call once it is over."""
    give_up_at = time.monotonic() + within_s
    while time.monotonic() < give_up_at:
        call = shown(api, call_id, token)
        if call["status"] in FINAL:
            return call
        # A key may ask ten times a second, of all that a file of tests asks.
        time.sleep(0.2)
    raise AssertionError(f"the call is still {call['status']} after {within_s} s")


def new_agent(api: Api, **fields: object) -> str:
    agent = {"name": "Noa", "prompt": "Say hello.", "voice": "noa", "language": "he-IL"}
    headers = {"Idempotency-Key": str(uuid4())}
    answer = api.send("POST", "/v1/voice/agents", json=agent | fields, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def events(cloud: Cloud, call_id: str) -> list[str]:
    """The types of what was told of a call of the demo workspace, in their order."""
    table = session().resource("dynamodb", endpoint_url=cloud.endpoint_url)
    found = table.Table(cloud.outputs["CoreTable"]).query(
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": "W#ws_demo#EVT"},
    )["Items"]
    told = [event for event in found if event["object"].get("id") == call_id]
    return [event["type"] for event in sorted(told, key=lambda event: event["sequence"])]
