"""The faults at the AWS calls of a week's digest: of its job, which charges, and of its mail.

Whatever strikes, it is charged once, and a member is mailed once at most. Without a mail is only
who was noted for it when the run was killed, or SES not heard; and what a mail leads to does
nothing or all.
"""

from datetime import timedelta

import pytest

from linkwright import clock, jobs
from linkwright.table import Item, Table, update
from linkwright.workspace.mailed import digest_job, unsubscribing
from linkwright.workspace.workspaces import existing
from tests import processes
from tests.client import Client
from tests.faults import ledger, plan
from tests.faults.injection import Injector, Killed
from tests.faults.matrix import told
from tests.faults.samples import sample
from tests.faults.tally import TALLY
from tests.faults.world import MAILED, World

WORKER = "send_digest"
SUGGEST = "POST /api/ai/suggest-alias"
CASE = "a week's digest"
NOTED, MAIL = "sync_update_item DGM #gsi2pk #noted_at", "send_email"


def _prepared(world: World) -> None:
    """A workspace that wants a digest, whose Monday was a minute ago, and which has a balance."""
    world.reset()
    processes.forget()
    world.request(sample(SUGGEST), "before", Injector())
    wanted, at = {"weekly_digest": "on"}, {"If-Match": "1"}
    with world.seam.use(Injector()):
        answer = world.client.request("PATCH", "/v1/workspace/settings", json=wanted, headers=at)
        assert answer.status == 200, answer.raw
    past = {"past": clock.timestamp(world.now() - timedelta(minutes=1))}
    where = digest_job.key(world.partition)
    update(Table.CORE, where, "SET #mails_at = :past, #gsi2sk = :past", values=past)


def _happens(world: World) -> tuple[int, list[str]]:
    """All that comes of it: how often it was mailed, and what is wrong."""
    before = len(world.stack.letters(MAILED))
    with world.seam.use(Injector()):
        for _ in range(3):
            world.run_schedules()
            world.settle()
    rows = world.items()
    mailed = len(world.stack.letters(MAILED)) - before
    lines = [row for row in rows["LedgerTable"] if row.get("operation") == "weekly_digest"]
    charged = sum(line["type"] == "settle" for line in lines)
    problems = [*world.problems, *ledger.violated(rows, world.partition)]
    if mailed > 1 or charged != 1:
        problems.append(f"{mailed} mails, charged {charged} times")
    job, mail = _of_kind(rows["CoreTable"], "DGT"), _of_kind(rows["CoreTable"], "DGM")
    if job["mails_at"] <= clock.timestamp(world.now()) or not jobs.is_due(job):
        problems.append("is not due next week")
    if jobs.is_due(mail):
        problems.append("the mail is not done")
    return mailed, problems


def _of_kind(rows: list[Item], kind: str) -> Item:
    [row] = [row for row in rows if row["pk"].endswith(f"#{kind}")]
    return row


def _runs(world: World, kind: str) -> tuple[int, list[str]]:
    """The first one that is about a kind and does something: its place, and its calls."""
    events = [event for event in world.events if event.file == WORKER]
    at = next(at for at, one in enumerate(events) if one.about == kind and len(one.calls) > 1)
    return at, events[at].calls


@pytest.mark.parametrize("kind", [jobs.DIGEST, jobs.DIGEST_MAIL])
def test_it_is_charged_once_and_mailed_once_at_most_whatever_strikes(
    world: World, kind: str
) -> None:
    _prepared(world)
    assert _happens(world) == (1, [])
    at, calls = _runs(world, kind)
    case = f"{CASE}, {kind}"
    TALLY.calls[case] = len(calls)
    problems = []
    for injector in plan.injectors(calls):
        _prepared(world)
        world.arms = {(WORKER, at): [injector]}
        mailed, found = _happens(world)
        if not injector.struck:
            found.append("the call was not made")
        if not mailed and not injector.called.startswith(("sync_update_item DGM", MAIL)):
            found.append("nobody was mailed")
        problems += told(found, injector)
        TALLY.runs[case, "struck"] += 1
    assert problems == []


@pytest.mark.parametrize("kind", [jobs.DIGEST, jobs.DIGEST_MAIL])
def test_a_second_run_in_the_middle_changes_nothing(world: World, kind: str) -> None:
    _prepared(world)
    assert _happens(world) == (1, [])
    at, calls = _runs(world, kind)
    problems = []
    for number in range(1, len(calls) + 1):
        _prepared(world)
        twice = Injector(at=number, meanwhile=world.repeat)
        world.arms = {(WORKER, at): [twice]}
        mailed, found = _happens(world)
        assert twice.struck
        problems += told(found + ([] if mailed else ["nobody was mailed"]), twice)
        TALLY.runs[f"{CASE}, {kind}", "twice"] += 1
    assert problems == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_a_mail_leads_to_does_all_or_nothing(world: World, method: str) -> None:
    world.reset()
    [row] = [row for row in world.items()["AccessTable"] if _is_mailed(row)]
    path = unsubscribing.path(existing(world.partition), row["sk"], "weekly_digest")
    counted = Injector()
    with world.seam.use(counted):
        assert Client().request(method, path).status == 200
    TALLY.calls[f"{method} {CASE}"] = len(counted.calls)
    for injector in plan.injectors(counted.calls):
        world.reset()
        with world.seam.use(injector):
            try:
                answer = Client().request(method, path)
                assert answer.status in {200, 503}
            except Killed:
                pass
        with world.seam.use(Injector()):
            assert Client().request(method, path).status == 200
        [row] = [row for row in world.items()["AccessTable"] if _is_mailed(row)]
        assert row["view"].get("weekly_digest", "on") == ("on" if method == "GET" else "off")
        TALLY.runs[f"{method} {CASE}", "struck"] += 1


def _is_mailed(row: Item) -> bool:
    return "#MBR" in row["pk"] and row["view"]["email"] == MAILED
