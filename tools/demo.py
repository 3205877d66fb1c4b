"""The demo data of the local cloud: workspaces of every plan, their keys, and an agent each."""

import os
from collections.abc import Mapping

from linkwright import audit, auth, clock
from linkwright.table import Item, Table, get, update
from linkwright.transaction import Transaction
from linkwright.voice import agents
from linkwright.voice.agent_models import Agent, EscalationRule
from linkwright.workspace import members, settings, workspaces
from tools.local_cloud import clerk
from tools.numbers import register
from tools.workspace import OPERATOR, ensure_workspace, make_key, use_stack

AGENT_ID = "agt_5fd1a02b"
MEMBER_ID = "usr_5e2d8b01"
OTHER_AGENT_ID = "agt_0c41e9d7"

# What agents of the demo workspace may call from.
PHONE_NUMBER = "+12025550144"

EVERYTHING = sorted(auth.SCOPES)


def seed(aws_endpoint: str, outputs: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Make what is missing in a deployed stack. Returns the names and values of `demo.env`."""
    os.environ["AWS_ENDPOINT_URL"] = aws_endpoint
    use_stack(outputs, stage="local")
    return ensure_all(known)


def ensure_all(known: Mapping[str, str]) -> dict[str, str]:
    """With the keys that are known, where those are still good."""
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
    register(PHONE_NUMBER, demo["id"])
    keys = {
        "TOKEN": (demo, "live", EVERYTHING),
        "TOKEN_READ": (demo, "live", ["*:read"]),
        "TOKEN_TEST": (demo, "test", EVERYTHING),
        "TOKEN_OTHER": (other, "live", EVERYTHING),
        "TOKEN_FREE": (free, "live", EVERYTHING),
        "TOKEN_ENTERPRISE": (enterprise, "live", EVERYTHING),
    }
    tokens = {name: _ensure_key(known.get(name), name, *wanted) for name, wanted in keys.items()}
    return tokens | {"AGENT_ID": AGENT_ID, "PHONE_NUMBER": PHONE_NUMBER}


def _ensure_key(known: str | None, name: str, workspace: Item, mode: str, scopes: list[str]) -> str:
    """The known token, unless its key is gone, revoked or another one than is wanted."""
    found = get(Table.ACCESS, auth.api_key(known)) if known else None
    wanted = {"workspace_id": workspace["id"], "mode": mode, "role": "owner", "scopes": scopes}
    if known and found and "revoked_at" not in found and found | wanted == found:
        return known
    return make_key(workspace, mode, "owner", scopes, name)


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
        tx = Transaction(workspace["id"], OPERATOR, audit.OPERATOR)
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
