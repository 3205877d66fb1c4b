"""The requests that are measured: what is asked for, and by whom with which calls.

We serve the request; everybody else makes with boto3 the calls that we made for it, recorded.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from pydynox.pydynox_core import item_to_dynamo

from benchmarks.processes import Events
from linkwright import table, transaction
from linkwright.table import Item
from tests.client import Context, find_route, http_event, load
from tests.factories import CALLEE, Workspace, make_workspace
from tests.shortlinks import PERSON, stored
from tools.template import Function

_SCOPES = ["*:read", "calls:write"]
Call = tuple[str, dict[str, Any]]


@dataclass
class Recorder:
    """The client, noting each call as boto3 would make it."""

    driver: table.Driver
    calls: list[Call] = field(default_factory=list)

    def sync_get_item(self, name: str, key: Item, *, consistent_read: bool) -> Any:
        self._note("get_item", name, {"key": key}, ConsistentRead=consistent_read)
        return self.driver.sync_get_item(name, key, consistent_read)

    def sync_batch_get(self, name: str, keys: list[Item], consistent_read: bool) -> Any:
        asked = {name: {"Keys": [item_to_dynamo(key) for key in keys]}}
        self.calls.append(("batch_get_item", {"RequestItems": asked}))
        return self.driver.sync_batch_get(name, keys, consistent_read)

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


def _unique(call: Call, at: int) -> Call:
    """What is put anew must be new each time."""
    changed = copy.deepcopy(call)
    for item in changed[1].get("TransactItems", []):
        if "Put" in item:
            item["Put"]["Item"]["pk"]["S"] += f"#{at}"
    return changed


@contextmanager
def recorded() -> Iterator[Recorder]:
    recorder = Recorder(table.driver())
    with pytest.MonkeyPatch.context() as patch:
        for module in (table, transaction):
            patch.setattr(module, "driver", lambda: recorder)
        yield recorder


@dataclass(frozen=True)
class Route:
    """A request of a workspace, as often as one likes."""

    workspace: Workspace
    method: str
    path: str
    body: object = None
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def name(self) -> str:
        return find_route(self.method, self.path)[0]

    @property
    def function(self) -> Function:
        return find_route(self.method, self.path)[2]

    def events(self, requests: int) -> list[Mapping[str, Any]]:
        # The rate limit is a minute's: each process has a key of its own.
        token = str(self.workspace.client_with(_SCOPES).token)
        return [self._event(token) for _ in range(requests)]

    def _event(self, token: str) -> dict[str, Any]:
        text = json.dumps(self.body) if self.body else None
        headers = {
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": f"{self.path}{next(self._numbers)}",
            **({"Content-Type": "application/json"} if text else {}),
        }
        return http_event(self.method, self.path, headers, text, is_base64=False)[0]

    def replayed(self) -> Events:
        """Events that bring along the calls to make for them."""
        # By a key of its own, on which all of them count, without a limit.
        client = self.workspace.client_with(_SCOPES)
        with recorded() as recorder:
            answer = client.request(self.method, self.path, json=self.body)
        assert answer.status < 300, answer

        def events(requests: int) -> list[Mapping[str, Any]]:
            return [
                event | {"calls": [_unique(call, next(self._numbers)) for call in recorder.calls]}
                for event in map(self._event, [str(client.token)] * requests)
            ]

        return events


class Followed(Route):
    """A short link, each time by another visitor."""

    def events(self, requests: int) -> list[Mapping[str, Any]]:
        return [self._visit() for _ in range(requests)]

    def _visit(self) -> dict[str, Any]:
        headers = {"User-Agent": PERSON}
        event, _ = http_event(self.method, self.path, headers, None, is_base64=False)
        number = next(self._numbers)
        address = f"2001:db8::{number >> 16:x}:{number & 0xFFFF:x}"
        event["requestContext"]["http"]["sourceIp"] = address
        return event

    def replayed(self) -> Events:
        # What a process reads before its first event is no part of a request.
        load(self.function).handler(self._visit(), Context())
        with recorded() as recorder:
            answer = load(self.function).handler(self._visit(), Context())
        assert answer["statusCode"] == 302, answer

        def events(requests: int) -> list[Mapping[str, Any]]:
            return [
                event | {"calls": [_unique(call, next(self._numbers)) for call in recorder.calls]}
                for event in self.events(requests)
            ]

        return events


def routes() -> list[Route]:
    """Of a workspace with an agent, and a page of calls, and a short link with a cap."""
    workspace = make_workspace("enterprise")
    agent = workspace.agent()
    call = workspace.place(agent).json["id"]
    for _ in range(24):
        workspace.place(agent)
    alias, _ = stored(workspace, click_cap=1_000_000)
    body = {"agent_id": agent, "to": CALLEE, "metadata": {"lead_id": "lead_9182"}}
    return [
        Route(workspace, "GET", "/v1/whoami"),
        Route(workspace, "GET", f"/v1/voice/agents/{agent}"),
        Route(workspace, "GET", f"/v1/voice/calls/{call}"),
        Route(workspace, "GET", "/v1/voice/calls"),
        Route(workspace, "POST", "/v1/voice/calls", body),
        Followed(workspace, "GET", f"/{alias}"),
    ]
