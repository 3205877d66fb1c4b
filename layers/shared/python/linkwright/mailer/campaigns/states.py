"""Changing campaigns: what they say, and whether they mail."""

from typing import cast

from linkwright.auth import Account
from linkwright.errors import Conflict
from linkwright.http import IfMatch
from linkwright.mailer import lines
from linkwright.mailer.campaigns import campaigns, readiness, stats
from linkwright.mailer.campaigns.models import MailerCampaign, UpdateMailerCampaign
from linkwright.mailer.items import CampaignItem, CampaignState, CampaignView
from linkwright.transaction import Otherwise, Outrun, Transaction

# What it must keep while it mails.
_NEEDED = {"postal_address", "mailbox_ids", "opted_in"}
# What lets leads be written to that could not before.
_LETS = {"mailbox_ids", "opted_in"}
# What a mail shows besides its own text, so that it is approved with it; and what that is written
# by.
_SHOWN = {"sender_name", "postal_address", "format", "language"}
_WRITTEN_BY = {"instructions", "steps"}
_SAID = {"active": "campaign.started", "paused": "campaign.paused", "archived": "campaign.archived"}


def start(account: Account, campaign_id: str, tx: Transaction) -> MailerCampaign:
    """Have it mail, the first time or again; one that does is shown as it is.

    Errors: no such campaign (404), it is archived, or not ready (409).
    """
    row = campaigns.existing(account.partition, campaign_id)
    campaigns.require_open(row)
    if row["state"] != "active":
        readiness.require(account.partition, row["view"])
        reason = "started" if row["state"] == "draft" else "resumed"
        row = move(tx, row, "active", reason, fills=True)
        tx.audit(_SAID["active"], campaign_id)
    return campaigns.shown(account.partition, row["view"])


def pause(account: Account, campaign_id: str, tx: Transaction) -> MailerCampaign:
    """Have it mail nothing until it is started again; one that is paused is shown as it is.

    Errors: no such campaign (404), it is not active (409).
    """
    row = campaigns.existing(account.partition, campaign_id)
    if row["state"] not in {"active", "paused"}:
        raise Conflict("Only an active campaign is paused.", reason="campaign_not_active")
    if row["state"] == "active":
        row = move(tx, row, "paused", "paused")
        tx.audit(_SAID["paused"], campaign_id)
    return campaigns.shown(account.partition, row["view"])


def move(
    tx: Transaction,
    row: CampaignItem,
    to: CampaignState,
    reason: str,
    view: CampaignView | None = None,
    otherwise: Otherwise = Outrun,
    *,
    fills: bool = False,
    removed: tuple[str, ...] = (),
) -> CampaignItem:
    """Give a campaign another state, and what else a view of it says, and tell why."""
    changed = cast(CampaignView, {**(view or row["view"]), "state": to})
    after = campaigns.write(tx, row, changed, otherwise, fills=fills, removed=removed)
    if to == "active":
        _look_again(tx, after)
    tx.emit(
        "campaign.state_changed",
        dict(after["view"]),
        sequence=after["v"],
        details={"reason": reason, "previous_state": row["state"]},
    )
    return after


def change(
    account: Account,
    campaign_id: str,
    wanted: UpdateMailerCampaign,
    if_match: IfMatch,
    tx: Transaction,
) -> MailerCampaign:
    """Errors: no such campaign or mailbox (404), it is not at the version named, or mails and
    could not any more, or is to be archived while it mails (409), without the scope to approve:
    to mail unseen, or to change what approved mails show (401).
    """
    row = campaigns.existing(account.partition, campaign_id)
    if row["v"] != if_match.version:
        raise _outdated()
    old, changes = row["view"], wanted.changes()
    view = cast(CampaignView, {k: v for k, v in {**old, **changes}.items() if v is not None})
    if _approves(account.partition, old, view):
        account.require(campaigns.APPROVE)
    to = _state(row, wanted)
    if row["state"] == "active" and _NEEDED & changes.keys():
        readiness.require(account.partition, view)
    known = set(old["mailbox_ids"])
    campaigns.require_mailboxes(tx, [one for one in view["mailbox_ids"] if one not in known])
    if row["state"] != "draft":
        # Who waits for one of these is mailed by another one.
        for one in sorted(known - {*view["mailbox_ids"]}):
            lines.ring(tx, one)
    if to != row["state"]:
        reason = "archived" if to == "archived" else "unarchived"
        row = move(tx, row, to, reason, view, _outdated)
        tx.audit(_SAID[to], campaign_id, {"reason": reason})
    elif view != old:
        fills = row["state"] == "active" and bool(_LETS & changes.keys())
        row = campaigns.write(tx, row, view, _outdated, fills=fills)
        if row["state"] == "active" and view["throttle"] != old["throttle"]:
            _look_again(tx, row)
    return campaigns.shown(account.partition, row["view"])


def _look_again(tx: Transaction, row: CampaignItem) -> None:
    """Its mailboxes may rest until its window, or its next day, as they knew it."""
    for mailbox_id in row["view"]["mailbox_ids"]:
        lines.ring(tx, mailbox_id)


def _approves(partition: str, old: CampaignView, view: CampaignView) -> bool:
    """Whether a change has mails sent that nobody has approved as they are then."""
    changed = {name for name in {*old, *view} if old.get(name) != view.get(name)}
    if not view["require_approval"]:
        return bool(changed & {"require_approval", *_SHOWN, *_WRITTEN_BY})
    return bool(changed & _SHOWN) and bool(stats.read(partition, old["id"]))


def _state(row: CampaignItem, wanted: UpdateMailerCampaign) -> CampaignState:
    """What the state becomes by `archived`."""
    state = row["state"]
    if "archived" not in wanted.model_fields_set or wanted.archived == (state == "archived"):
        return state
    if state == "active":
        raise Conflict("An active campaign is paused before.", reason="campaign_active")
    return "archived" if wanted.archived else "paused"


def _outdated() -> Conflict:
    return Conflict("The campaign was changed since that version.", reason="version_mismatch")
