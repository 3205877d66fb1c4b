"""Campaigns as they are made, read and changed; their states change in `states.py`."""

from typing import cast

from linkwright import clock, ids, jobs, pagination
from linkwright.auth import Account
from linkwright.errors import Conflict, ResourceNotFound
from linkwright.mailer import items
from linkwright.mailer.campaigns import plan_limits, stats, windows
from linkwright.mailer.campaigns.models import (
    CreateMailerCampaign,
    LeadCounts,
    MailerCampaign,
    MailerCampaignsQuery,
    MailerCampaignSummary,
    SendingStatus,
)
from linkwright.mailer.items import CampaignItem, CampaignView
from linkwright.pagination import Page
from linkwright.table import Item, Table, get
from linkwright.transaction import Otherwise, Outrun, Transaction

_ROUTE = "mailer/campaigns"
_FIRST = 1
APPROVE = "emails:approve"
# Its job may have been put off until a moment.
_AT_ONCE = " REMOVE #next_at ADD #asked :one"


def create(account: Account, wanted: CreateMailerCampaign, tx: Transaction) -> MailerCampaign:
    """Errors: no such mailbox (404), to mail unseen without the scope for it (401)."""
    if not wanted.require_approval:
        account.require(APPROVE)
    now = clock.timestamp()
    view = cast(
        CampaignView,
        {
            **wanted.model_dump(mode="json", exclude_none=True),
            "id": ids.new("cmp"),
            "state": "draft",
            "created_at": now,
            "updated_at": now,
            "version": _FIRST,
        },
    )
    require_mailboxes(tx, view["mailbox_ids"])
    tx.put(Table.CORE, dict(stored(account.partition, view)))
    return _shown(view, {})


def stored(partition: str, view: CampaignView) -> CampaignItem:
    where = items.campaign_key(partition, view["id"])
    return {
        "pk": where.pk,
        "sk": where.sk,
        "view": view,
        "v": view["version"],
        "state": view["state"],
        "gsi3pk": items.campaigns_in(partition, view["state"]),
    }


def find(account: Account, campaign_id: str) -> MailerCampaign:
    """Errors: no such campaign (404)."""
    return shown(account.partition, existing(account.partition, campaign_id)["view"])


def existing(partition: str, campaign_id: str) -> CampaignItem:
    """A campaign as it is stored. Errors: no such campaign (404)."""
    row = None
    if ids.matches("cmp", campaign_id):
        row = get(Table.CORE, items.campaign_key(partition, campaign_id))
    if row is None:
        raise not_found()
    return cast(CampaignItem, row)


def not_found() -> ResourceNotFound:
    return ResourceNotFound("There is no such campaign.")


def listed(account: Account, query: MailerCampaignsQuery) -> Page[MailerCampaignSummary]:
    """The newest first. How the leads of each stand is not told: that takes a read for each."""
    name = base = items.campaign_key(account.partition, "").pk
    index = ""
    if query.state is not None:
        name, index = items.campaigns_in(account.partition, query.state), "gsi3"
    fetch = pagination.partition(Table.CORE, name, index=index, base=base)
    return pagination.paged(account, _ROUTE, query, fetch, _summary)


def write(
    tx: Transaction,
    row: CampaignItem,
    view: CampaignView,
    otherwise: Otherwise = Outrun,
    *,
    fills: bool = False,
    removed: tuple[str, ...] = (),
) -> CampaignItem:
    """Give a campaign another view: its next version. `fills`: its leads are to be put in line."""
    view = {**view, "updated_at": clock.timestamp(), "version": row["v"] + 1}
    after = stored(tx.partition, view)
    written: Item = {name: after[name] for name in ("view", "v", "state", "gsi3pk")}
    if fills:
        written |= {**jobs.requested(jobs.CAMPAIGN, view["id"]), "fill": clock.timestamp()}
        # All of them once more, from the first on.
        removed = (*removed, "filled", "fill_again", "next_at")
    parts = ["SET " + ", ".join(f"#{name} = :{name}" for name in written)]
    if removed:
        parts.append("REMOVE " + ", ".join(f"#{name}" for name in removed))
    tx.update(
        Table.CORE,
        items.campaign_key(tx.partition, view["id"]),
        " ".join([*parts, "ADD #asked :one"]),
        condition="#v = :seen",
        values={**written, "seen": row["v"], "one": 1},
        otherwise=otherwise,
    )
    return after


def ask(tx: Transaction, campaign_id: str, version: int | None = None) -> None:
    """A lead has ended, or there is one again: have it looked at whether the campaign is over.

    Raises `Outrun` at the commit where it is gone, or not at the version named.
    """
    facts = jobs.requested(jobs.CAMPAIGN, campaign_id)
    values: Item = {**facts, "one": 1}
    tx.update(
        Table.CORE,
        items.campaign_key(tx.partition, campaign_id),
        "SET " + ", ".join(f"#{name} = :{name}" for name in facts) + _AT_ONCE,
        condition="attribute_exists(#pk)" if version is None else "#v = :seen",
        values=values if version is None else {**values, "seen": version},
        otherwise=Outrun,
    )


def require_mailboxes(tx: Transaction, mailbox_ids: list[str]) -> None:
    """Errors, at the commit: one is none of the workspace's (404)."""
    for mailbox_id in mailbox_ids:
        where = items.mailbox_key(tx.partition, mailbox_id)
        tx.require(Table.CORE, where, otherwise=_no_mailbox)


def _no_mailbox() -> ResourceNotFound:
    return ResourceNotFound("There is no such mailbox.", field="mailbox_ids")


def require_open(row: CampaignItem) -> None:
    """Errors: the campaign is archived (409)."""
    if row["state"] == "archived":
        raise Conflict("The campaign is archived.", reason="campaign_archived")


def shown(partition: str, view: CampaignView) -> MailerCampaign:
    """With how its leads stand now."""
    waits = plan_limits.until(partition, view["id"]) if view["state"] == "active" else None
    return _shown(view, stats.read(partition, view["id"]), waits)


def _shown(view: CampaignView, counts: dict[str, int], waits: str | None = None) -> MailerCampaign:
    return MailerCampaign.model_validate(
        {
            **view,
            "lead_counts": LeadCounts.model_validate(counts),
            "sending_status": _sending_status(view, counts, waits),
        }
    )


def _sending_status(view: CampaignView, counts: dict[str, int], waits: str | None) -> SendingStatus:
    if view["state"] != "active":
        return SendingStatus(code=view["state"])
    if waits is not None:
        return SendingStatus(code="plan_limit", until=waits)
    opens = windows.next_opening(view["throttle"], clock.now())
    if opens is not None:
        return SendingStatus(code="outside_window", until=clock.timestamp(opens))
    if not (counts.get("ready") or counts.get("active")):
        return SendingStatus(code="nothing_ready")
    return SendingStatus(code="sending")


def _summary(row: Item) -> MailerCampaignSummary:
    return MailerCampaignSummary.model_validate(row["view"])
