"""A tenant of SES for each workspace, where the stack asks for them: what one sends is then judged,
and paused, apart from what the others do. Made when it is first sent as; no mail is lost for it.
"""

from typing import Any

from linkwright import aws
from linkwright.errors import Unavailable
from linkwright.observability import count
from linkwright.settings import settings


def send(wanted: dict[str, Any], tenant: str | None) -> dict[str, Any]:
    """What SES answers. Raises as `aws.run`; also while the tenant is paused: nobody sends around
    that.
    """
    if not (tenant and settings().mail_identity_arn):
        return _asked(wanted)
    named = {**wanted, "TenantName": tenant}
    answer = _asked(named)
    if _is_refused(answer) and _made(tenant):
        answer = _asked(named)
    if not _is_refused(answer):
        return answer
    count("mail_without_tenant")
    return _asked(wanted)


def _asked(wanted: dict[str, Any]) -> dict[str, Any]:
    return aws.run(lambda: aws.ses().send_email(**wanted))


def _is_refused(answer: dict[str, Any]) -> bool:
    return str(answer.get("__type", "")).endswith(aws.NO_TENANT)


def _made(tenant: str) -> bool:
    """Whoever is second finds it made."""
    of = {"TenantName": tenant}
    try:
        aws.run(lambda: aws.ses().create_tenant(**of))
        arn = settings().mail_identity_arn
        aws.run(lambda: aws.ses().create_tenant_resource_association(**of, ResourceArn=arn))
    except Unavailable:
        return False
    return True
