"""Who asks where nobody does: a job, on behalf of its workspace."""

from linkwright.auth import Account
from linkwright.workspace.operations import Tenant


def account(partition: str, tenant: Tenant, credential: str) -> Account:
    """Nobody's: it may ask for nothing, and has no limit of its own."""
    workspace_id, _, mode = partition.partition(".")
    return Account(
        workspace_id=workspace_id,
        workspace_name="",
        mode=mode or "live",
        plan=tenant.plan,
        anchor_day=tenant.anchor_day,
        role="",
        scopes=frozenset(),
        credential_id=credential,
        credential_type=credential,
        credential_expires_at=None,
        cursor_key="",
    )
