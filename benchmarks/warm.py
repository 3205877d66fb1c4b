"""What a warm request costs, as a ratio to a bare boto3 handler that makes the same calls.

Both run in one process each against the same emulator, in turn; only their own CPU counts.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.processes import Layers, environment, floor_environment
from tests import stack as stacks
from tests.client import http_event
from tests.factories import Workspace, make_workspace
from tests.stack import Stack

BUDGET = 0.4
REQUESTS = 150
ROUNDS = 5

# Each loads its handler, serves a few requests, then reports the CPU of the rest.
_OURS = """
import json, sys, time, importlib
class Context:
    def get_remaining_time_in_millis(self): return 25000
job = json.loads(sys.stdin.read())
serve = importlib.import_module(job["file"]).handler
"""
_BARE = """
import json, sys, time, boto3
from boto3.dynamodb.types import TypeDeserializer
job = json.loads(sys.stdin.read())
client = boto3.client("dynamodb")
plain = TypeDeserializer().deserialize
class Context: pass
def serve(event, context):
    body = json.loads(event.get("body") or "{}")
    answer = {}
    for name, arguments in event["calls"]:
        answer = getattr(client, name)(**arguments)
    rows = [answer["Item"]] if "Item" in answer else answer.get("Items", [])
    shown = [{key: plain(value) for key, value in row.items()} for row in rows]
    text = json.dumps(shown or body, default=str)
    print(json.dumps({"message": "request"}))
    return {"statusCode": 200, "headers": {}, "body": text}
"""
_LOOP = """
for event in job["events"][:20]: serve(event, Context())
began = time.process_time()
for event in job["events"][20:]:
    answer = serve(event, Context())
spent = time.process_time() - began
assert answer["statusCode"] < 300, answer
print("spent", spent / (len(job["events"]) - 20), file=sys.stderr)
"""

Case = Callable[[Stack, Workspace, str], tuple[str, list[dict[str, Any]], list[Any]]]


def _spent(program: str, job: dict[str, Any], env: dict[str, str]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", program + _LOOP],
        input=json.dumps(job),
        env=env,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return float(done.stderr.rsplit("spent ", 1)[1])


def ratios(layers: Layers, endpoint: str) -> dict[str, float]:
    deployed = stacks.deploy(endpoint, "bench")
    stacks.use(deployed)
    workspace = make_workspace("enterprise")
    agent = workspace.agent()
    call = workspace.place(agent).json["id"]
    for _ in range(24):
        workspace.place(agent)
    found = {}
    for route, (method, path, body, calls) in _cases(deployed, workspace, agent, call).items():
        events, file = _events(workspace, method, path, body)
        job = {"file": file, "events": events}
        bare = {"events": [event | {"calls": calls(at)} for at, event in enumerate(events)]}
        folder = "workspace" if file == "get_whoami" else "voice"
        ours = environment(layers, folder, endpoint)
        theirs = floor_environment(layers) | {"AWS_ENDPOINT_URL": endpoint}
        rounds = [_spent(_OURS, job, ours) / _spent(_BARE, bare, theirs) for _ in range(ROUNDS)]
        found[route] = median(rounds)
    return found


def _events(
    workspace: Workspace, method: str, path: str, body: object
) -> tuple[list[dict[str, Any]], str]:
    # The rate limit is a minute's; a key for each hundred requests keeps clear of it.
    tokens = [workspace.client_with(["*:read", "calls:write"]).token for _ in range(3)]
    text = json.dumps(body) if body else None
    events = []
    for at in range(REQUESTS):
        headers = {"Authorization": f"Bearer {tokens[at % 3]}", "Idempotency-Key": f"{path}{at}"}
        headers |= {"Content-Type": "application/json"} if text else {}
        event, function = http_event(method, path, headers, text, is_base64=False)
        events.append(event)
    return events, function.file


def _cases(stack: Stack, workspace: Workspace, agent: str, call: str) -> dict[str, Any]:
    core, access, idem = (stack.names[f"{name}Table"] for name in ("Core", "Access", "Idem"))
    count = [
        "update_item",
        {
            "TableName": access,
            "Key": {"pk": {"S": "bench"}, "sk": {"S": "META"}},
            "UpdateExpression": "ADD h1 :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
            "ReturnValues": "ALL_NEW",
        },
    ]
    partition = f"W#{workspace.id}#CALL"
    get = ["get_item", {"TableName": core, "Key": {"pk": {"S": partition}, "sk": {"S": call}}}]
    query = [
        "query",
        {
            "TableName": core,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
            "ScanIndexForward": False,
            "Limit": 26,
        },
    ]
    body = {"agent_id": agent, "to": "+972541234567", "metadata": {"lead_id": "lead_9182"}}

    def place(at: int) -> list[Any]:
        text = {"S": json.dumps(body)}
        unique = f"{workspace.id}{at}"
        check = {
            "TableName": core,
            "Key": {"pk": {"S": f"W#{workspace.id}#AGT"}, "sk": {"S": agent}},
            "ConditionExpression": "attribute_exists(pk)",
        }
        usage = {
            "TableName": core,
            "Key": {"pk": {"S": "bench#USE"}, "sk": {"S": "m"}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        puts = [
            {"Put": {"TableName": table, "Item": {"pk": {"S": f"{unique}{name}"}, "sk": text}}}
            for name, table in (("r", idem), ("c", core), ("e", core))
        ]
        write = {"TransactItems": [{"ConditionCheck": check}, {"Update": usage}, *puts]}
        return [count, ["transact_write_items", write]]

    return {
        "GET /v1/whoami": ("GET", "/v1/whoami", None, lambda _: [count]),
        "GET /v1/voice/calls/{call_id}": (
            "GET",
            f"/v1/voice/calls/{call}",
            None,
            lambda _: [count, get],
        ),
        "GET /v1/voice/calls": ("GET", "/v1/voice/calls", None, lambda _: [count, query]),
        "POST /v1/voice/calls": ("POST", "/v1/voice/calls", body, place),
    }
