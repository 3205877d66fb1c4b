"""Plans: what the billing system says a workspace has paid for."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt, ValidationError

from linkwright import inbound_webhooks, json_body
from linkwright.audit import Actor
from linkwright.errors import ResourceNotFound, Unavailable
from linkwright.fields import RequestModel
from linkwright.findings import validation_failed
from linkwright.http import Request, Response
from linkwright.table import Item
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import facts, workspaces

# Who meets others that often has met an unusual crowd.
TRIES = 3
_BILLING = Actor("billing", "billing")


class PlanChange(RequestModel):
    """Of a workspace's changes that of the highest version holds, in whatever order they come."""

    workspace_id: Annotated[str, Field(max_length=100)]
    plan: Literal["free", "pro", "business", "enterprise"]
    version: Annotated[StrictInt, Field(ge=1, le=2**53)]


def received(request: Request) -> Response:
    """A change that the billing system tells, once or more often."""
    body = inbound_webhooks.received(request, lambda known: known.billing_webhook_secrets)
    try:
        wanted = PlanChange.model_validate(json_body.parse(body))
    except ValidationError as failure:
        raise validation_failed(failure) from None
    _follow(wanted, request.id)
    return Response(200)


def assign(tx: Transaction, workspace: Item, plan: str, version: int | None = None) -> None:
    """Let a workspace that was just read have a plan. Raises `Outrun` at the commit.

    The version is billing's own: who changes a plan beside it takes none, or its next is ignored.
    """
    facts.change(tx, workspace, {"plan": plan} | ({"plan_version": version} if version else {}))
    told = {"from": workspace["plan"], "to": plan}
    tx.audit("plan.changed", workspace["id"], told | ({"version": version} if version else {}))


def _follow(wanted: PlanChange, request_id: str) -> None:
    """Raises `ResourceNotFound` and `Unavailable`."""
    for _ in range(TRIES):
        workspace = workspaces.find(wanted.workspace_id)
        if workspace is None:
            raise ResourceNotFound("There is no such workspace.")
        if wanted.version <= workspace.get("plan_version", 0):
            return
        tx = Transaction(wanted.workspace_id, request_id, _BILLING)
        assign(tx, workspace, wanted.plan, wanted.version)
        try:
            tx.commit()
        except Outrun:
            continue
        return
    raise Unavailable
