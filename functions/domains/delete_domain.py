"""DELETE /api/domains/{domain_id}: delete a domain that no link is on."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links.domains import changes
from linkwright.transaction import Transaction


@endpoint(scope="domains:write", status=204)
def handler(account: Account, domain_id: str, tx: Transaction) -> None:
    changes.delete(account, domain_id, tx)
