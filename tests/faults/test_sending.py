"""The faults at the AWS calls of a mailbox's line that is due: a lead's step is sent once at most,
told of once and charged once, and what nobody can say counts as sent.
"""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.mailer import items, lines
from linkwright.mailer.sending.claims import SENDS
from linkwright.table import Item, Key, Table, update
from linkwright.transaction import Transaction
from tests import mailhost, mailing, processes
from tests.faults.due import DueJob
from tests.faults.world import World
from tests.leads import put


def _prepared(world: World) -> None:
    world.reset()
    processes.forget()
    host = mailhost.current()
    host.sent.clear()
    host.folders.clear()
    mailbox = mailing.put_mailbox(world)
    campaign = mailing.put_campaign(world, [mailbox], state="active")
    lead = mailing.put_ready(world, campaign, of=1)
    # What asked for it was lost, as it may be.
    past = world.now() - timedelta(minutes=1)
    place = lines.place(past, lead, lines.group(campaign, None))
    put(lines.row_key(world.partition, mailbox, place).attributes())
    where = lines.line_key(world.partition, mailbox)
    put({**where.attributes(), **jobs.due(jobs.MAILBOX_LINE, mailbox, past)})
    queued = {"mailbox": mailbox, "place": place}
    update(
        Table.CORE,
        items.lead_key(world.partition, lead),
        "SET #queued = :queued, #mailbox = :mailbox",
        values={"queued": queued, "mailbox": mailbox},
    )


def _started(world: World) -> None:
    """The lead is in no line, as its campaign has just been started."""
    _prepared(world)
    rows = world.items()["CoreTable"]
    lead, line = _one(rows, "#LEAD"), _one(rows, "#MBL")
    campaign = items.campaign_key(world.partition, lead["view"]["campaign_id"])
    row = next(row for row in rows if "#MBQ#" in row["pk"])
    tx = Transaction(world.partition, "req_test")
    for gone in (line, row):
        tx.delete(Table.CORE, Key(gone["pk"], gone["sk"]))
    tx.update(Table.CORE, Key(lead["pk"], lead["sk"]), "REMOVE #queued, #mailbox")
    past = world.now() - timedelta(minutes=1)
    due = jobs.due(jobs.CAMPAIGN, campaign.sk, past) | {"fill": clock.timestamp(past)}
    tx.update(
        Table.CORE,
        campaign,
        "SET " + ", ".join(f"#{name} = :{name}" for name in due) + " ADD #asked :one",
        values={**due, "one": 1},
    )
    tx.commit()


def _left(world: World) -> list[str]:
    rows = world.items()["CoreTable"]
    sent = len(mailhost.current().sent)
    [lead] = [row for row in rows if row["pk"].endswith("#LEAD")]
    [email] = [row["view"] for row in rows if row["sk"].startswith("EML#")]
    records = [row for row in rows if row["sk"].startswith("SND#")]
    told = [str(row["type"]) for row in rows if row["pk"].endswith("#EVT")]
    line = _one(rows, "#MBL")
    problems = [f"sent {sent} mails"] if sent > 1 else []
    if (email["state"], sent) not in {("sent", 1), ("unknown", 0), ("unknown", 1)}:
        problems.append(f"it is {email['state']}, of {sent} sent")
    if [record["state"] for record in records] != [email["state"]]:
        problems.append("its record is otherwise")
    if told.count("email.sent") != 1:
        problems.append(f"it told {told}")
    used = next((row for row in rows if row["sk"].endswith(f"#{SENDS}")), {})
    if (used.get("used"), used.get("committed")) != (1, 1):
        problems.append(f"it is charged as {used}")
    if lead["view"]["status"] != "finished" or "flight" in lead or "flight" in line:
        problems.append(f"the lead is {lead['view']['status']}")
    return problems


def _one(rows: list[Item], of: str) -> Item:
    [row] = [row for row in rows if row["pk"].endswith(of)]
    return row


START = DueJob("the start of a campaign", jobs.CAMPAIGN, _started, _left, "send_mail")
MAIL = DueJob("a mail of a campaign", jobs.MAILBOX_LINE, _prepared, _left, "send_mail")


def test_it_is_sent_once_at_most_whatever_strikes(world: World) -> None:
    assert MAIL.struck(world) == []


def test_a_second_run_in_the_middle_sends_no_other(world: World) -> None:
    assert MAIL.twice(world) == []


def test_leads_of_a_campaign_that_starts_are_sent_to_whatever_strikes(world: World) -> None:
    assert START.struck(world) == []


def test_a_second_run_in_the_middle_puts_nobody_in_line_twice(world: World) -> None:
    assert START.twice(world) == []
