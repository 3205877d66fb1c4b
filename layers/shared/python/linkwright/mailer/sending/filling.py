"""What a campaign's start and end mean for its leads: a job, as there may be many.

Once it is started, all leads that may be written to are put in line, a page at a time. The index
that tells of them may be a moment behind: they are looked at again a little later. Once no lead is
left, the campaign is over; with a lead that is pushed then it goes on.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict, cast

from linkwright import clock, deadline, jobs
from linkwright.errors import Unavailable
from linkwright.jobs import AlreadyDone, Work
from linkwright.mailer import items
from linkwright.mailer.campaigns import states, stats
from linkwright.mailer.items import CampaignItem, LeadItem, LeadStatus
from linkwright.mailer.leads import leads, status, waiting
from linkwright.mailer.lines import Send
from linkwright.mailer.sending import outcomes
from linkwright.observability import count, log_failure
from linkwright.table import ConditionFailed, Item, Key, Table, get, query, update
from linkwright.transaction import Outrun, Transaction

_AT_ONCE = 25
_TRIES = 5
# With less time left the rest is another run's: what a page may take.
_RESERVE_S = 12.0
_OF = sorted(status.SENT_TO)
# Longer than an index is behind.
_BEHIND = timedelta(seconds=10)
# When those are tried again that could not be put in line, by a fault of ours.
_AGAIN = timedelta(hours=1)
_FILLING = ("fill", "filled", "fill_again")
# Who has something of the sequence ahead.
_AHEAD: tuple[LeadStatus, ...] = ("pending", "review", "ready", "active")


class _Place(TypedDict):
    """How far a look at all leads has come, and when it was begun."""

    begun: str
    of: LeadStatus
    after: NotRequired[Item]
    # Whether all of those before could be put in line.
    is_whole: bool


def run(work: Work) -> None:
    """Raises `NotYet` where the leads are to be looked at again."""
    partition = jobs.partition_of(work.pk)
    campaign = get(Table.CORE, work.key)
    if campaign is None or not jobs.is_due(campaign):
        return
    again: datetime | None = None
    if campaign["state"] == "active":
        if campaign.get("fill_again", "") > clock.timestamp():
            again = clock.parse(campaign["fill_again"])
        elif "fill" in campaign:
            again = _fill(partition, campaign)
        if _is_over(partition, campaign):
            _complete(partition, campaign)
            return
        if again is not None:
            raise clock.NotYet(again)
    elif campaign["state"] == "completed" and not _is_over(partition, campaign):
        _go_on(partition, campaign)
        return
    _finish(campaign)


def _fill(partition: str, campaign: Item) -> datetime | None:
    """Go on where the run before was. Returns when it is to be done again, if some could not be put
    in line. Raises `NotYet` where another one is to go on.
    """
    since = clock.parse(campaign["fill"])
    first: _Place = {"begun": clock.timestamp(), "of": _OF[0], "is_whole": True}
    place: _Place | None = campaign.get("filled", first)
    begun = clock.parse(campaign.get("filled", first)["begun"])
    is_last, again = begun >= since + _BEHIND, clock.now() + _AGAIN
    while place is not None:
        place, is_whole = _page(partition, campaign["sk"], place)
        _keep(campaign, place, None if is_whole or not is_last else again)
        if place is not None and deadline.seconds_left() < _RESERVE_S:
            raise clock.NotYet(clock.now())
    if not is_last:
        raise clock.NotYet(max(clock.now(), since + _BEHIND))
    return None if is_whole else again


def _page(partition: str, campaign_id: str, place: _Place) -> tuple[_Place | None, bool]:
    """Put those of a page in line. Returns where the next one is, or None behind the last, and
    whether all could be that far.
    """
    where, after = items.campaign_leads_in(partition, campaign_id, place["of"]), place.get("after")
    rows, onward = query(Table.CORE, where, index="gsi3", start_after=after, limit=_AT_ONCE)
    begun, is_whole = place["begun"], place["is_whole"]
    for row in rows:
        try:
            _enter(partition, row["sk"])
        except Unavailable:
            raise
        except Exception as failure:  # noqa: BLE001 -- one that is broken holds up no other
            log_failure("a lead is not put in line", failure, lead=row["sk"])
            count("mail_set_aside")
            is_whole = False
    if onward is not None:
        after = onward
        return {"begun": begun, "of": place["of"], "is_whole": is_whole, "after": after}, is_whole
    rest = _OF[_OF.index(place["of"]) + 1 :]
    if not rest:
        return None, is_whole
    return {"begun": begun, "of": rest[0], "is_whole": is_whole}, is_whole


def _keep(campaign: Item, place: _Place | None, again: datetime | None) -> None:
    """A run has a minute, and there may be a hundred thousand leads. Raises `NotYet` where the
    campaign was started anew meanwhile, or ended.
    """
    facts: Item = {"filled": place} if place else {}
    if place is None and again is not None:
        facts["fill_again"] = clock.timestamp(again)
    gone = ", ".join(f"#{name}" for name in ("filled", "fill_again") if name not in facts)
    written = "SET " + ", ".join(f"#{name} = :{name}" for name in facts) if facts else ""
    try:
        update(
            Table.CORE,
            Key(campaign["pk"], campaign["sk"]),
            f"{written} REMOVE {gone}".strip(),
            condition="#fill = :fill",
            values={"fill": campaign["fill"], **facts},
        )
    except ConditionFailed:
        raise clock.NotYet(clock.now()) from None


def look_again(partition: str, campaign_id: str) -> None:
    """Of a campaign's leads one could not be put in line: have all be gone through in an hour."""
    where = items.campaign_key(partition, campaign_id)
    campaign = get(Table.CORE, where)
    if campaign is None or "fill" in campaign:
        return
    again = clock.timestamp(clock.now() + _AGAIN)
    facts = {"fill": clock.timestamp(), "fill_again": again}
    facts |= jobs.requested(jobs.CAMPAIGN, campaign_id)
    # Whoever starts it meanwhile has all be gone through.
    with suppress(ConditionFailed):
        update(
            Table.CORE,
            where,
            "SET "
            + ", ".join(f"#{name} = :{name}" for name in facts)
            + " REMOVE #next_at ADD #asked :one",
            condition="#v = :seen",
            values={**facts, "one": 1, "seen": campaign["v"]},
        )


