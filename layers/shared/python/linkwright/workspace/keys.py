"""API keys. The key itself is shown once, when it is made; what is kept is its hash."""

from linkwright import auth, clock, ids
from linkwright.table import Item, Table
from linkwright.transaction import Transaction


def create(
    workspace: Item, *, mode: str, role: str, scopes: list[str], name: str, tx: Transaction
) -> str:
    """Make a key and return its token.

    What a request must know is copied onto the key's item, so that authenticating is the only
    look-up it needs; the workspace's plan and name are copied again when they change.
    """
    token = auth.new_token(mode)
    key_id = ids.new("key")
    tx.put(
        Table.ACCESS,
        {
            **auth.api_key(token).attributes(),
            "gsi1pk": f"W#{workspace['id']}#KEY",
            "gsi1sk": key_id,
            "id": key_id,
            "type": "api_key",
            "name": name,
            "mode": mode,
            "role": role,
            "scopes": scopes,
            **auth.workspace_facts(workspace),
            "created_at": clock.timestamp(),
        },
    )
    return token
