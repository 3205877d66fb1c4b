"""What the other domains ask of a workspace."""

from dataclasses import dataclass

from linkwright.plans import PLANS, Plan
from linkwright.workspace import settings, workspaces
from linkwright.workspace.models import Settings, UsageThreshold

__all__ = ["Settings", "Tenant", "UsageThreshold", "tenant"]


@dataclass(frozen=True)
class Tenant:
    """A workspace as it is now, in one of its modes."""

    plan: Plan
    anchor_day: int
    settings: Settings


def tenant(partition: str) -> Tenant:
    """The workspace of a partition, by one strong read. Raises `LookupError` if there is none."""
    workspace_id, _, mode = partition.partition(".")
    workspace = workspaces.existing(workspace_id)
    return Tenant(
        plan=PLANS[workspace["plan"]],
        anchor_day=workspace["anchor_day"],
        settings=settings.of(workspace, mode or "live"),
    )