def _enter(partition: str, lead_id: str) -> None:
    """Put a lead in line that is in none. Whoever changes it meanwhile sees to it, or is seen."""
    for _ in range(_TRIES):
        lead = leads.stored(partition, lead_id)
        if lead is None or not _is_out_of_line(lead):
            return
        tx = Transaction(partition, "")
        if "flight" not in lead:
            _put(tx, lead)
        elif send := _left(partition, lead):
            outcomes.go_on(tx, lead, send)
        with suppress(Outrun):
            tx.commit()
            return


def _put(tx: Transaction, lead: LeadItem) -> None:
    facts = waiting.enter(tx, lead)
    gone = {"held"} - facts.keys()
    tx.update(
        Table.CORE,
        Key(lead["pk"], lead["sk"]),
        "SET "
        + ", ".join(f"#{name} = :{name}" for name in facts)
        + "".join(f" REMOVE #{name}" for name in gone),
        condition="#v = :seen AND attribute_not_exists(#queued) AND attribute_not_exists(#flight)",
        values={**facts, "seen": lead["v"]},
        otherwise=Outrun,
    )


def _left(partition: str, lead: LeadItem) -> Send | None:
    """The send that a lead waits for, though it was given up while nothing could be written of it;
    None while a line has it.
    """
    send = cast(Send | None, get(Table.CORE, items.send_key(partition, lead["sk"], lead["flight"])))
    return send if send is not None and send["state"] != "claimed" else None


def _is_out_of_line(lead: LeadItem) -> bool:
    return lead["view"]["status"] in status.SENT_TO and "queued" not in lead


def _is_over(partition: str, campaign: Item) -> bool:
    counts = stats.read(partition, campaign["sk"])
    return bool(counts) and not any(counts.get(one) for one in _AHEAD)


def _complete(partition: str, campaign: Item) -> None:
    """Whoever was pushed meanwhile has it go on, at the latest once they may be mailed."""
    tx = Transaction(partition, "")
    row = cast(CampaignItem, campaign)
    after = states.move(
        tx, row, "completed", "all_leads_ended", removed=(*jobs.ATTRIBUTES, *_FILLING)
    )
    tx.emit("campaign.completed", dict(after["view"]), sequence=after["v"])
    with suppress(Outrun):
        tx.commit()


def _go_on(partition: str, campaign: Item) -> None:
    """It was started by who may, and nobody has paused it since."""
    tx = Transaction(partition, "")
    states.move(tx, cast(CampaignItem, campaign), "active", "leads_pushed", fills=True)
    with suppress(Outrun):
        tx.commit()


def _finish(campaign: Item) -> None:
    """It is done, unless it was asked for since it was read."""
    tx = Transaction(jobs.partition_of(campaign["pk"]), "")
    tx.update(
        Table.CORE,
        Key(campaign["pk"], campaign["sk"]),
        "REMOVE " + ", ".join(f"#{name}" for name in (*jobs.ATTRIBUTES, *_FILLING)),
        condition="attribute_exists(#gsi2pk) AND #asked = :seen",
        values={"seen": campaign["asked"]},
        otherwise=AlreadyDone,
    )
    with suppress(AlreadyDone):
        tx.commit()
