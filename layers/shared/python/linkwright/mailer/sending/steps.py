"""What a row of a line stands for: a lead's next step, as all of it is right now."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from linkwright import clock, level
from linkwright.errors import Unavailable
from linkwright.mailer import items, lines
from linkwright.mailer.items import CampaignItem, EmailItem, LeadItem
from linkwright.mailer.leads import leads, looking, status, waiting
from linkwright.mailer.lines import Held, Send
from linkwright.observability import count, log_failure
from linkwright.table import Item, Table, get, query
from linkwright.transaction import Outrun, Transaction

# An email and a send record for each step, and some more.
_OF_A_LEAD = 60
# What cannot be handled is a fault of ours, which somebody has to mend.
SET_ASIDE = timedelta(hours=1)
# Who is on the list for a while may be taken from it before: nobody tells the line.
_LISTED = timedelta(days=1)


class Step(NamedTuple):
    """`earlier` is what was really sent before, the first first; `suppression` one that is over."""

    row: Item
    lead: LeadItem
    campaign: CampaignItem
    email: EmailItem
    earlier: list[Send]
    suppression: Item | None

    @property
    def seq(self) -> int:
        return self.email["view"]["seq"]


def read(partition: str, row: Item) -> Step | None:
    """By strong reads. None once there is nothing to send: then the row is gone, and whoever waits
    for the step finds out why.
    """
    found = waiting_at(partition, row)
    if found is None:
        return None
    lead, campaign = found
    suppression = get(Table.CORE, items.suppression_key(partition, lead["address_hash"]))
    if suppression is not None and looking.holds(suppression):
        if until := suppression["view"].get("until"):
            move(partition, lead, min(clock.parse(until), clock.now() + _LISTED), row)
        else:
            _end(partition, lead, suppressed=True)
        return None
    emails, sends = _of(partition, lead["sk"])
    seq = max((one["seq"] for one in sends), default=0) + 1
    email = next((one for one in emails if one["view"]["seq"] == seq), None)
    if email is None:
        _end(partition, lead, suppressed=False)
        return None
    if email["view"]["state"] != "approved":
        hold(partition, lead, "approval")
        return None
    earlier = [one for one in sends if one["state"] in {"sent", "unknown"}]
    return Step(row, lead, campaign, email, earlier, suppression)


def waiting_at(partition: str, row: Item) -> tuple[LeadItem, CampaignItem] | None:
    """Who waits at a row, whatever for, if their campaign mails; else the row is gone."""
    lead = leads.stored(partition, lines.lead_at(row))
    if lead is None or lead.get("queued", {}).get("place") != row["sk"]:
        _remove(partition, row)
        return None
    where = items.campaign_key(partition, lead["view"]["campaign_id"])
    campaign = cast(CampaignItem | None, get(Table.CORE, where))
    if campaign is None or campaign["state"] != "active":
        hold(partition, lead, "campaign", campaign)
        return None
    return lead, campaign


def _of(partition: str, lead_id: str) -> tuple[list[EmailItem], list[Send]]:
    where = items.lead_partition(partition, lead_id)
    rows, _ = query(
        Table.CORE,
        where,
        between=("EML#", "SND#~"),
        limit=_OF_A_LEAD,
        newest_first=False,
        strong=True,
    )
    emails = [cast(EmailItem, row) for row in rows if row["sk"].startswith("EML#")]
    return emails, [cast(Send, row) for row in rows if row["sk"].startswith("SND#")]


def move(partition: str, lead: LeadItem, to: datetime, row: Item) -> None:
    """Let a step wait until a moment. Nothing where its lead was changed meanwhile."""
    queued = lead["queued"]
    place = lines.place(to, lead["sk"], waiting.group(lead))
    if place == queued["place"]:
        return
    tx = Transaction(partition, "")
    where = lines.row_key(partition, queued["mailbox"], place)
    kept = {name: value for name, value in row.items() if name not in {"pk", "sk"}}
    tx.put(Table.CORE, {**where.attributes(), **kept}, condition="")
    _leave(tx, lead, {"queued": {**queued, "place": place}}, ())
    if lines.group_at(place) != lines.group_at(queued["place"]):
        lines.ring(tx, queued["mailbox"])
    _commit(tx)


@contextmanager
def set_aside_where_broken(partition: str, row: Item) -> Iterator[None]:
    """What is wrong with one holds up no other."""
    try:
        yield
    except (Unavailable, level.Lost):
        raise
    except Exception as failure:  # noqa: BLE001 -- whatever it is
        log_failure("a lead's step is set aside", failure)
        count("mail_set_aside")
        set_aside(partition, row, clock.now() + SET_ASIDE)


def set_aside(partition: str, row: Item, until: datetime) -> None:
    """Let a row wait whose lead cannot be handled, without looking into that."""
    mailbox, lead = row["pk"].split("#")[3], lines.lead_at(row)
    place = lines.moved(row["sk"], until)
    tx = Transaction(partition, "")
    tx.delete(Table.CORE, lines.row_key(partition, mailbox, row["sk"]), otherwise=Outrun)
    where = lines.row_key(partition, mailbox, place)
    tx.put(
        Table.CORE,
        {**row, **where.attributes(), "aside": clock.timestamp(until)},
        condition="",
    )
    tx.update(
        Table.CORE,
        items.lead_key(partition, lead),
        "SET #queued = :to",
        condition="#queued = :seen",
        values={
            "to": {"mailbox": mailbox, "place": place},
            "seen": {"mailbox": mailbox, "place": row["sk"]},
        },
        otherwise=Outrun,
    )
    # Claimed already it is in no line: what became of it is looked for.
    _commit(tx)


def hold(partition: str, lead: LeadItem, why: Held, campaign: CampaignItem | None = None) -> None:
    """Take a step out of the line until somebody puts it there again: who approves, or starts."""
    tx = Transaction(partition, "")
    if campaign is not None:
        where = items.campaign_key(partition, campaign["sk"])
        tx.require(
            Table.CORE, where, "#v = :seen", values={"seen": campaign["v"]}, otherwise=Outrun
        )
    _leave(tx, lead, {"held": why}, ("queued",))
    _commit(tx)


def _end(partition: str, lead: LeadItem, *, suppressed: bool) -> None:
    tx = Transaction(partition, "")
    if suppressed:
        status.stop(tx, lead, "suppressed", "suppressed")
    else:
        status.write(tx, lead, {**lead["view"], "status": "finished"})
    _commit(tx)


def _leave(
    tx: Transaction, lead: LeadItem, facts: dict[str, Any], removed: tuple[str, ...]
) -> None:
    queued = lead["queued"]
    tx.delete(
        Table.CORE,
        lines.row_key(tx.partition, queued["mailbox"], queued["place"]),
        otherwise=Outrun,
    )
    update(tx, lead, facts, removed)


def update(
    tx: Transaction,
    lead: LeadItem,
    facts: dict[str, Any],
    removed: tuple[str, ...] = (),
) -> None:
    """Change what a lead has of being sent to: nobody is shown that, so its version stays."""
    parts = ["SET " + ", ".join(f"#{name} = :{name}" for name in facts)] if facts else []
    if removed:
        parts.append("REMOVE " + ", ".join(f"#{name}" for name in removed))
    tx.update(
        Table.CORE,
        items.lead_key(tx.partition, lead["sk"]),
        " ".join(parts),
        condition="#v = :seen AND #queued = :place",
        values={**facts, "seen": lead["v"], "place": lead["queued"]},
        otherwise=Outrun,
    )


def due_at(row: Item) -> datetime:
    return lines.due_at(row["sk"])


def _remove(partition: str, row: Item) -> None:
    tx = Transaction(partition, "")
    tx.delete(
        Table.CORE, lines.row_key(partition, row["pk"].split("#")[3], row["sk"]), condition=""
    )
    tx.commit()


def _commit(tx: Transaction) -> None:
    """What was changed meanwhile is looked at anew, as the row is there still."""
    try:
        tx.commit()
    except Outrun:
        return
