"""What must hold of mails when all is over."""

from collections import Counter
from collections.abc import Iterator, Mapping

from linkwright import jobs
from linkwright.mailer.sending.claims import SENDS
from linkwright.table import Item
from tests.simulation.mail import ses as by_ses
from tests.simulation.mail.host import NOBODY, QUOTA
from tests.simulation.mail.owners import Owners
from tests.simulation.mail.ses import Ses
from tests.simulation.mail.watch import Watch

_SENT = {"sent", "unknown"}
_AHEAD = {"ready", "active"}
# By an address, what its host said of mails to it.
Refusals = Mapping[str, set[str]]


def problems(
    rows: list[Item],
    watch: Watch,
    owners: Owners,
    refusals: Refusals,
    ses: Ses,
    *,
    loses: bool,
) -> Iterator[str]:
    leads = {row["sk"]: row for row in rows if row["pk"].endswith("#LEAD")}
    campaigns = {row["sk"]: row for row in rows if row["pk"].endswith("#CMP")}
    yield from _settled(leads, watch, ses, loses=loses)
    yield from _left_over(rows, leads)
    yield from _charged(rows, watch)
    yield from _told(rows, watch)
    yield from _counted(rows, leads)
    yield from _stopped(leads, owners)
    yield from _refused(leads, refusals, ses)
    yield from _heard(rows, leads, watch, ses)
    emails = {
        (row["pk"].split("#")[3], row["view"]["seq"]): row["view"]["state"]
        for row in rows
        if row["sk"].startswith("EML#")
    }
    for lead_id, lead in leads.items():
        campaign = campaigns[lead["view"]["campaign_id"]]
        yield from _waits(lead_id, lead, campaign, emails, watch)


def _settled(leads: dict[str, Item], watch: Watch, ses: Ses, *, loses: bool) -> Iterator[str]:
    for step, record in watch.records.items():
        if step[0] not in leads:
            continue
        if record["state"] not in {"sent", "unknown", "failed"}:
            yield f"{step} is {record['state']} for ever"
        arrived = len(watch.arrived[step])
        if record["state"] == "sent" and arrived != (step not in ses.rejected):
            yield f"{step} is told to be sent, and arrived {arrived} times"
        if record["state"] == "failed" and arrived:
            yield f"{step} is told to have failed, and arrived"
        if record["state"] == "unknown" and not loses:
            yield f"{step} is unknown without a fault"


def _left_over(rows: list[Item], leads: dict[str, Item]) -> Iterator[str]:
    for row in rows:
        if row["pk"].endswith("#MBL") and (
            {"flight", "leased_until"} & row.keys() or row.get("stuck")
        ):
            yield f"the line of {row['sk']} is held for ever"
        if row["sk"].startswith("EML#") and row["view"]["state"] == "sending":
            yield f"{row['pk']} {row['sk']} is being sent for ever"
        if jobs.is_due(row):
            yield f"{row['pk']} {row['sk']} still waits"
        if "#MBQ#" in row["pk"]:
            lead = leads.get(row["sk"].rpartition("#")[2], {})
            if lead.get("queued", {}).get("place") != row["sk"]:
                yield f"{row['sk']} stands in line for nobody"


def _waits(
    lead_id: str, lead: Item, campaign: Item, emails: dict[tuple[str, int], str], watch: Watch
) -> Iterator[str]:
    """Who may be written to is, unless something is in the way that somebody has to see to."""
    if lead["view"]["status"] not in _AHEAD:
        if {"queued", "flight"} & lead.keys():
            yield f"{lead_id} has ended, and stands in line"
        return
    if campaign["state"] != "active":
        return
    seq = 1 + max((seq for one, seq in watch.records if one == lead_id), default=0)
    if emails.get((lead_id, seq)) == "approved" and lead.get("held") != "mailbox":
        yield f"{lead_id} waits for ever for its step {seq}: {lead.get('held')}"


