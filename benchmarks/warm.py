"""What a warm request costs, as a ratio to a bare boto3 handler that makes the same calls.

Both run in one process each against the same emulator, in turn; only their own CPU counts.
"""

import copy
import json
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from statistics import median
from typing import Any

from pydynox.pydynox_core import item_to_dynamo

from benchmarks.processes import Layers, environment, floor_environment
from linkwright import table, transaction
from linkwright.table import Item
from tests import stack as stacks
from tests.client import http_event
from tests.factories import Workspace, make_workspace
from tools.template import Function

BUDGET = 0.7
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


@dataclass
class Recorder:
    """The client, noting each call as boto3 would make it."""

    driver: table.Driver
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def sync_get_item(self, name: str, key: Item, *, consistent_read: bool) -> Any:
        self._note("get_item", name, {"key": key}, ConsistentRead=consistent_read)
        return self.driver.sync_get_item(name, key, consistent_read)

    def sync_update_item(self, name: str, key: Item, **options: Any) -> Any:
        self._note("update_item", name, {"key": key, **options}, ReturnValues="ALL_NEW")
        return self.driver.sync_update_item(name, key, **options)

    def sync_query_page(self, name: str, condition: str, **options: Any) -> Any:
        rest = {"KeyConditionExpression": condition, "Limit": options["limit"]}
        if options["index_name"]:
            rest["IndexName"] = options["index_name"]
        self._note("query", name, options, ScanIndexForward=False, **rest)
        return self.driver.sync_query_page(name, condition, **options)

    def sync_transact_write(self, operations: list[Item], **options: Any) -> None:
        items = [{_KINDS[one["type"]]: _boto(one["table"], one)} for one in operations]
        self.calls.append(("transact_write_items", {"TransactItems": items}))
        self.driver.sync_transact_write(operations, **options)

    def _note(self, call: str, name: str, given: Item, **rest: Any) -> None:
        self.calls.append((call, _boto(name, given) | rest))


_KINDS = {
    "put": "Put",
    "update": "Update",
    "delete": "Delete",
    "condition_check": "ConditionCheck",
}


def _boto(name: str, given: Item) -> dict[str, Any]:
    found: dict[str, Any] = {"TableName": name}
    for ours, theirs in (("item", "Item"), ("key", "Key")):
        if ours in given:
            found[theirs] = item_to_dynamo(given[ours])
    for ours in ("condition_expression", "update_expression", "expression_attribute_names"):
        if given.get(ours):
            found["".join(part.capitalize() for part in ours.split("_"))] = given[ours]
    if values := given.get("expression_attribute_values"):
        found["ExpressionAttributeValues"] = item_to_dynamo(values)
    return found


def _unique(call: tuple[str, dict[str, Any]], at: int) -> tuple[str, dict[str, Any]]:
    """What is put anew must be new each time."""
    changed = copy.deepcopy(call)
    for item in changed[1].get("TransactItems", []):
        if "Put" in item:
            item["Put"]["Item"]["pk"]["S"] += f"#{at}"
    return changed


def ratios(layers: Layers, endpoint: str) -> dict[str, float]:
    deployed = stacks.deploy(endpoint, "bench")
    stacks.use(deployed)
    workspace = make_workspace("enterprise")
    agent = workspace.agent()
    call = workspace.place(agent).json["id"]
    for _ in range(24):
        workspace.place(agent)
    body = {"agent_id": agent, "to": "+972541234567", "metadata": {"lead_id": "lead_9182"}}
    cases: dict[str, tuple[str, str, object]] = {
        "GET /v1/whoami": ("GET", "/v1/whoami", None),
        "GET /v1/voice/agents/{agent_id}": ("GET", f"/v1/voice/agents/{agent}", None),
        "GET /v1/voice/calls/{call_id}": ("GET", f"/v1/voice/calls/{call}", None),
        "GET /v1/voice/calls": ("GET", "/v1/voice/calls", None),
        "POST /v1/voice/calls": ("POST", "/v1/voice/calls", body),
    }
    return {route: _ratio(layers, endpoint, workspace, *case) for route, case in cases.items()}


def _ratio(
    layers: Layers, endpoint: str, workspace: Workspace, method: str, path: str, body: object
) -> float:
    calls = _recorded(workspace, method, path, body)
    events, function = _events(workspace, method, path, body)
    bare = [event | {"calls": [_unique(c, at) for c in calls]} for at, event in enumerate(events)]
    ours = environment(layers, function.folder, endpoint)
    theirs = floor_environment(layers) | {"AWS_ENDPOINT_URL": endpoint}
    rounds = []
    for at in range(ROUNDS):
        # Each round is served once by each: what one has put, the other cannot put again.
        share = slice(at * REQUESTS, (at + 1) * REQUESTS)
        job = {"file": function.file, "events": events[share]}
        spent = _spent(_OURS, job, ours)
        rounds.append(spent / _spent(_BARE, {"events": bare[share]}, theirs))
    return median(rounds)


def _spent(program: str, job: dict[str, Any], env: dict[str, str]) -> float:
    """CPU seconds of a request, all threads of the process included."""
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


def _recorded(
    workspace: Workspace, method: str, path: str, body: object
) -> list[tuple[str, dict[str, Any]]]:
    # A key of its own: the bare handler counts on it, without a limit.
    client = workspace.client_with(["*:read", "calls:write"])
    recorder = Recorder(table.driver())
    for module in (table, transaction):
        module.driver = lambda: recorder  # type: ignore[attr-defined]
    try:
        answer = client.request(method, path, json=body)
        assert answer.status < 300, answer
    finally:
        table.driver = transaction.driver = cache(lambda: recorder.driver)  # type: ignore[attr-defined]
    return recorder.calls


def _events(
    workspace: Workspace, method: str, path: str, body: object
) -> tuple[list[dict[str, Any]], Function]:
    # The rate limit is a minute's; a key for each round keeps clear of it.
    tokens = [workspace.client_with(["*:read", "calls:write"]).token for _ in range(ROUNDS)]
    text = json.dumps(body) if body else None
    events = []
    for at in range(REQUESTS * ROUNDS):
        token = tokens[at // REQUESTS]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"{path}{at}"}
        headers |= {"Content-Type": "application/json"} if text else {}
        event, function = http_event(method, path, headers, text, is_base64=False)
        events.append(event)
    return events, function
