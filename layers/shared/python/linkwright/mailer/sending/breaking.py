"""A mailbox that cannot send: now, or before somebody has changed it."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

from linkwright import clock, jobs
from linkwright.mailer import items, lines
from linkwright.mailer.campaigns import readiness
from linkwright.mailer.items import CampaignItem
from linkwright.mailer.leads import waiting
from linkwright.mailer.mailboxes import items as mailbox_items
from linkwright.mailer.sending import queue, steps
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Outrun, Transaction

# After each time in a row that its host lets nobody in, and then as after the last.
RESTS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15))


def note_trouble(partition: str, line: Item) -> datetime:
    """Its host is away: all its mails wait. Returns until when."""
    troubles = int(line.get("troubles", 0))
    until = clock.now() + RESTS[min(troubles, len(RESTS) - 1)]
    tx = Transaction(partition, "")
    facts = {"troubles": troubles + 1, "rests_ms": clock.epoch_ms(until)}
    # Nothing was sent, so there is no gap to be kept.
    queue.write(tx, line, facts, ("ready_ms",))
    tx.commit()
    return until


def note_success(partition: str, line: Item) -> None:
    if "troubles" in line:
        tx = Transaction(partition, "")
        queue.write(tx, line, {}, ("troubles",))
        tx.commit()


def fail(partition: str, mailbox: Item, reason: str) -> None:
    """Its owner has to do something. Its mails wait in line until it is proven again."""
    version = mailbox["v"] + 1
    view: dict[str, Any] = {**mailbox["view"], "status": "failed", "status_reason": reason}
    view |= {"version": version, "updated_at": clock.timestamp()}
    tx = Transaction(partition, "")
    tx.update(
        Table.CORE,
        Key(mailbox["pk"], mailbox["sk"]),
        "SET #view = :view, #v = :v REMOVE " + ", ".join(f"#{one}" for one in jobs.ATTRIBUTES),
        condition="#v = :seen",
        values={"view": view, "v": version, "seen": mailbox["v"]},
        otherwise=Outrun,
    )
    after = {**mailbox, "view": view, "v": version}
    tx.emit("mailbox.state_changed", mailbox_items.stored_shown(after), sequence=version)
    with suppress(Outrun):
        tx.commit()


def has_moved_one_on(partition: str, mailbox_id: str, rows: Iterable[Item]) -> bool:
    """Whether one of these is of a campaign that names the mailbox no more: it waits elsewhere
    then. Reads each campaign once, however many zones its leads are in.
    """
    names: dict[str, bool] = {}
    for row in rows:
        if row.get("aside", "") > clock.timestamp():
            continue
        campaign_id, _ = lines.campaign_at(row["sk"])
        if campaign_id not in names:
            names[campaign_id] = _names(partition, campaign_id, mailbox_id)
        if not names[campaign_id]:
            with steps.set_aside_where_broken(partition, row):
                move_on(partition, row)
            return True
    return False


def _names(partition: str, campaign_id: str, mailbox_id: str) -> bool:
    """Whether a campaign is to be mailed by a mailbox, as far as is known."""
    campaign = get(Table.CORE, items.campaign_key(partition, campaign_id)) if campaign_id else None
    return campaign is None or mailbox_id in campaign["view"]["mailbox_ids"]


def move_on(partition: str, row: Item) -> None:
    """The mailbox was deleted, or taken from the campaign: who waited for it has another one of
    that, or none.
    """
    found = steps.waiting_at(partition, row)
    if found is None:
        return
    lead, campaign = found
    queued = lead["queued"]
    # Of two that are gone each would have the other mail for it.
    there = readiness.mailboxes(partition, campaign["view"])
    left = [one for one in campaign["view"]["mailbox_ids"] if one in there]
    if queued["mailbox"] in left:
        return
    if not left:
        steps.hold(partition, lead, "mailbox", campaign)
        return
    view = {**campaign["view"], "mailbox_ids": left}
    tx = Transaction(partition, "")
    of = cast(CampaignItem, {**campaign, "view": view})
    facts = waiting.place(tx, lead, of, lines.due_at(row["sk"]))
    where = lines.row_key(partition, queued["mailbox"], queued["place"])
    tx.delete(Table.CORE, where, condition="")
    steps.update(tx, lead, facts)
    with suppress(Outrun):
        tx.commit()
