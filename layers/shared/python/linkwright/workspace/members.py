"""Members: the people who may act in a workspace with a session, and their roles."""

from linkwright import auth, clock, ids
from linkwright.table import Item, Table
from linkwright.transaction import Transaction


def add(workspace: Item, *, organisation: str, subject: str, role: str, tx: Transaction) -> str:
    """Give a person of the identity provider's organisation a role; returns the member's id.

    What a request must know is copied onto the membership, as it is onto an API key.
    """
    member_id = ids.new("usr")
    tx.put(
        Table.ACCESS,
        {
            **auth.membership(organisation, subject).attributes(),
            "gsi1pk": f"W#{workspace['id']}#MBR",
            "gsi1sk": member_id,
            "id": member_id,
            "type": "session",
            "role": role,
            "scopes": sorted(auth.SCOPES),
            **auth.workspace_facts(workspace),
            "created_at": clock.timestamp(),
        },
    )
    return member_id
