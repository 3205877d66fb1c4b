"""Whose request it is, where no table is asked."""

from linkwright.auth import Account
from linkwright.plans import PLANS

ACCOUNT = Account(
    workspace_id="ws_1",
    workspace_name="Test",
    mode="live",
    plan=PLANS["pro"],
    anchor_day=1,
    role="owner",
    scopes=frozenset(),
    credential_id="key_1",
    credential_type="api_key",
    credential_expires_at=None,
    cursor_key="00" * 32,
)
