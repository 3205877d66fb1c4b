"""The demo's mail campaign, and leads of it in several states: as the reference's sample names it.

Nobody researches what is written here: only who is pushed is.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from linkwright import clock, ids
from linkwright.mailer import items
from linkwright.mailer.campaigns import campaigns, stats
from linkwright.mailer.campaigns.models import CreateMailerCampaign, SequenceStep
from linkwright.mailer.items import CampaignView, LeadStatus, LeadView, SuppressionSource
from linkwright.mailer.leads import addresses, making
from linkwright.mailer.suppressions import suppressions
from linkwright.table import Table, get
from linkwright.transaction import Transaction
from tools.workspace import OPERATOR

CAMPAIGN_ID = "cmp_8fa21b09"
_BEGUN = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
_OF_DEMO = "demo"


class _Lead(NamedTuple):
    email: str
    first_name: str
    last_name: str
    company: str
    status: LeadStatus
    reply: dict[str, str] | None = None


LEADS = (
    _Lead("noa@bakery.example", "נועה", "לוי", "מאפיית נועה", "finished"),
    _Lead("yusuf@clinic.example", "يوسف", "حداد", "عيادة حداد", "unsubscribed"),
    _Lead(
        *("maria@dentists.example", "Maria", "Silva", "Silva Dentists", "replied"),
        {"state": "replied", "intent": "interested", "at": "2026-10-09T07:41:00Z"},
    ),
    _Lead("info@vets.example", "Tom", "Baker", "City Vets", "bounced"),
    _Lead("lena@optics.example", "Lena", "Vogel", "Vogel Optik", "failed"),
)


# Of whom nothing is mailed to any more, why.
_SUPPRESSED: dict[LeadStatus, SuppressionSource] = {
    "unsubscribed": "unsubscribed",
    "bounced": "bounced",
}


def ensure(partition: str) -> str:
    """Make the campaign, and its leads with it, where there is none. Returns the first one's id."""
    first = items.address_key(partition, items.hashed(LEADS[0].email), CAMPAIGN_ID)
    if (known := get(Table.CORE, first)) is not None:
        return str(known["lead"])
    tx = Transaction(partition, OPERATOR)
    tx.put(Table.CORE, dict(campaigns.stored(partition, _campaign())))
    counted: Counter[LeadStatus] = Counter()
    for at, lead in enumerate(LEADS):
        item = making.stored(partition, _view(lead, at), _OF_DEMO)
        address = items.address_key(partition, item["address_hash"], CAMPAIGN_ID)
        tx.put(Table.CORE, dict(item))
        tx.put(Table.CORE, {**address.attributes(), "lead": item["sk"], "push": _OF_DEMO})
        if source := _SUPPRESSED.get(lead.status):
            suppressions.suppress(tx, item["address_hash"], lead.email, source=source)
        counted[lead.status] += 1
    stats.count(tx, CAMPAIGN_ID, items.hashed(LEADS[0].email), counted)
    tx.commit()
    return _id(0)


def _id(at: int) -> str:
    """As of one that was pushed then, so that it sorts below all that are pushed later."""
    return ids.first_at("lead", _made(at))


def _made(at: int) -> datetime:
    return _BEGUN + timedelta(minutes=at)


def _campaign() -> CampaignView:
    wanted = CreateMailerCampaign(
        name="Clinics in spring",
        steps=[SequenceStep(delay_days=0), SequenceStep(delay_days=3), SequenceStep(delay_days=5)],
        instructions="Offer a month of our appointment calls for nothing. Ask for a short talk.",
        sender_name="Alex Demo",
        postal_address="Demo Ltd, 1 Main Street, Haifa",
        metadata={"quarter": "Q2"},
    )
    now = clock.timestamp(_BEGUN)
    view: dict[str, Any] = {
        **wanted.model_dump(mode="json", exclude_none=True),
        "id": CAMPAIGN_ID,
        "state": "draft",
        "created_at": now,
        "updated_at": now,
        "version": 1,
    }
    return cast(CampaignView, view)


def _view(lead: _Lead, at: int) -> LeadView:
    moment = clock.timestamp(_made(at))
    failed = lead.status == "failed"
    research: dict[str, Any] = {
        "status": "failed" if failed else "succeeded",
        "sources": [],
        "at": moment,
    }
    research |= {"reason": "gave_up"} if failed else {"summary": f"{lead.company} is a business."}
    view: dict[str, Any] = {
        "id": _id(at),
        **{name: getattr(lead, name) for name in ("email", "first_name", "last_name")},
        "company": lead.company,
        "campaign_id": CAMPAIGN_ID,
        "flags": addresses.flags(lead.email),
        "status": lead.status,
        "research": research,
        "metadata": {"source": "import_2026_05"},
        "created_at": moment,
        "updated_at": moment,
        "version": 1,
    }
    return cast(LeadView, view | ({"reply": lead.reply} if lead.reply else {}))
