"""The faults where somebody answers a lead: it is asked for once, mailed once at most, and told."""

from contextlib import suppress
from datetime import timedelta

from linkwright import jobs
from linkwright.mailer.responses.replying import SENDS
from linkwright.table import Key, Table, update
from tests import answered, mailhost, processes
from tests.faults import plan
from tests.faults.due import DueJob
from tests.faults.injection import Injector, Killed
from tests.faults.tally import TALLY
from tests.faults.world import World

CASE = "POST an answer to a lead"


def _prepared(world: World) -> tuple[str, str]:
    world.reset()
    processes.forget()
    host = mailhost.current()
    host.sent.clear()
    host.folders.clear()
    return answered.put_answered(world)


def _ask(world: World, lead: str, last: str) -> int:
    wanted = {"text": "Gladly.", "last_message_id": last}
    path, key = f"/v1/mailer/leads/{lead}/reply", {"Idempotency-Key": "one"}
    return world.client.post(path, json=wanted, headers=key).status


def _asked(world: World) -> tuple[int, int, int]:
    """How many messages, jobs and reserved sends there are."""
    rows = world.items()["CoreTable"]
    sent = [row for row in rows if row.get("view", {}).get("direction") == "sent"]
    waiting = [row for row in rows if row["pk"].endswith("#RPY")]
    used = next((row for row in rows if row["sk"].endswith(f"#{SENDS}")), {})
    return len(sent), len(waiting), int(used.get("committed", 0))


def test_it_is_asked_for_once_whatever_strikes(world: World) -> None:
    lead, last = _prepared(world)
    counted = Injector()
    with world.seam.use(counted):
        assert _ask(world, lead, last) == 202
    TALLY.calls[CASE] = len(counted.calls)
    for injector in plan.injectors(counted.calls):
        lead, last = _prepared(world)
        with world.seam.use(injector), suppress(Killed):
            assert _ask(world, lead, last) in {202, 503}
        assert _asked(world) in {(0, 0, 0), (1, 1, 1)}
        with world.seam.use(Injector()):
            assert _ask(world, lead, last) == 202
        assert _asked(world) == (1, 1, 1)
        TALLY.runs[CASE, "struck"] += 1


def _due(world: World) -> None:
    lead, last = _prepared(world)
    assert _ask(world, lead, last) == 202
    [job] = [row for row in world.items()["CoreTable"] if row["pk"].endswith("#RPY")]
    # What asked for it was lost, as it may be.
    facts = jobs.due(jobs.LEAD_ANSWER, job["sk"], world.now() - timedelta(minutes=1))
    update(
        Table.CORE,
        Key(job["pk"], job["sk"]),
        "SET #gsi2pk = :gsi2pk, #gsi2sk = :gsi2sk REMOVE #outbox",
        values=facts,
    )


def _left(world: World) -> list[str]:
    rows, sent = world.items()["CoreTable"], len(mailhost.current().sent)
    [view] = [row["view"] for row in rows if row.get("view", {}).get("direction") == "sent"]
    used = next((row for row in rows if row["sk"].endswith(f"#{SENDS}")), {})
    problems = [f"sent {sent} mails"] if sent > 1 else []
    if (view["state"], sent) not in {("sent", 1), ("unknown", 0), ("unknown", 1)}:
        problems.append(f"it is {view['state']}, of {sent} sent")
    if (used.get("used"), used.get("committed")) != (1, 1):
        problems.append(f"it is charged as {used}")
    return problems


ANSWER = DueJob("an answer to a lead", jobs.LEAD_ANSWER, _due, _left, "send_mail")


def test_it_is_mailed_once_at_most_whatever_strikes(world: World) -> None:
    assert ANSWER.struck(world) == []


def test_a_second_run_in_the_middle_mails_no_other(world: World) -> None:
    assert ANSWER.twice(world) == []
