"""The demo data of the local cloud: workspaces of every plan, their keys, and an agent each.

One has four members, has used some of its plan, and has links that were followed for 90 days.
"""

import os
from collections.abc import Mapping
from datetime import timedelta

from linkwright import audit, auth, clock, plans, usage
from linkwright.ai.scan import scanning
from linkwright.table import Item, Key, Table, get, update
from linkwright.transaction import Transaction
from linkwright.voice import agents
from linkwright.voice.agent_models import Agent, EscalationRule
from linkwright.workspace import keys, members, people, settings, workspaces
from tools import demo_link_rows, demo_links, demo_mailbox, demo_mailer
from tools.local_cloud import clerk
from tools.numbers import register
from tools.stack import use_stack
from tools.workspace import OPERATOR, ensure_workspace, issue_key, make_key

AGENT_ID = "agt_5fd1a02b"
MEMBER_ID = "usr_5e2d8b01"
OTHER_AGENT_ID = "agt_0c41e9d7"

# Who else is a member: an administrator, somebody who places calls, and somebody who looks on.
PEOPLE = {
    "admin": ("usr_6f0c13d7", "user_demo_admin", "Noa Levi"),
    "member": ("usr_7a91e2b4", "user_demo_member", "Yusuf Haddad"),
    "viewer": ("usr_8c3f5a60", "user_demo_viewer", "Dana Cohen"),
}
# Keys to look at, roll and revoke, by name; their tokens nobody has.
KEYS = {
    "Call centre": ("live", ["calls:read", "calls:write"]),
    "Monthly report": ("live", ["usage:read", "calls:read"]),
    "CI": ("test", ["*:read", "*:write"]),
}
# Minutes of a billing cycle, of this one and of the one before.
USED, USED_BEFORE = 62, 187

# What agents of the demo workspace may call from.
PHONE_NUMBER = "+12025550144"

EVERYTHING = sorted(auth.SCOPES)


def seed(aws_endpoint: str, outputs: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Make what is missing in a deployed stack. Returns the names and values of `demo.env`."""
    os.environ["AWS_ENDPOINT_URL"] = aws_endpoint
    use_stack(outputs, stage="local")
    return ensure_all(known)


def ensure_all(known: Mapping[str, str]) -> dict[str, str]:
    """With the keys that are known, where those are still good, at the `BASE_URL` that is."""
    demo = ensure_demo("ws_demo", "Demo", "pro")
    other = ensure_demo("ws_other", "Other", "pro")
    free = ensure_demo("ws_free", "Free", "free")
    enterprise = ensure_demo("ws_enterprise", "Enterprise", "enterprise")
    for partition in ("ws_demo", "ws_demo.test", "ws_enterprise"):
        _ensure_agent(partition, AGENT_ID)
    # A talk of ten minutes would be all that the free plan has.
    _ensure_agent("ws_free", AGENT_ID, {"max_duration_s": 60})
    _ensure_agent("ws_other", OTHER_AGENT_ID)
    _ensure_member(demo, MEMBER_ID, clerk.USER, "Alex Demo", "owner")
    for role, (member_id, subject, name) in PEOPLE.items():
        _ensure_member(demo, member_id, subject, name, role)
    _ensure_usage(demo)
    register(PHONE_NUMBER, demo["id"])
    lead_id = demo_mailer.ensure(demo["id"])
    demo_mailbox.ensure(demo["id"], known)
    demo_link_rows.ensure(demo["id"], known.get("BASE_URL", demo_link_rows.NOWHERE))
    wanted = {
        "TOKEN": (demo, "live", EVERYTHING),
        "TOKEN_READ": (demo, "live", ["*:read"]),
        "TOKEN_TEST": (demo, "test", EVERYTHING),
        "TOKEN_OTHER": (other, "live", EVERYTHING),
        "TOKEN_FREE": (free, "live", EVERYTHING),
        "TOKEN_ENTERPRISE": (enterprise, "live", EVERYTHING),
    }
    tokens = {name: _ensure_key(known.get(name), name, *key) for name, key in wanted.items()}
    named = {"AGENT_ID": AGENT_ID, "MEMBER_ID": MEMBER_ID, "PHONE_NUMBER": PHONE_NUMBER}
    named |= {
        "LINK_ID": demo_links.LINK_ID,
        "LINK_CAMPAIGN_ID": demo_links.CAMPAIGN_AHEAD,
        "DOMAIN_ID": demo_links.DOMAIN_ID,
        "ALIAS": demo_links.ALIAS,
        "CAMPAIGN_ID": demo_mailer.CAMPAIGN_ID,
        "LEAD_ID": lead_id,
        "MAILBOX_ID": demo_mailbox.MAILBOX_ID,
    }
    return tokens | named | {"KEY_ID": _ensure_keys(demo)}


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
    for partition in (workspace["id"], f"{workspace['id']}.test"):
        scanning.begin(partition)
    return update(Table.CORE, workspaces.key(workspace["id"]), kept, values=off)


def _ensure_member(workspace: Item, member_id: str, subject: str, name: str, role: str) -> None:
    if get(Table.ACCESS, members.row(workspace["id"], member_id)) is not None:
        return
    if (old := members.find(clerk.ORGANISATION, subject)) is not None:
        # From before members were listed.
        tx = Transaction(workspace["id"], OPERATOR)
        tx.delete(Table.ACCESS, Key(old["pk"], old["sk"]), condition="")
        tx.commit()
    tx = Transaction(workspace["id"], OPERATOR)
    email = f"{name.partition(' ')[0].lower()}@example.com"
    people.rename(people.known(subject), name, email, clock.epoch_ms(), tx)
    tx.commit()
    tx = Transaction(workspace["id"], OPERATOR, audit.OPERATOR)
    members.add(
        workspace,
        organisation=clerk.ORGANISATION,
        subject=subject,
        role=role,
        tx=tx,
        member_id=member_id,
    )
    tx.commit()


def _ensure_keys(workspace: Item) -> str:
    """Returns the id of the first."""
    known = {key["view"]["name"]: key["sk"] for key in keys.of(workspace["id"]).keys}
    ids = [
        known[name] if name in known else issue_key(workspace, mode, "owner", scopes, name)[0]["id"]
        for name, (mode, scopes) in KEYS.items()
    ]
    return str(ids[0])


def _ensure_usage(workspace: Item) -> None:
    """A cycle that has none yet gets some, as of talks that have ended."""
    now = plans.period(workspace["anchor_day"])
    before = plans.period(workspace["anchor_day"], now.start - timedelta(days=1))
    for period, used in ((now, USED), (before, USED_BEFORE)):
        where = (workspace["id"], period.label, usage.CALL_MINUTES)
        if get(Table.CORE, usage.key(*where)) is None:
            tx = Transaction(workspace["id"], OPERATOR)
            usage.settle(*where, reserved=0, used=used, tx=tx)
            tx.commit()


def _ensure_agent(
    partition: str, agent_id: str, changes: Mapping[str, object] | None = None
) -> None:
    if agents.find(partition, agent_id) is None:
        tx = Transaction(partition, OPERATOR)
        agents.put(partition, demo_agent(agent_id).model_copy(update=changes), tx)
        tx.commit()
