"""Having a lead researched: it is its own job until that is done."""

from typing import cast

from linkwright import ids, jobs, usage
from linkwright.auth import Account
from linkwright.errors import Conflict
from linkwright.mailer import items
from linkwright.mailer.items import LeadStatus, Research
from linkwright.mailer.leads import leads, status
from linkwright.mailer.leads.models import Lead
from linkwright.transaction import Transaction

# Who is to hear of us no more, whatever is found out.
ENDED: frozenset[LeadStatus] = frozenset(
    {"finished", "replied", "bounced", "complained", "unsubscribed", "suppressed"}
)
_UNDER_WAY = {"queued", "running"}


def begun() -> Research:
    """What a lead says of its research from when that is asked for."""
    return {"status": "queued", "run": ids.new("run"), "sources": []}


def request(lead_id: str) -> dict[str, str]:
    """The attributes by which a lead asks to be researched."""
    return jobs.requested(jobs.LEAD, lead_id)


def _anew(research: Research) -> Research:
    """What was found before is shown until something else is; why it failed is not."""
    kept = {name: value for name, value in research.items() if name != "reason"}
    return cast(Research, {**kept, "status": "queued", "run": ids.new("run")})


def again(account: Account, lead_id: str, tx: Transaction) -> Lead:
    """Have a lead researched anew; while it is, that is told.

    Errors: no such lead (404), it has ended (409), the plan has no more of it (402).
    """
    item = leads.existing(account.partition, lead_id)
    view = item["view"]
    if view["research"]["status"] in _UNDER_WAY:
        return leads.shown(account.partition, item)
    if view["status"] in ENDED:
        raise Conflict("The lead has ended: nothing more is sent to it.", reason="lead_ended")
    period = usage.reserve(account, items.RESEARCHED, 1, tx)
    to: LeadStatus = "active" if view["status"] == "active" else "pending"
    after = status.write(
        tx,
        item,
        {**view, "status": to, "research": _anew(view["research"])},
        facts={**request(lead_id), "period": period},
        anew=True,
    )
    return leads.shown(account.partition, after)
