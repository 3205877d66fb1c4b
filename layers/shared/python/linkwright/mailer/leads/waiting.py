"""A lead's next step in the line of its mailbox: from when on it is to go."""

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from linkwright import clock
from linkwright.mailer import items, lines
from linkwright.mailer.campaigns import campaigns, delays
from linkwright.mailer.items import CampaignItem, LeadItem, LeadView
from linkwright.table import Table, get
from linkwright.transaction import Outrun, Transaction

Facts = dict[str, Any]


def enter(tx: Transaction, item: LeadItem) -> Facts:
    """Have a lead's next step wait, if its campaign mails. Returns what its item has of that.

    Raises `Outrun` at the commit where the campaign was changed meanwhile: who starts it looks for
    those that wait for that.
    """
    where = items.campaign_key(tx.partition, item["view"]["campaign_id"])
    campaign = cast(CampaignItem | None, get(Table.CORE, where))
    if campaign is None:
        return {"held": "campaign"}
    if campaign["state"] == "completed":
        # It goes on, and puts in line who waits for that.
        campaigns.ask(tx, campaign["sk"], campaign["v"])
        return {"held": "campaign"}
    tx.require(Table.CORE, where, "#v = :seen", values={"seen": campaign["v"]}, otherwise=Outrun)
    if campaign["state"] != "active":
        return {"held": "campaign"}
    return place(tx, item, campaign, due(item, campaign))


def due(item: LeadItem, campaign: CampaignItem) -> datetime:
    """From when on: by the step before, or of the first one, from now."""
    if "due" in item:
        return clock.parse(item["due"])
    view = campaign["view"]
    zone = item["view"].get("time_zone") or view["throttle"]["time_zone"]
    return delays.after(view["steps"][0], clock.now(), zone)


def place(
    tx: Transaction,
    item: LeadItem,
    campaign: CampaignItem,
    moment: datetime,
    *,
    row: Mapping[str, Any] | None = None,
    run_of: str | None = None,
) -> Facts:
    """`row` is what is known of its tries. `run_of`: a run has that mailbox's line, and looks."""
    mailbox = mailbox_of(item, campaign)
    if mailbox is None:
        return {"held": "mailbox"}
    if "away" in item:
        moment = max(moment, clock.parse(item["away"]))
    place = lines.place(moment, item["sk"], group(item))
    where = lines.row_key(tx.partition, mailbox, place)
    tx.put(Table.CORE, {**where.attributes(), **(row or {})}, condition="")
    if mailbox != run_of:
        lines.ring(tx, mailbox)
    queued = {"mailbox": mailbox, "place": place}
    return {
        "mailbox": mailbox,
        "queued": queued,
        "due": clock.timestamp(moment),
    }


def of_another_zone(tx: Transaction, item: LeadItem, view: LeadView) -> Facts:
    """Have a step that waits do so for the window of a lead as it is from now on."""
    queued, now = item.get("queued"), group({**item, "view": view})
    if queued is None or now == lines.group_at(queued["place"]):
        return {}
    lines.ring(tx, queued["mailbox"])
    return moved(tx, item, lines.place(lines.due_at(queued["place"]), item["sk"], now))


def moved(tx: Transaction, item: LeadItem, place: str) -> Facts:
    """Have a step that waits do so at another place of its line."""
    queued = item["queued"]
    where = lines.row_key(tx.partition, queued["mailbox"], queued["place"])
    row = get(Table.CORE, where)
    kept = {name: value for name, value in (row or {}).items() if name not in {"pk", "sk"}}
    tx.delete(Table.CORE, where, otherwise=Outrun)
    there = lines.row_key(tx.partition, queued["mailbox"], place)
    tx.put(Table.CORE, {**there.attributes(), **kept}, condition="")
    return {"queued": {**queued, "place": place}}


def group(item: LeadItem) -> str:
    return lines.group(item["view"]["campaign_id"], item["view"].get("time_zone"))


def mailbox_of(item: LeadItem, campaign: CampaignItem) -> str | None:
    """The one that wrote to it, else one of the campaign's: always the same one."""
    of = campaign["view"]["mailbox_ids"]
    known = item.get("mailbox")
    if known in of:
        return known
    return of[zlib.crc32(item["sk"].encode()) % len(of)] if of else None
