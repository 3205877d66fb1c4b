"""Plans: what the billing system says a workspace has paid for."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt, ValidationError

from linkwright import json_body, standard_webhooks
from linkwright.audit import Actor
from linkwright.errors import ResourceNotFound, Unavailable
from linkwright.fields import RequestModel
from linkwright.http import Request, Response, validation_failed
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
    body = standard_webhooks.received(request, lambda known: known.billing_webhook_secrets)
    try:
        wanted = PlanChange.model_validate(json_body.parse(body))
    except ValidationError as failure:
        raise validation_failed(failure) from None
    change(wanted, request.id, _BILLING)
    return Response(200)


def change(wanted: PlanChange, request_id: str, actor: Actor) -> bool:
    """Let a workspace have a plan; False if it knows of a newer change, or this one.

    Raises `ResourceNotFound` and `Unavailable`.
    """
    for _ in range(TRIES):
        workspace = workspaces.find(wanted.workspace_id)
        if workspace is None:
            raise ResourceNotFound("There is no such workspace.")
        if wanted.version <= workspace.get("plan_version", 0):
            return False
        tx = Transaction(wanted.workspace_id, request_id, actor)
        facts.change(tx, workspace, {"plan": wanted.plan, "plan_version": wanted.version})
        told = {"from": workspace["plan"], "to": wanted.plan, "version": wanted.version}
        tx.audit("plan.changed", wanted.workspace_id, told)
        try:
            tx.commit()
        except Outrun:
            continue
        return True
    raise Unavailable
