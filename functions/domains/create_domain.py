"""POST /api/domains: add a domain for short links, which is to be proven."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import Request
from linkwright.links.domains import adding
from linkwright.links.domains.models import CreateDomain, Domain
from linkwright.transaction import Transaction


@endpoint(scope="domains:write", status=201, location="/api/domains/{id}")
def handler(account: Account, body: CreateDomain, request: Request, tx: Transaction) -> Domain:
    return adding.create(account, body, request, tx)
