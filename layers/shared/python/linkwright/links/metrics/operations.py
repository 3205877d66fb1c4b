"""What insight asks of links: what there is, and how often it was followed."""

from datetime import date, datetime

from linkwright.auth import Account
from linkwright.links import campaigns, items, links
from linkwright.links.campaign_models import Campaign
from linkwright.links.domains import domains
from linkwright.links.domains import items as domain_items
from linkwright.links.domains.models import Domain
from linkwright.links.items import campaign_rows, domain_rows, link_rows, workspace_rows
from linkwright.links.metrics import days
from linkwright.links.models import Link
from linkwright.table import Item, Table, get, query

__all__ = [
    "campaign_rows",
    "campaigns_of",
    "daily",
    "date_of",
    "domain_rows",
    "domains_of",
    "find",
    "find_campaign",
    "find_domain",
    "link_rows",
    "newest",
    "newest_of_campaign",
    "newest_of_domain",
    "passed_cap",
    "workspace_rows",
]


def find(account: Account, link_id: str) -> Link:
    """Errors: no such link (404)."""
    return links.find(account, link_id)


def find_campaign(account: Account, campaign_id: str) -> Campaign:
    """Errors: no such campaign (404)."""
    return campaigns.find(account, campaign_id)


def find_domain(account: Account, domain_id: str) -> Domain:
    """Errors: no such domain (404)."""
    return domains.find(account, domain_id)


def newest(partition: str, most: int) -> list[Link]:
    """Links that are not archived, the newest first."""
    return _listed(items.archived_partition(partition, archived=False), "gsi3", most)


def newest_of_campaign(partition: str, campaign_id: str, most: int) -> list[Link]:
    return _listed(items.campaign_partition(partition, campaign_id), "gsi1", most)


def newest_of_domain(partition: str, domain_id: str, most: int) -> list[Link]:
    return _listed(items.domain_links_partition(partition, domain_id), "gsi4", most)


def campaigns_of(partition: str, most: int) -> list[Campaign]:
    """The newest first."""
    rows, _ = query(Table.CORE, items.campaign_key(partition, "").pk, limit=most)
    return [campaigns.shown(row["view"]) for row in rows]


def domains_of(partition: str, most: int) -> list[Domain]:
    """The newest first."""
    rows, _ = query(Table.CORE, items.domain_key(partition, "").pk, limit=most)
    return [domain_items.shown(row) for row in rows]


def _listed(partition: str, index: str, most: int) -> list[Link]:
    rows, _ = query(Table.CORE, partition, index=index, limit=most)
    return [links.shown(row) for row in rows]


# ---- what was counted ----------------------------------------------------------------------------


def daily(rows: str, first: date, last: date) -> dict[str, Item]:
    """The numbers of days of the workspace's zone, both included, as `metrics.rows` says them.

    `rows` are those of a link, a campaign, a domain or the workspace; the keys are for `date_of`.
    """
    low, high = (items.day_row(rows, f"{day:%Y%m%d}") for day in (first, last))
    return days.between(low, high)


def date_of(key: str) -> date:
    return datetime.strptime(key, "%Y%m%d").date()  # noqa: DTZ007 -- a day has no zone


def passed_cap(link_id: str) -> int:
    """How many clicks of a link's cap are taken."""
    item = get(Table.CLICKS, items.cap_key(link_id))
    return int(item["passed"]) if item else 0
