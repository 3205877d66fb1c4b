"""A mailbox that cannot send: now, or before somebody has changed it."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

from linkwright import clock, jobs
from linkwright.mailer import lines
from linkwright.mailer.items import CampaignItem
from linkwright.mailer.leads import waiting
from linkwright.mailer.mailboxes import items as mailbox_items
from linkwright.mailer.sending import queue, steps
from linkwright.mailer.sending.steps import Step
from linkwright.table import Item, Key, Table
from linkwright.transaction import Outrun, Transaction

# After each time in a row that its host lets nobody in, and then as after the last.
RESTS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15))


def note_trouble(partition: str, line: Item) -> datetime:
    """Its host is away: all its mails wait. Returns until when."""
    troubles = int(line.get("troubles", 0))
    until = clock.now() + RESTS[min(troubles, len(RESTS) - 1)]
    tx = Transaction(partition, "")
    queue.write(tx, line, {"troubles": troubles + 1, "ready_ms": clock.epoch_ms(until)})
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


def move_on(partition: str, step: Step) -> None:
    """The mailbox was deleted, or taken from the campaign: who waited for it has another one of
    that, or none.
    """
    lead = step.lead
    of = lead["queued"]["mailbox"]
    left = [one for one in step.campaign["view"]["mailbox_ids"] if one != of]
    if not left:
        steps.hold(partition, lead, "mailbox")
        return
    view = {**step.campaign["view"], "mailbox_ids": left}
    campaign = cast(CampaignItem, {**step.campaign, "view": view})
    tx, queued = Transaction(partition, ""), lead["queued"]
    facts = waiting.place(tx, lead, campaign, lines.due_at(step.row["sk"]))
    where = lines.row_key(partition, queued["mailbox"], queued["place"])
    tx.delete(Table.CORE, where, condition="")
    steps.update(tx, lead, facts)
    with suppress(Outrun):
        tx.commit()
