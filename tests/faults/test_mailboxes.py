"""The faults at the AWS calls of a mailbox's proof that is due: one mail is sent at most, and one
event tells what came of it.
"""

from datetime import timedelta

from linkwright import clock, jobs, sealing
from linkwright.mailer.mailboxes import items, logging_in
from linkwright.mailer.mailboxes.logging_in import Secrets
from linkwright.table import Item
from tests import mailhost, processes, shortlinks
from tests.faults.due import DueJob
from tests.faults.world import World

MAILBOX, EMAIL = "mbx_01HF0000000000000000000000", "dana@example.com"
TYPE = "mailbox.state_changed"


def _prepared(world: World) -> None:
    world.reset()
    processes.forget()
    sealing.forget()
    host = mailhost.current()
    host.sent.clear()
    host.folders.clear()
    host.files = True
    now = clock.timestamp(world.now())
    wanted = mailhost.wanted(EMAIL)
    connection = {"host": mailhost.HOST, "port": 465, "username": EMAIL, "auth": "password"}
    view = {
        **{"id": MAILBOX, "email": EMAIL, "transport": "smtp", "status": "verifying"},
        **{"smtp": connection, "imap": wanted["imap"], "version": 1},
        **{"daily_cap": 50, "gap_seconds": 600, "jitter_seconds": 0},
        **{"ramp": {"start": 10, "step": 1}, "time_zone": "UTC"},
        "window": {"days": ["mon"], "start": "09:00", "end": "17:00"},
        **{"created_at": now, "updated_at": now},
    }
    sealed = logging_in.seal(Secrets(mailhost.PASSWORD), world.partition, MAILBOX)
    row: Item = {
        **items.key(world.partition, MAILBOX).attributes(),
        **jobs.due(jobs.MAILBOX, MAILBOX, world.now() - timedelta(minutes=1)),
        **{"view": view, "v": 1, "since": now, "sealed": sealed},
    }
    shortlinks.put(row)


def _left(world: World) -> list[str]:
    rows = world.items()["CoreTable"]
    [row] = [row for row in rows if row["sk"] == MAILBOX and row["pk"].endswith("#MBX")]
    events = sum(1 for one in rows if one.get("type") == TYPE)
    sent, status = len(mailhost.current().sent), row["view"]["status"]
    problems = []
    if sent > 1:
        problems.append(f"sent {sent} mails")
    # A note that arrives late is taken for a mail that was sent: nobody can say.
    is_given_up = status == "failed" and row["view"]["status_reason"] == "probe_not_received"
    if is_given_up and sent == 0 and events == 1:
        return problems
    if (status, events) not in {("active", 1), ("verifying", 0)}:
        problems.append(f"{status}, and told {events} times")
    if not jobs.is_due(row):
        problems.append("it is not looked at again")
    if status == "verifying" and "probe" not in row:
        problems.append("nobody is at it")
    return problems


PROOF = DueJob("the proof of a mailbox", jobs.MAILBOX, _prepared, _left, "tend_mailbox")


def test_one_mail_is_sent_whatever_strikes(world: World) -> None:
    assert PROOF.struck(world) == []


def test_a_second_run_in_the_middle_sends_no_other(world: World) -> None:
    assert PROOF.twice(world) == []
