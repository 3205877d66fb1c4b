"""Workspaces with keys and agents, made as the tools make them; each test gets its own."""

from dataclasses import dataclass, field
from typing import Any

from linkwright import ids
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.voice import agents
from tests.client import Answer, Client
from tools.demo import EVERYTHING, demo_agent
from tools.workspace import ensure_workspace, make_key

CALLEE = "+972541234567"


@dataclass
class Workspace:
    """A tenant with a client that may do everything."""

    item: Item
    mode: str = "live"
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.client_with(EVERYTHING)

    @property
    def id(self) -> str:
        return str(self.item["id"])

    @property
    def partition(self) -> str:
        return self.id if self.mode == "live" else f"{self.id}.test"

    def client_with(self, scopes: list[str], role: str = "owner") -> Client:
        return Client(make_key(self.item, self.mode, role, scopes, "of a test"))

    def agent(self, **changes: Any) -> str:
        """Make an agent and return its id."""
        agent = demo_agent(ids.new("agt")).model_copy(update=changes)
        tx = Transaction(self.partition, "req_test")
        agents.put(self.partition, agent, tx)
        tx.commit()
        return agent.id

    def place(self, agent_id: str, *, key: str | None = None, **body: Any) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        wanted = {"agent_id": agent_id, "to": CALLEE, **body}
        return self.client.post("/v1/voice/calls", json=wanted, headers=headers)


def make_workspace(plan: str = "pro", mode: str = "live") -> Workspace:
    return Workspace(ensure_workspace(ids.new("ws"), "Test", plan), mode)
