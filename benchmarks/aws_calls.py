"""Every AWS call on a request's path, and the capacity it consumes: that is the bill.

Units are computed from the items by DynamoDB's published rules (the emulators do not weigh what a
query reads): half a unit for each 4 KB read eventually, one if strongly; one for each KB written,
two in a transaction, and one for each KB of each index entry it makes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from pydynox.size import calculate_item_size

from linkwright import table
from linkwright.outbox import CALL, Work
from linkwright.table import Item
from tests import carrier
from tests.client import Answer, Context, invoke, queue_event
from tests.factories import CALLEE, Workspace
from tests.switchboard import Reply, deliver_to_functions

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
        units = max(ceil(sum(map(_size, answer[0])) / READ_BYTES), 1)
        self.read_units += units if options.get("consistent_read") else units / 2
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


def _callback(
    kind: str, status: str = "", **agent: object
) -> Callable[[Workspace], Callable[[], Reply]]:
    """The carrier's request of that kind in a call of a Hebrew agent."""

    def prepare(workspace: Workspace) -> Callable[[], Reply]:
        call_id = workspace.place(workspace.agent(**agent)).json["id"]
        work = Work(CALL, f"W#{workspace.partition}#CALL", call_id)
        invoke("dial_call", queue_event([work.message()]), Context(60_000))
        exchange = carrier.current()
        sent = exchange.run_to(exchange.call(call_id), kind, status)
        return lambda: deliver_to_functions(sent)

    return prepare


def _end_transfer(workspace: Workspace) -> Callable[[], Reply]:
    """A turn is told as if it were the end of a transfer: what is read and written is the same."""
    call_id = workspace.place(workspace.agent()).json["id"]
    work = Work(CALL, f"W#{workspace.partition}#CALL", call_id)
    invoke("dial_call", queue_event([work.message()]), Context(60_000))
    exchange = carrier.current()
    turn = exchange.run_to(exchange.call(call_id), "turn")
    url = turn.url.replace("/turn/1", "/transfer")
    sent = exchange.signed(replace(turn, url=url), DialCallStatus="busy")
    return lambda: deliver_to_functions(sent)


@dataclass(frozen=True)
class Case:
    """What is asked, the calls it makes after authenticating, and all units it consumes.

    A callback authenticates by its signature, which asks nobody.
    """

    prepare: Callable[[Workspace], Callable[[], Answer | Reply]]
    calls: list[str]
    read_units: float
    write_units: int
    note: str = ""


AUTHENTICATE = "UpdateItem"
CALLBACKS = "POST /callbacks/twilio/{partition}/{call_id}/{attempt}/"
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
    # The call, its agent and what was said before, strongly; then what is said.
    f"{CALLBACKS}answer": [
        Case(_callback("answer"), ["GetItem", "GetItem", "Query", "UpdateItem"], 3, 1)
    ],
    # What was heard is written before anybody thinks about it.
    f"{CALLBACKS}turn/{{turn}}": [
        Case(_callback("turn"), ["GetItem", "GetItem", "UpdateItem", "Query", "UpdateItem"], 3, 2)
    ],
    f"{CALLBACKS}transfer": [
        Case(_end_transfer, ["GetItem", "GetItem", "Query", "UpdateItem"], 3, 1)
    ],
    f"{CALLBACKS}status": [
        # Bound already: the order was answered first, as it mostly is.
        Case(_callback("status", "initiated"), ["GetItem"], 1, 0, "initiated"),
        # The call 2; the event 2 and 1.
        Case(_callback("status", "ringing"), ["GetItem", "TransactWriteItems"], 1, 5, "ringing"),
        # The talk, and who waits; the call 2 with its transcript, the place 2, the minutes 2, the
        # event and the follow-up.
        Case(
            _callback("status", "completed"),
            ["GetItem", "Query", "Query", "TransactWriteItems"],
            2.5,
            16,
            "completed",
        ),
    ],
    f"{CALLBACKS}machine": [Case(_callback("machine"), ["GetItem", "TransactWriteItems"], 1, 2)],
    f"{CALLBACKS}recording": [
        Case(
            _callback("recording", recording=True, recording_consent=False),
            ["GetItem", "TransactWriteItems"],
            1,
            3,
        )
    ],
}