def _charged(rows: list[Item], watch: Watch) -> Iterator[str]:
    sent = sum(record["state"] in _SENT for record in watch.records.values())
    # Of a lead that was deleted the records are gone, and what was sent is charged.
    arrived = sum(1 for step in watch.arrived if step not in watch.records)
    used = [row for row in rows if row["sk"].endswith(f"#{SENDS}")]
    total = sum(int(row.get("used", 0)) for row in used)
    if any(row.get("used", 0) != row.get("committed", 0) for row in used):
        yield f"sends are reserved for ever: {used}"
    if not sent <= total <= sent + arrived + watch.deleted_unknown:
        yield f"{total} mails are charged, {sent} were sent, and {arrived} to who is deleted"


def _told(rows: list[Item], watch: Watch) -> Iterator[str]:
    told = Counter(
        (row["object"]["lead_id"], row["object"]["seq"])
        for row in rows
        if row["pk"].endswith("#EVT") and row["type"] == "email.sent"
    )
    for step, count in told.items():
        if count > 1:
            yield f"{step} is told to be sent {count} times"
    for step, record in watch.records.items():
        if record["state"] in _SENT and not told[step]:
            yield f"nobody is told that {step} was sent"


def _counted(rows: list[Item], leads: dict[str, Item]) -> Iterator[str]:
    counted: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row["pk"].endswith("#STATS"):
            for name, number in row.items():
                if name.startswith("n_"):
                    counted[(row["pk"].split("#")[3], name.removeprefix("n_"))] += int(number)
    stand = Counter(
        (lead["view"]["campaign_id"], lead["view"]["status"]) for lead in leads.values()
    )
    for of in {*counted, *stand}:
        if counted[of] != stand[of]:
            yield f"{counted[of]} leads of {of} are counted, there are {stand[of]}"


def _stopped(leads: dict[str, Item], owners: Owners) -> Iterator[str]:
    for lead_id, lead in leads.items():
        has_ended = lead["view"]["status"] == "unsubscribed"
        if has_ended and lead_id not in owners.opted_out:
            yield f"{lead_id} never asked to hear no more"


def _refused(leads: dict[str, Item], refusals: Refusals, ses: Ses) -> Iterator[str]:
    """What a host has against who sends is no lead's fault."""
    for lead_id, lead in leads.items():
        status, said = lead["view"]["status"], refusals.get(lead["view"]["email"], set())
        told = [kinds for (one, _), kinds in ses.told.items() if one == lead_id]
        kinds = {kind for some in told for kind in some}
        has_come_back = sum(by_ses.SOFT in some for some in told) > 2 or by_ses.HARD in kinds
        if status == "complained" and by_ses.COMPLAINED not in kinds:
            yield f"{lead_id} has complained, and SES told {sorted(kinds)}"
        if status == "bounced" and NOBODY not in said and not has_come_back:
            yield f"{lead_id} has bounced, and its host said {sorted(said)}"
        if status == "failed" and said <= {QUOTA} and by_ses.REJECTED not in kinds:
            yield f"{lead_id} has failed, and its host said {sorted(said)}"


def _heard(rows: list[Item], leads: dict[str, Item], watch: Watch, ses: Ses) -> Iterator[str]:
    """What SES told has its effect, however late it came, and in whatever order."""
    suppressed = {row["sk"] for row in rows if row["pk"].endswith("#SUP")}
    for step, kinds in ses.told.items():
        lead, record = leads.get(step[0]), watch.records.get(step)
        if lead is None or record is None:
            continue
        status = lead["view"]["status"]
        if record["state"] == "unknown" and kinds & by_ses.PROOFS:
            yield f"{step} is unknown, and SES told {sorted(kinds)}"
        if by_ses.REJECTED in kinds and record["state"] != "failed":
            yield f"{step} was rejected, and is {record['state']}"
        if kinds & {by_ses.HARD, by_ses.COMPLAINED}:
            if status in {*_AHEAD, "finished", "review"}:
                yield f"{step[0]} is {status}, and SES told {sorted(kinds)}"
            if lead["address_hash"] not in suppressed:
                yield f"the address of {step[0]} is mailed to, and SES told {sorted(kinds)}"
