"""GET /v1/workspace/audit: list who changed what, newest first."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.pagination import Page
from linkwright.workspace import audit_log
from linkwright.workspace.audit_models import AuditEntry, AuditQuery


@endpoint(scope="audit:read")
def handler(account: Account, query: AuditQuery) -> Page[AuditEntry]:
    return audit_log.page(account, query)
