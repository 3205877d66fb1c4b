"""Workspaces: the tenant that owns everything else."""

import secrets

from linkwright import clock
from linkwright.auth import Account
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace.models import Credential, Limits, Settings, Whoami, WorkspaceName

# What is copied onto credentials has a version; nothing of it was changed where there is none.
UNCHANGED = "attribute_exists(#pk) AND (attribute_not_exists(#facts_v) OR #facts_v = :facts_v)"


def key(workspace_id: str) -> Key:
    return Key(f"W#{workspace_id}", "META")


def create(workspace_id: str, name: str, plan: str, settings: Settings, tx: Transaction) -> Item:
    """The workspace's own item, with the settings of live mode; its cycle begins on this day.

    Raises `Outrun` at the commit where there is one of that id by now.
    """
    item = {
        **key(workspace_id).attributes(),
        "id": workspace_id,
        "name": name,
        "plan": plan,
        "anchor_day": clock.now().day,
        "settings": settings.model_dump(mode="json"),
        "cursor_key": secrets.token_hex(32),
        "created_at": clock.timestamp(),
    }
    tx.put(Table.CORE, item, otherwise=Outrun)
    return item


def find(workspace_id: str) -> Item | None:
    return get(Table.CORE, key(workspace_id))


def existing(workspace_id: str) -> Item:
    """Raises `LookupError` if there is none."""
    workspace = find(workspace_id)
    if workspace is None:
        raise LookupError("no such workspace")
    return workspace


def require_unchanged(tx: Transaction, workspace: Item) -> None:
    """Let the change happen only if what credentials know of the workspace is still so.

    For whoever copies it. Raises `Outrun` at the commit.
    """
    tx.require(
        Table.CORE,
        key(workspace["id"]),
        UNCHANGED,
        values={"facts_v": workspace.get("facts_v", 0)},
        otherwise=Outrun,
    )


def whoami(account: Account) -> Whoami:
    return Whoami(
        workspace=WorkspaceName(id=account.workspace_id, name=account.workspace_name),
        plan=account.plan.name,
        scopes=sorted(account.scopes),
        role=account.role,
        credential=Credential.model_validate(
            {
                "type": account.credential_type,
                "id": account.credential_id,
                "expires_at": account.credential_expires_at,
                "env": account.mode,
            }
        ),
        limits=Limits.model_validate(account.plan._asdict()),
    )
