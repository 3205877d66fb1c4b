"""Showing and deleting a workspace's own key: neither may open what is sealed."""

from linkwright.ai.own_key.models import OwnKey
from linkwright.auth import Account
from linkwright.transaction import Transaction
from linkwright.workspace import operations
from linkwright.workspace.operations import OwnKey as Kept

# The object of the audit log, and what a key is sealed for, besides its workspace and mode.
ENTITY = "own_key"
_NONE = OwnKey(configured=False, enabled=False, provider=None, model=None, key_masked=None)


def find(account: Account) -> OwnKey:
    tenant = operations.tenant(account.partition)
    return shown(tenant.own_key, is_enabled=tenant.plan.own_keys)


def delete(account: Account, tx: Transaction) -> None:
    """There may be none."""
    tenant = operations.tenant(account.partition)
    if tenant.own_key is not None:
        operations.drop_own_key(tx, account.partition, tenant.facts_v)
        tx.audit("own_key.deleted", ENTITY, {"key_masked": tenant.own_key.masked})


def shown(kept: Kept | None, *, is_enabled: bool) -> OwnKey:
    if kept is None:
        return _NONE
    return OwnKey(
        configured=True,
        enabled=is_enabled,
        provider=kept.provider,
        model=kept.model,
        key_masked=kept.masked,
    )
