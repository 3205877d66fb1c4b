"""Every AWS call on a request's path, and the capacity it consumes: that is the bill.

Units are computed from the items by DynamoDB's published rules (the emulators do not weigh what a
query reads): half a unit for each 4 KB read eventually, one if strongly; one for each KB written,
two in a transaction, and one for each KB of each index entry it makes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from pydynox.size import calculate_item_size

from linkwright import table
from linkwright.table import Item
from tests.client import Answer
from tests.factories import CALLEE, Workspace

READ_BYTES = 4096
WRITE_BYTES = 1024


@dataclass
class Meter:
    """The client, with a count of its calls and of the units they consume."""

    driver: table.Driver
    calls: list[str] = field(default_factory=list)
    read_units: float = 0
    write_units: int = 0

    def reset(self) -> None:
        self.calls, self.read_units, self.write_units = [], 0, 0

    def sync_get_item(self, *args: Any, **options: Any) -> Any:
        self.calls.append("GetItem")
        answer = self.driver.sync_get_item(*args, **options)
        self.read_units += max(ceil(_size(answer[0] or {}) / READ_BYTES), 1)
        return answer

    def sync_query_page(self, *args: Any, **options: Any) -> Any:
        self.calls.append("Query")
        answer = self.driver.sync_query_page(*args, **options)
        self.read_units += max(ceil(sum(map(_size, answer[0])) / READ_BYTES), 1) / 2
        return answer

    def sync_update_item(self, *args: Any, **options: Any) -> Any:
        self.calls.append("UpdateItem")
        answer = self.driver.sync_update_item(*args, **options)
        self.write_units += ceil(_size(answer[0]) / WRITE_BYTES)
        return answer

    def sync_transact_write(self, operations: list[Item], **options: Any) -> None:
        self.calls.append("TransactWriteItems")
        deleted = {at: self._stored(o) for at, o in enumerate(operations) if o["type"] == "delete"}
        self.driver.sync_transact_write(operations, **options)
        for at, operation in enumerate(operations):
            item = operation.get("item") or deleted.get(at) or self._stored(operation)
            self.write_units += 2 * max(ceil(_size(item) / WRITE_BYTES), 1)
            if operation["type"] == "put":
                self.write_units += sum(ceil(_size(e) / WRITE_BYTES) for e in _index_entries(item))

    def _stored(self, operation: Item) -> Item:
        """As it is now; what is asked for to be absent is none, and costs a unit all the same."""
        item, _ = self.driver.sync_get_item(operation["table"], operation["key"], True)
        return item or {}


def _size(item: Item) -> int:
    return calculate_item_size(item).bytes


def _index_entries(item: Item) -> list[Item]:
    names = [index for index in ("gsi1", "gsi2", "gsi3") if f"{index}pk" in item]
    return [
        {
            name: value
            for name, value in item.items()
            if name in {"pk", "sk", f"{index}pk", f"{index}sk"} or (name, index) in _PROJECTED
        }
        for index in names
    ]


_PROJECTED = {("view", "gsi1"), ("view", "gsi3")}


def _get_call(workspace: Workspace) -> Callable[[], Answer]:
    path = workspace.place(workspace.agent()).headers["Location"]
    return lambda: workspace.client.get(path)


def _get_agent(workspace: Workspace) -> Callable[[], Answer]:
    agent = workspace.agent()
    return lambda: workspace.client.get(f"/v1/voice/agents/{agent}")


def _cancel_call(workspace: Workspace) -> Callable[[], Answer]:
    path = workspace.place(workspace.agent()).headers["Location"]
    return lambda: workspace.client.post(f"{path}/cancel")


def _list_calls(query: str) -> Callable[[Workspace], Callable[[], Answer]]:
    def prepare(workspace: Workspace) -> Callable[[], Answer]:
        agent = workspace.agent()
        for _ in range(25):
            workspace.place(agent)
        return lambda: workspace.client.get(f"/v1/voice/calls{query.format(agent=agent)}")

    return prepare


def _create_agent(workspace: Workspace) -> Callable[[], Answer]:
    body = {"name": "Dana", "prompt": "Be kind.", "voice": "dana", "language": "en-US"}
    return lambda: workspace.client.post("/v1/voice/agents", json=body)


def _update_agent(workspace: Workspace) -> Callable[[], Answer]:
    path, headers = f"/v1/voice/agents/{workspace.agent()}", {"If-Match": "1"}
    return lambda: workspace.client.request("PATCH", path, json={"voice": "noa"}, headers=headers)


def _list_agents(workspace: Workspace) -> Callable[[], Answer]:
    workspace.agent()
    return lambda: workspace.client.get("/v1/voice/agents")


def _update_settings(workspace: Workspace) -> Callable[[], Answer]:
    path, headers = "/v1/workspace/settings", {"If-Match": "1"}
    return lambda: workspace.client.request("PATCH", path, json={"calls": "off"}, headers=headers)


def _list_do_not_call(workspace: Workspace) -> Callable[[], Answer]:
    for _ in range(25):
        workspace.never_call()
    return lambda: workspace.client.get("/v1/voice/do-not-call")


def _add_do_not_call(workspace: Workspace) -> Callable[[], Answer]:
    body = {"number": CALLEE, "reason": "asked by mail"}
    return lambda: workspace.client.post("/v1/voice/do-not-call", json=body)


def _remove_do_not_call(workspace: Workspace) -> Callable[[], Answer]:
    path = f"/v1/voice/do-not-call/{workspace.never_call()}"
    return lambda: workspace.client.request("DELETE", path)


def _place(workspace: Workspace) -> Callable[[], Answer]:
    agent = workspace.agent()
    return lambda: workspace.place(agent, key="k", metadata={"lead_id": "lead_9182"})


@dataclass(frozen=True)
class Case:
    """What is asked, the calls it makes after authenticating, and all units it consumes."""

    prepare: Callable[[Workspace], Callable[[], Answer]]
    calls: list[str]
    read_units: float
    write_units: int
    note: str = ""


AUTHENTICATE = "UpdateItem"
COSTS = {
    "GET /v1/whoami": [Case(lambda w: lambda: w.client.get("/v1/whoami"), [], 0, 1)],
    "GET /v1/workspace/settings": [
        Case(lambda w: lambda: w.client.get("/v1/workspace/settings"), ["GetItem"], 1, 1)
    ],
    "PATCH /v1/workspace/settings": [
        Case(_update_settings, ["GetItem", "TransactWriteItems"], 1, 3)
    ],
    "GET /v1/voice/do-not-call": [Case(_list_do_not_call, ["Query"], 0.5, 1, "25 of them")],
    # The record and the entry.
    "POST /v1/voice/do-not-call": [Case(_add_do_not_call, ["TransactWriteItems"], 0, 5)],
    "DELETE /v1/voice/do-not-call/{number}": [
        Case(_remove_do_not_call, ["TransactWriteItems"], 0, 3)
    ],
    "GET /v1/voice/agents": [Case(_list_agents, ["Query"], 0.5, 1)],
    # The record, the agent and its version.
    "POST /v1/voice/agents": [Case(_create_agent, ["TransactWriteItems"], 0, 7)],
    "PATCH /v1/voice/agents/{agent_id}": [
        Case(_update_agent, ["GetItem", "TransactWriteItems"], 1, 5)
    ],
    "GET /v1/voice/agents/{agent_id}": [Case(_get_agent, ["GetItem"], 1, 1)],
    "GET /v1/voice/calls/{call_id}": [Case(_get_call, ["GetItem"], 1, 1)],
    # The record, the call, the minutes and the event with its index entry.
    "POST /v1/voice/calls/{call_id}/cancel": [
        Case(_cancel_call, ["GetItem", "TransactWriteItems"], 1, 10)
    ],
    "GET /v1/voice/calls": [
        Case(_list_calls(""), ["Query"], 2, 1, "25 of them"),
        Case(_list_calls("?agent_id={agent}"), ["Query"], 1.5, 1, "by agent"),
        Case(_list_calls("?status=queued"), ["Query"], 1.5, 1, "by status"),
        Case(_list_calls("?agent_id={agent}&status=queued"), ["Query"], 1.5, 1, "by both"),
    ],
    # The settings, which a switch must be seen in at once. Authenticating 1; record, agent check,
    # do-not-call check and minutes 2 each; call 2 and 3 indexes; event 2 and 1.
    "POST /v1/voice/calls": [Case(_place, ["GetItem", "TransactWriteItems"], 1, 17)],
}
