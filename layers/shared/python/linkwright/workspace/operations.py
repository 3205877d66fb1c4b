"""What the other domains ask of a workspace."""

from typing import NamedTuple

from linkwright.plans import PLANS, Plan
from linkwright.table import Item, Key
from linkwright.transaction import Transaction
from linkwright.workspace import own_keys, settings, workspaces
from linkwright.workspace.models import Settings, UsageThreshold
from linkwright.workspace.own_keys import OwnKey
from linkwright.workspace.own_keys import drop as drop_own_key
from linkwright.workspace.own_keys import drop_all as drop_all_own_keys
from linkwright.workspace.own_keys import keep as keep_own_key

__all__ = [
    "InCharge",
    "OwnKey",
    "Settings",
    "Tenant",
    "UsageThreshold",
    "both_modes",
    "drop_all_own_keys",
    "drop_own_key",
    "in_charge",
    "keep_own_key",
    "place",
    "require_unchanged",
    "signing_key",
    "tenant",
]


class InCharge(NamedTuple):
    """A member who is told what goes wrong: the id, and a verified address."""

    id: str
    email: str


class Tenant(NamedTuple):
    """A workspace as it is now, in one of its modes."""

    plan: Plan
    anchor_day: int
    settings: Settings
    # The version of what its credentials know of it.
    facts_v: int
    # Its own at a vendor of models, whether or not its plan lets it be used.
    own_key: OwnKey | None = None


def place(partition: str) -> Key:
    """Where the workspace of a partition is stored."""
    return workspaces.key(partition.partition(".")[0])


def tenant(partition: str) -> Tenant:
    """The workspace of a partition, by one strong read. Raises `LookupError` if there is none."""
    workspace_id, _, mode = partition.partition(".")
    return _of_mode(workspaces.existing(workspace_id), mode or "live")


def signing_key(partition: str) -> str | None:
    """By which a workspace signs what it hands out; None if there is no such workspace."""
    workspace = workspaces.find(partition.partition(".")[0])
    return str(workspace["cursor_key"]) if workspace else None


def both_modes(workspace_id: str) -> tuple[Tenant, Tenant]:
    """Live and test, by one strong read. Raises as `tenant`."""
    workspace = workspaces.existing(workspace_id)
    return _of_mode(workspace, "live"), _of_mode(workspace, "test")


def _of_mode(workspace: Item, mode: str) -> Tenant:
    return Tenant(
        plan=PLANS[workspace["plan"]],
        anchor_day=workspace["anchor_day"],
        settings=settings.of(workspace, mode),
        facts_v=workspace.get("facts_v", 0),
        own_key=own_keys.of(workspace, mode),
    )


def require_unchanged(tx: Transaction, partition: str, seen: Tenant) -> None:
    """Let a change happen only if the plan is still the one that was read.

    Raises `Outrun` at the commit.
    """
    workspace = {"id": partition.partition(".")[0], "facts_v": seen.facts_v}
    workspaces.require_unchanged(tx, workspace)


def in_charge(partition: str) -> list[InCharge]:
    """The owners and administrators of a workspace that want alerts, some at most."""
    # Not loaded by all who only ask what the workspace may.
    from linkwright.workspace import members

    rows = members.in_charge(partition.partition(".")[0], "alerts")
    return [InCharge(row["sk"], row["view"]["email"]) for row in rows]
