"""The one way to change a lead: its view, the count of its status, its job, and what is told."""

from collections.abc import Mapping
from typing import Any, cast

from linkwright import clock, jobs, usage
from linkwright.mailer import items, lines
from linkwright.mailer.campaigns import campaigns, stats
from linkwright.mailer.items import LeadItem, LeadStatus, LeadView
from linkwright.mailer.leads import waiting
from linkwright.table import Item, Key, Table, get, query
from linkwright.transaction import Otherwise, Outrun, Transaction

# What names a person or tells of them: an event would outlive it.
PERSONAL = (
    *("email", "first_name", "last_name", "company", "title", "website"),
    *("language", "country", "time_zone", "source", "legal_basis", "research", "reply"),
    "metadata",
)
# What an event says of a run of research in any case.
_OF_A_RUN = ("status", "run", "reason", "at")
_FAILED = (*jobs.FAILURES, "given_up_at", "next_at", "swept")
# Who has something in line, if anything is.
SENT_TO: frozenset[LeadStatus] = frozenset({"ready", "active"})
_AHEAD: frozenset[LeadStatus] = SENT_TO | {"pending", "review"}
# An email that nobody has begun to send.
_WAITING = frozenset({"generated", "approved"})
# More than a sequence has steps.
_MOST_EMAILS = 20


def write(
    tx: Transaction,
    item: LeadItem,
    view: LeadView,
    *,
    facts: Mapping[str, Any] | None = None,
    removed: tuple[str, ...] = (),
    is_done: bool = False,
    anew: bool = False,
    has_emails: bool = False,
    otherwise: Otherwise = Outrun,
) -> LeadItem:
    """Give a lead that was just read another view, and other facts. Returns it as it is then.

    With another status it is counted by that. `is_done`: its job ends; `anew`: what its job has
    failed before is forgotten; `has_emails`: others than it had, so what is held for an approval
    may go. Raises `Outrun` at the commit where it was changed since.
    """
    view = {**view, "updated_at": clock.timestamp(), "version": item["v"] + 1}
    gone = {*removed, *(jobs.ATTRIBUTES if is_done else ()), *(_FAILED if anew else ())}
    facts = {**(facts or {})}
    if view["status"] not in SENT_TO:
        gone |= _leave(tx, item)
    elif "queued" not in facts and _enters(item, has_emails=has_emails):
        facts |= waiting.enter(tx, {**item, "view": view})
        gone |= {"held"} - facts.keys()
    written: Item = {"view": view, "v": view["version"], **facts}
    if view["status"] != item["view"]["status"]:
        written["gsi3pk"] = items.campaign_leads_in(
            tx.partition, view["campaign_id"], view["status"]
        )
        moved: dict[LeadStatus, int] = {item["view"]["status"]: -1, view["status"]: 1}
        stats.count(tx, view["campaign_id"], item["address_hash"], moved)
        if view["status"] not in _AHEAD:
            _ask(tx, view["campaign_id"])
    gone -= written.keys()
    removal = " REMOVE " + ", ".join(f"#{name}" for name in sorted(gone)) if gone else ""
    tx.update(
        Table.CORE,
        Key(item["pk"], item["sk"]),
        "SET " + ", ".join(f"#{name} = :{name}" for name in written) + removal,
        condition="#v = :seen",
        values={**written, "seen": item["v"]},
        otherwise=otherwise,
    )
    left = {name: value for name, value in {**item, **written}.items() if name not in gone}
    return cast(LeadItem, left)


def stop(
    tx: Transaction,
    item: LeadItem,
    to: LeadStatus,
    reason: str,
    shown: Item | None = None,
    removed: tuple[str, ...] = (),
    facts: Mapping[str, Any] | None = None,
) -> LeadItem:
    """Let a lead end: nothing more is sent to it, and research that is under way is not paid for.

    `shown` is what else its view says from now on. What is being sent this moment goes.
    """
    view = cast(LeadView, {**item["view"], **(shown or {})})
    _cancel(tx, item)
    if view["research"]["status"] in {"queued", "running"}:
        research = {**view["research"], "status": "failed", "reason": reason}
        view = cast(LeadView, {**view, "research": research})
    release(tx, item)
    gone = ("period", *removed)
    return write(tx, item, {**view, "status": to}, facts=facts, removed=gone, is_done=True)


def _ask(tx: Transaction, campaign_id: str) -> None:
    row = get(Table.CORE, items.campaign_key(tx.partition, campaign_id))
    if row is not None and row["state"] == "active":
        campaigns.ask(tx, campaign_id)


def _enters(item: LeadItem, *, has_emails: bool) -> bool:
    """Whether something of it can wait from now on that could not before."""
    if "queued" in item or "flight" in item:
        return False
    return item["view"]["status"] not in SENT_TO or (has_emails and item.get("held") == "approval")


def _cancel(tx: Transaction, item: LeadItem) -> None:
    rows, _ = query(
        Table.CORE,
        items.lead_partition(tx.partition, item["sk"]),
        between=("EML#", "EML#~"),
        limit=_MOST_EMAILS,
        strong=True,
    )
    for row in rows:
        if row["view"]["state"] in _WAITING:
            version = row["v"] + 1
            view = {**row["view"], "state": "canceled", "version": version}
            view["updated_at"] = clock.timestamp()
            tx.update(
                Table.CORE,
                Key(row["pk"], row["sk"]),
                "SET #view = :view, #v = :v",
                condition="#v = :seen",
                values={"view": view, "v": version, "seen": row["v"]},
                otherwise=Outrun,
            )


def _leave(tx: Transaction, item: LeadItem) -> set[str]:
    """Take a lead out of its mailbox's line. Returns what its item has of that."""
    if queued := item.get("queued"):
        where = lines.row_key(tx.partition, queued["mailbox"], queued["place"])
        tx.delete(Table.CORE, where, condition="")
    return {name for name in ("queued", "held", "due") if name in item}


def release(tx: Transaction, item: LeadItem) -> None:
    """Give back what is reserved of the plan for a lead's research."""
    if "period" in item:
        usage.release(tx, item["period"], items.RESEARCHED, 1)


def tell(tx: Transaction, event_type: str, item: LeadItem, details: Item | None = None) -> None:
    """Tell of a lead as it is after a change. What is personal is added when the event is sent."""
    tx.emit(event_type, told(item["view"]), sequence=item["v"], details=details)


def told(view: LeadView) -> Item:
    """A lead as an event has it stored."""
    kept = {name: value for name, value in view.items() if name not in PERSONAL}
    research = view["research"]
    public = {name: value for name, value in research.items() if name in _OF_A_RUN}
    return kept | {"research": {**public, "sources": []}, "metadata": {}}
