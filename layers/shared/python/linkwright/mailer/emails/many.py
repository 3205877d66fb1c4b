"""Approving many emails at once, each at the version that somebody has read.

Each lead's are approved in a transaction of their own; the last one's has the answer. So a request
that was cut off and is repeated finds what it approved, and tells of it as it would have.
"""

from contextlib import suppress
from typing import Any, cast

from linkwright.auth import Account
from linkwright.endpoint import TRIES
from linkwright.errors import ApiError, ResourceNotFound, Unavailable
from linkwright.mailer.campaigns import campaigns
from linkwright.mailer.emails import approval
from linkwright.mailer.emails.models import (
    ApprovalError,
    ApprovalResult,
    ApprovalResults,
    ApproveEmails,
    EmailVersion,
)
from linkwright.mailer.items import EmailView, LeadItem
from linkwright.mailer.leads import leads
from linkwright.transaction import Outrun, Transaction

_Outcome = int | ApiError
# How often an email was changed, in each of these states, since it was read and then approved.
_SINCE = {"approved": 1, "sending": 2, "sent": 3, "unknown": 3, "failed": 3}


def approve(
    account: Account, campaign_id: str, wanted: ApproveEmails, tx: Transaction
) -> ApprovalResults:
    """Errors: no such campaign (404)."""
    campaigns.existing(account.partition, campaign_id)
    by_lead: dict[str, dict[int, EmailVersion]] = {}
    for index, item in enumerate(wanted.items):
        by_lead.setdefault(item.lead_id, {})[index] = item
    outcomes: dict[int, _Outcome] = {}
    *before, (last_id, of_last) = by_lead.items()
    for lead_id, of_lead in before:
        outcomes |= _committed(account, campaign_id, lead_id, of_lead, tx.request_id)
    outcomes |= _approved(account, campaign_id, last_id, of_last, tx)
    results = [_result(at, item, outcomes[at]) for at, item in enumerate(wanted.items)]
    approved = sum(result.status == "approved" for result in results)
    return ApprovalResults(results=results, approved=approved, failed=len(results) - approved)


def _committed(
    account: Account,
    campaign_id: str,
    lead_id: str,
    wanted: dict[int, EmailVersion],
    request_id: str,
) -> dict[int, _Outcome]:
    for _ in range(TRIES):
        tx = Transaction(account.partition, request_id, account.actor)
        outcomes = _approved(account, campaign_id, lead_id, wanted, tx)
        with suppress(Outrun):
            tx.commit()
            return outcomes
    raise Unavailable


def _approved(
    account: Account,
    campaign_id: str,
    lead_id: str,
    wanted: dict[int, EmailVersion],
    tx: Transaction,
) -> dict[int, _Outcome]:
    """The new version of each email, or why there is none. Raises `Outrun` at the commit."""
    lead = leads.stored(account.partition, lead_id)
    if lead is None or lead["view"]["campaign_id"] != campaign_id:
        return dict.fromkeys(wanted, ResourceNotFound("There is no such lead."))
    views = approval.emails_of(account.partition, lead["sk"])
    seen = dict(views)
    outcomes: dict[int, _Outcome] = {}
    for index, item in wanted.items():
        view = views.get(item.seq)
        try:
            if view is None:
                raise approval.no_email()
            if not _was_approved(account, view, item.version):
                approval.require_open(lead["view"], view, item.version)
                views[item.seq] = _approve(account, lead, view, tx)
            outcomes[index] = item.version + 1
        except ApiError as why:
            outcomes[index] = why
    if views != seen:
        approval.settle(tx, lead, list(views.values()))
    return outcomes


def _was_approved(account: Account, view: EmailView, version: int) -> bool:
    """Whether this version was approved by the same hand, as by an earlier try of the request, and
    maybe mailed since.
    """
    since = view["version"] - version
    return view.get("approved_by") == account.actor_id and _SINCE.get(view["state"]) == since


def _approve(account: Account, lead: LeadItem, view: EmailView, tx: Transaction) -> EmailView:
    changed: dict[str, Any] = {"state": "approved", "approved_by": account.actor_id}
    after = approval.write(tx, lead["view"], view, changed, Outrun)
    tx.audit("email.approved", lead["sk"], {"seq": after["seq"], "version": after["version"]})
    approval.tell(tx, after)
    return after


def _result(index: int, item: EmailVersion, outcome: _Outcome) -> ApprovalResult:
    of = {"index": index, "lead_id": item.lead_id, "seq": item.seq}
    if isinstance(outcome, int):
        return ApprovalResult(**of, status="approved", version=outcome)
    told = ApprovalError(
        status=outcome.status,
        code=outcome.code,
        message=outcome.message,
        reason=cast("str | None", outcome.details.get("reason")),
    )
    return ApprovalResult(**of, status="failed", error=told)
