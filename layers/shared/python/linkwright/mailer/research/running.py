"""A run of the research of a lead: its company's site is read, and emails are written.

What the site or a model does is no failure of a run. A run that is killed leaves its lease, and
after that another one does all of it again: nothing of it was told or charged.
"""

from contextlib import suppress
from datetime import timedelta
from typing import cast

from linkwright import clock, deadline, jobs
from linkwright.errors import OwnKeyFailed
from linkwright.jobs import Work
from linkwright.mailer import items
from linkwright.mailer.items import CampaignItem, CampaignView, LeadItem, LeadView
from linkwright.mailer.leads import status
from linkwright.mailer.research import grounding, lexicon, reading, results, site, writing
from linkwright.mailer.research.drafts import Task
from linkwright.mailer.research.reading import Page
from linkwright.mailer.research.results import LEASE, Run
from linkwright.mailer.suppressions import stopping
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Outrun, Transaction

# Longer than a run may take.
_LEASE = timedelta(seconds=75)
# To keep what was found.
_RESERVE_S = 12.0
_MOST_S = 25.0


def run(work: Work) -> None:
    """Raises `NotYet` while another run may be at it."""
    found = get(Table.CORE, work.key)
    if found is None or not jobs.is_due(found):
        return None
    lead, partition = cast(LeadItem, found), jobs.partition_of(work.pk)
    if stopping.is_for_good(partition, lead["address_hash"]):
        # Since it was pushed, by somebody who could not see it yet.
        return stopping.end(partition, lead["sk"], *stopping.SUPPRESSED)
    begun = _begin(partition, lead)
    campaign = _campaign(partition, lead["view"]["campaign_id"])
    if campaign is None:
        return results.fail(begun, "campaign_archived")
    view = lead["view"]
    read = reading.read(site.starts(view.get("website"), view["email"]))
    task = _task(view, campaign, read.pages)
    seconds = min(deadline.seconds_left() - _RESERVE_S, _MOST_S)
    try:
        written = writing.write(partition, task, _orders(campaign), seconds)
    except OwnKeyFailed:
        return results.fail(begun, "own_key_failed")
    return results.store(begun, campaign, read, written)


def give_up(work: Work) -> None:
    """The runs of a day have failed."""
    found = get(Table.CORE, work.key)
    if found is not None and jobs.is_due(found):
        of = found["view"]["research"].get("run", "")
        partition = jobs.partition_of(work.pk)
        results.fail(Run(partition, work.sk, of, found.get(LEASE, "")), "gave_up")


def _begin(partition: str, lead: LeadItem) -> Run:
    leased = cast(dict[str, str], lead).get(LEASE)
    if leased is not None and clock.now() < clock.parse(leased):
        raise clock.NotYet(clock.parse(leased))
    view = lead["view"]
    until = clock.timestamp(clock.now() + _LEASE)
    tx = Transaction(partition, "")
    if view["research"]["status"] == "running":
        _take_over(tx, lead, until)
    else:
        under_way = {**view, "research": {**view["research"], "status": "running"}}
        status.write(tx, lead, cast(LeadView, under_way), facts={LEASE: until})
    with suppress(Outrun):
        tx.commit()
        return Run(partition, lead["sk"], view["research"].get("run", ""), until)
    # Somebody has just changed it, or is at it.
    raise clock.NotYet(clock.now() + timedelta(seconds=1))


def _take_over(tx: Transaction, lead: LeadItem, until: str) -> None:
    """From a run that was killed: there is nothing new to be shown, so the version stays."""
    tx.update(
        Table.CORE,
        Key(lead["pk"], lead["sk"]),
        f"SET #{LEASE} = :until",
        condition=f"#v = :seen AND #{LEASE} = :before",
        values={"until": until, "seen": lead["v"], "before": cast(Item, lead)[LEASE]},
        otherwise=Outrun,
    )


def _campaign(partition: str, campaign_id: str) -> CampaignView | None:
    """None where nothing is written any more."""
    found = get(Table.CORE, items.campaign_key(partition, campaign_id))
    if found is None or found["state"] == "archived":
        return None
    return cast(CampaignItem, found)["view"]


def _task(lead: LeadView, campaign: CampaignView, pages: list[Page]) -> Task:
    sender = campaign.get("sender_name", "")
    of_lead = [str(lead.get(name, "")) for name in ("first_name", "last_name", "company", "title")]
    return Task(
        language=lexicon.language(lead.get("language"), campaign["language"]),
        first_name=_named(lead.get("first_name", "")),
        company=_named(lead.get("company", "")),
        sender=sender,
        known=" ".join([*of_lead, sender, *_orders(campaign)]),
        steps=len(campaign["steps"]),
        pages=pages,
    )


def _named(name: str) -> str:
    """A name as a mail may say it: nothing that leads elsewhere."""
    return "" if grounding.has_address(name) else grounding.normal(name)


def _orders(campaign: CampaignView) -> list[str]:
    """What the customer wants written, of all emails and of each."""
    said = [campaign.get("instructions") or ""]
    for number, step in enumerate(campaign["steps"], 1):
        if step.get("instructions"):
            said.append(f"Step {number}: {step['instructions']}")
    return [text for text in said if text]
