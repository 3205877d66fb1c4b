"""The demo data of the local cloud: workspaces of every plan, their keys, and an agent each."""

import os
from collections.abc import Mapping

from linkwright import auth, clock
from linkwright.table import Item, Table, get, update
from linkwright.transaction import Transaction
from linkwright.voice import agents
from linkwright.voice.agent_models import Agent, EscalationRule
from linkwright.workspace import members, settings, workspaces
from tools.local_cloud import clerk
from tools.workspace import OPERATOR, ensure_workspace, make_key, use_stack

AGENT_ID = "agt_5fd1a02b"
OTHER_AGENT_ID = "agt_0c41e9d7"

EVERYTHING = sorted(auth.SCOPES)


def seed(aws_endpoint: str, outputs: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Make what is missing, and new keys. Returns the names and values of `demo.env`."""
    os.environ["AWS_ENDPOINT_URL"] = aws_endpoint
    use_stack(outputs, stage="local")
    demo = ensure_demo("ws_demo", "Demo", "pro")
    other = ensure_demo("ws_other", "Other", "pro")
    free = ensure_demo("ws_free", "Free", "free")
    enterprise = ensure_demo("ws_enterprise", "Enterprise", "enterprise")
    for partition in ("ws_demo", "ws_demo.test", "ws_enterprise"):
        _ensure_agent(partition, AGENT_ID)
    # A talk of ten minutes would be all that the free plan has.
    _ensure_agent("ws_free", AGENT_ID, {"max_duration_s": 60})
    _ensure_agent("ws_other", OTHER_AGENT_ID)
    _ensure_member(demo)
    return {
        **known,
        "TOKEN": make_key(demo, "live", "owner", EVERYTHING, "all scopes"),
        "TOKEN_READ": make_key(demo, "live", "owner", ["*:read"], "only reads"),
        "TOKEN_TEST": make_key(demo, "test", "owner", EVERYTHING, "test mode"),
        "TOKEN_OTHER": make_key(other, "live", "owner", EVERYTHING, "all scopes"),
        "TOKEN_FREE": make_key(free, "live", "owner", EVERYTHING, "all scopes"),
        "TOKEN_ENTERPRISE": make_key(enterprise, "live", "owner", EVERYTHING, "all scopes"),
        "AGENT_ID": AGENT_ID,
    }


def demo_agent(agent_id: str) -> Agent:
    now = clock.timestamp()
    return Agent(
        id=agent_id,
        name="Dana",
        prompt="Confirm the appointment. Be brief, kind and honest about being an AI.",
        voice="dana",
        language="he-IL",
        escalation_rules=[
            EscalationRule(
                when="the callee asks for a person", action="transfer", to="+972541230000"
            )
        ],
        max_duration_s=600,
        phone_number=None,
        concurrency=None,
        recording=False,
        quiet_hours=None,
        version=1,
        created_at=now,
        updated_at=now,
    )


def ensure_demo(workspace_id: str, name: str, plan: str) -> Item:
    """Without the rules for calls, so that a first call goes out; one from before settings too."""
    workspace = ensure_workspace(workspace_id, name, plan, settings.OFF)
    off = {"off": settings.OFF.model_dump(mode="json")}
    kept = "SET #settings = if_not_exists(#settings, :off)"
    return update(Table.CORE, workspaces.key(workspace["id"]), kept, values=off)


def _ensure_member(workspace: Item) -> None:
    if get(Table.ACCESS, auth.membership(clerk.ORGANISATION, clerk.USER)) is None:
        tx = Transaction(workspace["id"], OPERATOR)
        members.add(
            workspace, organisation=clerk.ORGANISATION, subject=clerk.USER, role="owner", tx=tx
        )
        tx.commit()


def _ensure_agent(
    partition: str, agent_id: str, changes: Mapping[str, object] | None = None
) -> None:
    if agents.find(partition, agent_id) is None:
        tx = Transaction(partition, OPERATOR)
        agents.put(partition, demo_agent(agent_id).model_copy(update=changes), tx)
        tx.commit()
