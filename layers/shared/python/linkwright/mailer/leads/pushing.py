"""Pushing a lead into a campaign; `many.py` pushes a list."""

from linkwright import usage
from linkwright.auth import Account
from linkwright.errors import Conflict, ValidationFailed
from linkwright.http import Request
from linkwright.mailer import items
from linkwright.mailer.campaigns import campaigns
from linkwright.mailer.leads import leads, looking, making, many
from linkwright.mailer.leads.models import KnownLead, Lead, NewLead, PushLeads, PushResults
from linkwright.transaction import Transaction

_OF_MANY = {"leads", "skip_if_in_workspace"}


def push(
    account: Account, campaign_id: str, wanted: PushLeads, request: Request, tx: Transaction
) -> Lead | KnownLead | PushResults:
    """Errors: no such campaign (404), it is archived, or the one address is suppressed (409), the
    plan has no more of one (402).
    """
    campaign = campaigns.existing(account.partition, campaign_id)
    campaigns.require_open(campaign)
    if campaign["state"] == "completed":
        # It goes on once there is somebody again.
        campaigns.ask(tx, campaign_id)
    if wanted.leads is None:
        return _one(account, campaign_id, wanted, request, tx)
    if wanted.model_fields_set - _OF_MANY:
        raise ValidationFailed("Field 'leads' stands without those of one lead.", field="leads")
    return many.push(account, campaign_id, wanted, request, tx)


def _one(
    account: Account, campaign_id: str, wanted: PushLeads, request: Request, tx: Transaction
) -> Lead | KnownLead:
    if wanted.email is None:
        raise ValidationFailed("Field 'email' is required.", field="email")
    fields = wanted.model_dump(exclude=_OF_MANY, exclude_none=True)
    lead = making.made(account.partition, campaign_id, NewLead(**fields), request.id)
    of = lead["address_hash"]
    known = looking.look(
        account.partition, campaign_id, [of], in_workspace=wanted.skip_if_in_workspace
    )
    if of in known.rows:
        shown = leads.find(account, known.rows[of]["lead"])
        return KnownLead.model_validate(shown.model_dump())
    if of in known.suppressed:
        raise Conflict("Nothing is mailed to this address.", reason="address_suppressed")
    making.put(tx, [lead], usage.reserve(account, items.RESEARCHED, 1, tx))
    return Lead.model_validate({**lead["view"], "emails": []})
