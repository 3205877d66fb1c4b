"""GET /v1/mailer/suppressions: list addresses that nothing is mailed to, or find one."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.suppressions import suppressions
from linkwright.mailer.suppressions.models import Suppression, SuppressionsQuery
from linkwright.pagination import Page


@endpoint(scope="suppressions:read")
def handler(account: Account, query: SuppressionsQuery) -> Page[Suppression]:
    return suppressions.listed(account, query)
