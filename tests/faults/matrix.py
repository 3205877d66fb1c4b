"""Runs of a request with a fault in them, and what each run must come to.

What follows from a request follows from what it left behind, here and in the queues. So a run ends
with the request and its repetitions: if they leave what a request without a fault leaves, the rest
is the same. That the rest is sound, that one request without a fault shows.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pytest

from linkwright.credits import charging
from linkwright.jobs import CALL
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction
from linkwright.voice.calls.states import Status, is_terminal
from tests.client import Answer
from tests.faults import hooks, ledger
from tests.faults.injection import Fault, Injector, Reach
from tests.faults.samples import Sample
from tests.faults.states import State, difference, leaks, neutral
from tests.faults.tally import TALLY
from tests.faults.telephone import attempt_of
from tests.faults.world import World, is_read_no_more

KEY = "the client's key"
_OBJECTS = ("recording_key", "transcript_key")
# Jobs that people delete with what they are.
_DELETED = ("#LEAD", "#MBX", "#SUP")
RETRY_AFTER = timedelta(seconds=60)
# What is told to whoever comes later: of a change that it is made, of a thing that it is gone.
MADE = {"PATCH": 409, "DELETE": 404}
UNAVAILABLE = 503
# Somebody else is answering it.
IN_PROGRESS = 409


def unreached(injector: Injector) -> list[str]:
    """A fault at a call that is not made proves nothing."""
    return [] if injector.struck else ["the call was not made"]


def told(problems: list[str], injector: Injector) -> list[str]:
    fault = f"{injector.fault} {injector.reach} call {injector.at} ({injector.called})"
    return [f"{fault}: {text}" for text in problems]


@dataclass(frozen=True)
class CleanRequest:
    """A request without a fault: its calls, its answer, the state before it and after it."""

    calls: tuple[str, ...]
    answer: Answer
    before: State
    after: State


def clean_request(world: World, route: str) -> CleanRequest:
    world.reset()
    wanted = world.prepared(route)
    before, injector = world.state(), Injector()
    answer = world.request(wanted, KEY, injector)
    assert answer is not None
    assert answer.status < 400, f"the sample of {route} is answered {answer.raw}"
    after = world.state()
    world.settle()
    assert finished(world) == []
    TALLY.calls[route] = len(injector.calls)
    return CleanRequest(tuple(injector.calls), answer, before, after)


def struck(world: World, route: str, clean: CleanRequest, injector: Injector) -> list[str]:
    """A fault: all of it is done or nothing. Then the client tries again: it is done, once."""
    world.reset()
    wanted = world.prepared(route)
    first = world.request(wanted, KEY, injector)
    left = world.state()
    world.advance(RETRY_AFTER)
    later = [world.request(wanted, KEY) for _ in range(2 if wanted.method == "POST" else 1)]
    TALLY.runs[route, "struck"] += 1
    problems = unreached(injector) + world.problems
    has_record = wanted.method == "POST" and not wanted.is_webhook
    is_on_record = has_record and _is_told_nothing(clean, left, injector)
    problems += _judged(world, clean, first, may_fail=not is_on_record)
    if wanted.is_charged:
        problems += _in_phase(world, first)
    else:
        problems += _whole(clean, first, left)
    problems += _repeated(world, clean, wanted, first, *later)
    return told(problems + difference(clean.after, world.state()), injector)


def _is_told_nothing(clean: CleanRequest, left: State, injector: Injector) -> bool:
    """Whether it is done and no try hears of it, but the record that says so can be read."""
    return injector.reach is Reach.TRIES and left == clean.after


def _in_phase(world: World, answer: Answer | None) -> list[str]:
    """What does not hold of credits, wherever a request that costs some has ended."""
    problems = ledger.violated(world.items(), world.partition)
    if answer is not None and answer.status == 200 and ledger.held(world.items()):
        problems.append("answered, and still held")
    return problems


def _whole(clean: CleanRequest, answer: Answer | None, left: State) -> list[str]:
    """What is half done, or told and not done."""
    if (answer is None or answer.status == UNAVAILABLE) and left == clean.before:
        return []
    return difference(clean.after, left)


def overlapping(world: World, route: str, clean: CleanRequest, at: int) -> list[str]:
    """The same request comes a second time while the first is at its n-th call."""
    world.reset()
    wanted = world.prepared(route)
    others: list[Answer | None] = []
    injector = Injector(at=at, meanwhile=lambda: others.append(world.request(wanted, KEY)))
    with pytest.MonkeyPatch.context() as patch:
        # The first goes on when the second has ended: who waits for it waits in vain.
        patch.setattr(charging, "_WAIT_S", 0.5)
        first = world.request(wanted, KEY, injector)
    TALLY.runs[route, "overlapping"] += 1
    problems = difference(clean.after, world.state()) + world.problems
    beaten = UNAVAILABLE if wanted.method == "GET" else IN_PROGRESS
    if wanted.is_charged and [answer.status for answer in others if answer] == [beaten]:
        others = [world.request(wanted, KEY)]
        first, others = others[0], [first]
    problems += _repeated(world, clean, wanted, *others, first)
    return told(problems, injector)


def resent(world: World, route: str, clean: CleanRequest, at: int) -> list[str]:
    """The reply to the n-th call is lost below the seam, and the client itself sends it again."""
    world.reset()
    injector = Injector(at=at, resent=True)
    answer = world.request(world.prepared(route), KEY, injector)
    TALLY.runs[route, "resent"] += 1
    problems = _judged(world, clean, answer) + world.problems
    return told(problems + difference(clean.after, world.state()), injector)


def _repeated(
    world: World, clean: CleanRequest, wanted: Sample, first: Answer | None, *later: Answer | None
) -> list[str]:
    """What is wrong with the answers to one request sent several times.

    One key has one reply. Where there are no keys, whoever comes later is told so.
    """
    if told_so := MADE.get(wanted.method):
        later = tuple(answer for answer in later if answer and answer.status != told_so)
    problems = [found for answer in later for found in _judged(world, clean, answer)]
    bodies = {a.raw for a in (first, *later) if a and a.status != UNAVAILABLE}
    if wanted.method == "POST" and not wanted.is_webhook:
        if len(bodies) != 1:
            problems.append(f"{len(bodies)} replies under one key: {bodies}")
        if later[-1] and later[-1].headers.get("Idempotent-Replayed") != "true":
            problems.append("a repetition is not marked as one")
    return problems


def _judged(
    world: World, clean: CleanRequest, answer: Answer | None, *, may_fail: bool = False
) -> list[str]:
    """What is wrong with an answer. Only a fault excuses a 503, and nothing excuses another."""
    if answer is None:
        return []
    problems = leaks(answer, world.stack)
    if may_fail and answer.status == UNAVAILABLE:
        if not _is_proper_error(answer):
            problems.append(f"not the envelope of an error: {answer.raw}")
    elif answer.status != clean.answer.status:
        problems.append(f"answered {answer.status}: {answer.raw}")
    elif neutral(answer.raw) != neutral(clean.answer.raw):
        problems.append(f"another body: {answer.raw}")
    return problems


def _is_proper_error(answer: Answer) -> bool:
    said = answer.json
    flat = isinstance(said["error"], str)
    code, facts = (said["error"], said) if flat else (said["error"]["code"], said["error"])
    return (
        code == "server_error"
        and {"message", "request_id", "doc_url"} <= set(facts)
        and "Retry-After" in answer.headers
    )


def finished(world: World) -> list[str]:
    """Nothing waits, every message has its item, every item its message and its objects."""
    stored = world.items()
    rows = [item for items in stored.values() for item in items]
    keys = {(item["pk"], item["sk"]) for item in rows}
    # A call needs no message of its own: it is canceled before, or begun by that of another.
    told_of = {(i["pk"], i["sk"]) for i in rows if i.get("outbox", CALL) != CALL}
    problems = list(world.problems)
    problems += [f"still due: {item['sk']}" for item in rows if world.is_awaited(item)]
    gone = {key for key in world.messages - keys if not key[0].endswith(_DELETED)}
    gone = {key for key in gone if not is_read_no_more(*key, keys)}
    problems += [f"a message without its item: {key}" for key in gone]
    problems += [f"never sent to its queue: {key}" for key in told_of - world.messages]
    erased = {item["sk"] for item in rows if "erased_at" in item.get("view", {})}
    left = [item for item in rows if item["sk"] not in erased]
    named = {item[name] for item in left for name in _OBJECTS if name in item}
    problems += [
        f"not erased: {key}" for key in world.cloud.objects() for one in erased if one in key
    ]
    if missing := named and named - world.cloud.objects().keys():
        problems.append(f"not in the bucket: {missing}")
    core = stored["CoreTable"]
    problems += hooks.finished(world.receivers, world.partition, core)
    return problems + _hung_up(world, core) + _ended(world, core) + _written_down(world, core)


def _hung_up(world: World, rows: list[Item]) -> list[str]:
    """Nobody was dialled twice for one attempt, and nobody is on the phone any more."""
    board = world.telephone.board
    dials = Counter(attempt_of(call) for call in board.calls)
    problems = [f"dialled {number} times: {one}" for one, number in dials.items() if number > 1]
    through = Counter(call.parent_sid for call in board.account.calls() if call.parent_sid)
    problems += [f"put through {many} times: {sid}" for sid, many in through.items() if many > 1]
    problems += [f"on the phone: {call.sid}" for call in board.calls if not call.is_over]
    # Before it went on: in this world hang-ups are done first.
    canceled = {row.get("sid") for row in rows if row.get("view", {}).get("status") == "canceled"}
    ended = [call for call in board.calls if call.sid in canceled]
    return problems + [f"not hung up: {one.sid}" for one in ended if one.ended_by != "api"]


def _ended(world: World, rows: list[Item]) -> list[str]:
    """Each call has ended once, holds no place and no minutes, and has one there of its own."""
    at = f"W#{world.partition}#"
    calls = [item for item in rows if item["pk"] == f"{at}CALL"]
    problems = [
        f"not over: {c['view']}" for c in calls if not is_terminal(Status(c["view"]["status"]))
    ]
    ended = Counter(
        row["object"]["id"]
        for row in rows
        if row.get("type") == "call.ended" and "only" not in row and row["details"]["is_last"]
    )
    if ended != Counter(call["sk"] for call in calls):
        problems.append(f"ended: {ended}")
    problems += [f"on the phone: {row}" for row in rows if row.get("active")]
    # Not of what there is at once, which is in no billing cycle.
    used = [row for row in rows if row["pk"] == f"{at}USE"]
    minutes = [row for row in used if not row["sk"].startswith("NOW#")]
    problems += [f"reserved: {row}" for row in minutes if row["committed"] != row.get("used", 0)]
    # Of a call that is tried again only the last one is known.
    known = [call["sid"] for call in calls if call.get("sid")]
    if len(set(known)) < len(known):
        problems.append(f"two of our calls have the same one at the carrier: {known}")
    return problems


def _written_down(world: World, rows: list[Item]) -> list[str]:
    """Whatever the agent said in a call is in its transcript."""
    written = {
        (row["sk"], line["text"])
        for row in rows
        if row["pk"].endswith("#SAID")
        for line in row.get("transcript", [])
    }
    calls = world.telephone.calls
    said = {(attempt_of(call)[0], text) for call in calls for text in call.said("agent")}
    erased = {row["sk"] for row in rows if "erased_at" in row.get("view", {})}
    problems = [f"written down, though erased: {text}" for one, text in written if one in erased]
    missing = [text for one, text in said - written if one not in erased]
    return problems + [f"said and not written down: {text}" for text in missing]


# ---- a commit alone -----------------------------------------------------------------------------


def counted(world: World, fault: Fault) -> int:
    """What a counter stands at after one commit that adds 1, and is struck once."""
    world.reset()
    counter = Key("COUNTER", "-")
    tx = Transaction(world.partition, "req")
    tx.update(Table.CORE, counter, "ADD #n :one", values={"one": 1})
    with world.seam.use(Injector(fault, 1)):
        tx.commit()
    return sum(item["n"] for item in world.items()["CoreTable"] if item["pk"] == counter.pk)
