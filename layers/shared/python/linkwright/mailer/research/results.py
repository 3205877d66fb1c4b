"""What comes of research: all of it in one transaction, or its failure."""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from linkwright import clock, usage
from linkwright.mailer import items
from linkwright.mailer.emails import approval, standing
from linkwright.mailer.items import (
    CampaignView,
    EmailView,
    LeadItem,
    LeadView,
    Research,
    ResearchStatus,
)
from linkwright.mailer.leads import leads, status
from linkwright.mailer.research.reading import Site
from linkwright.mailer.research.writing import Email, Writing
from linkwright.table import Key, Table, get
from linkwright.transaction import Outrun, Transaction

_TRIES = 3
_Made = Callable[[Transaction, LeadItem], None]
# What a lead has of a run that is under way.
LEASE = "leased_until"


class Run(NamedTuple):
    """One run of a lead's research, by what was noted when it began."""

    partition: str
    lead_id: str
    run: str
    leased_until: str


def store(run: Run, campaign: CampaignView, site: Site, writing: Writing) -> None:
    """Keep what was found and written, charge it and tell of it, if it is still asked for.

    Raises `Outrun` where the lead changes each time.
    """

    def made(tx: Transaction, lead: LeadItem) -> None:
        research = _of_run(lead, "succeeded")
        research["angle"] = writing.angle
        research["sources"] = [
            {"url": page.url, "title": page.title, "fetched_at": page.fetched_at}
            for page in site.pages
        ]
        if writing.summary:
            research["summary"] = writing.summary
        if site.reason:
            research["reason"] = site.reason
        emails = _written(tx, campaign, lead, site, writing)
        if "period" in lead:
            usage.settle(
                *(tx.partition, lead["period"], items.RESEARCHED), reserved=1, used=1, tx=tx
            )
        after = _end(tx, lead, research, emails)
        status.tell(tx, "lead.researched", after)

    _on_lead(run, made)


def fail(run: Run, reason: str) -> None:
    """Nothing came of it, and nothing is charged; what was written before stays as it is."""

    def made(tx: Transaction, lead: LeadItem) -> None:
        status.release(tx, lead)
        emails = leads.emails(tx.partition, lead["sk"])
        research = _of_run(lead, "failed")
        research["reason"] = reason
        _end(tx, lead, research, cast(list[EmailView], emails))

    _on_lead(run, made)


def _on_lead(run: Run, made: _Made) -> None:
    for _ in range(_TRIES - 1):
        try:
            return _once(run, made)
        except Outrun:
            continue
    return _once(run, made)


def _once(run: Run, made: _Made) -> None:
    found = get(Table.CORE, items.lead_key(run.partition, run.lead_id))
    if found is None or not is_of(found, run):
        return
    tx = Transaction(run.partition, "")
    made(tx, cast(LeadItem, found))
    tx.commit()


def is_of(lead: dict[str, Any], run: Run) -> bool:
    """Whether a lead is still in this run: it was neither ended nor taken over by another."""
    return (lead["view"]["research"].get("run", ""), lead.get(LEASE, "")) == (
        run.run,
        run.leased_until,
    )


def _of_run(lead: LeadItem, to: ResearchStatus) -> Research:
    research: Research = {"status": to, "sources": [], "at": clock.timestamp()}
    if run := lead["view"]["research"].get("run"):
        research["run"] = run
    return research


def _end(tx: Transaction, lead: LeadItem, research: Research, emails: list[EmailView]) -> LeadItem:
    view = lead["view"]
    to = standing.status_of(view["status"], emails)
    changed = cast(LeadView, {**view, "status": to, "research": research})
    return status.write(tx, lead, changed, removed=("period", LEASE), is_done=True, has_emails=True)


def _written(
    tx: Transaction, campaign: CampaignView, lead: LeadItem, site: Site, writing: Writing
) -> list[EmailView]:
    """Put the emails in place of those that were not sent. Returns all that there are then."""
    before = approval.emails_of(tx.partition, lead["sk"])
    after = {seq: view for seq, view in before.items() if view["state"] in standing.SENT}
    for seq, email in enumerate(writing.emails, 1):
        if seq not in after:
            view = _view(lead, seq, email, site)
            view["generated_by"] = writing.generated_by
            view["state"] = "generated" if campaign["require_approval"] else "approved"
            after[seq] = _put(tx, lead, before.get(seq), view)
    for seq in before.keys() - after.keys():
        where = items.email_key(tx.partition, lead["sk"], seq)
        seen = {"seen": before[seq]["version"]}
        tx.delete(Table.CORE, where, condition="#v = :seen", values=seen, otherwise=Outrun)
    return [after[seq] for seq in sorted(after)]


def _view(lead: LeadItem, seq: int, email: Email, site: Site) -> EmailView:
    now = clock.timestamp()
    return {
        "lead_id": lead["sk"],
        "campaign_id": lead["view"]["campaign_id"],
        "seq": seq,
        "subject": email.subject,
        "body": email.body,
        "state": "generated",
        "version": 1,
        "claims": [
            {
                "text": claim.text,
                "source_url": site.pages[claim.page].url,
                "quote": claim.quote,
                "fetched_at": site.pages[claim.page].fetched_at,
            }
            for claim in email.claims
        ],
        "generated_by": "",
        "created_at": now,
        "updated_at": now,
    }


def _put(tx: Transaction, lead: LeadItem, before: EmailView | None, view: EmailView) -> EmailView:
    """Write an email, and tell of it."""
    where: Key = items.email_key(tx.partition, lead["sk"], view["seq"])
    if before is not None:
        view["version"], view["created_at"] = before["version"] + 1, before["created_at"]
    tx.put(
        Table.CORE,
        {**where.attributes(), "view": view, "v": view["version"]},
        condition="#v = :seen" if before else "attribute_not_exists(#pk)",
        values={"seen": before["version"]} if before else None,
        otherwise=Outrun,
    )
    told = approval.told(view)
    tx.emit("email.generated", told, sequence=view["version"])
    return view
