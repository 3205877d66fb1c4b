"""DELETE /api/links/{link_id}: delete a short link; its alias is free after 30 days."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links import changes
from linkwright.transaction import Transaction


@endpoint(scope="links:write", status=204)
def handler(account: Account, link_id: str, tx: Transaction) -> None:
    changes.delete(account, link_id, tx)
