"""Runs of a request with a fault in them, and what each run must come to.

Leg A (`retried`): the fault, then the client tries again. Leg B (`abandoned`): the fault, and
nobody tries again. `overlapping`: the same request comes again in the middle of the first.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from linkwright.outbox import CALL
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction
from linkwright.voice.calls.states import Status, is_terminal
from tests.client import Answer
from tests.faults.injection import Fault, Injector
from tests.faults.samples import Sample
from tests.faults.states import State, difference, leaks, neutral
from tests.faults.tally import TALLY
from tests.faults.telephone import attempt_of
from tests.faults.world import World

KEY = "the client's key"
_OBJECTS = ("recording_key", "transcript_key")
RETRY_AFTER = timedelta(seconds=60)
# What is told to whoever comes later: of a change that it is made, of a thing that it is gone.
MADE = {"PATCH": 409, "DELETE": 404}
UNAVAILABLE = 503


def injectors(fault: Fault, calls: int) -> Iterator[Injector]:
    """The fault at each call, once and from there on."""
    for at in range(1, calls + 1):
        yield Injector(fault, at)
        if not fault.kills:  # whoever is killed makes no later call
            yield Injector(fault, at, outage=True)


def unreached(injector: Injector) -> list[str]:
    """A fault at a call that is not made proves nothing."""
    return [] if injector.struck else ["the call was not made"]


def told(problems: list[str], injector: Injector) -> list[str]:
    mode = "from" if injector.outage else "at"
    fault = f"{injector.fault} {mode} call {injector.at} ({injector.called})"
    return [f"{fault}: {text}" for text in problems]


@dataclass(frozen=True)
class CleanRequest:
    """A request without a fault: its calls, its answer, the state before and in the end."""

    calls: int
    answer: Answer
    before: State
    after: State


def clean_request(world: World, route: str) -> CleanRequest:
    world.reset()
    world.prepared(route)
    world.settle()
    before, injector = world.state(), Injector()
    world.reset()
    wanted = world.prepared(route)
    answer = world.request(wanted, KEY, injector)
    assert answer is not None
    assert answer.status < 400, f"the sample of {route} is answered {answer.raw}"
    world.settle()
    assert finished(world) == []
    TALLY.calls[route] = len(injector.calls)
    return CleanRequest(len(injector.calls), answer, before, world.state())


def retried(world: World, route: str, clean: CleanRequest, injector: Injector) -> list[str]:
    """Leg A. Returns what is wrong."""
    world.reset()
    wanted = world.prepared(route)
    first = world.request(wanted, KEY, injector)
    world.advance(RETRY_AFTER)
    second = world.request(wanted, KEY)
    world.settle()
    third = world.request(wanted, KEY)
    TALLY.runs[route] += 1
    problems = unreached(injector) + _judged(world, clean, first, may_fail=True)
    problems += _repeated(world, clean, wanted, first, second, third)
    problems += difference(clean.after, world.state())
    return told(problems + finished(world), injector)


def abandoned(world: World, route: str, clean: CleanRequest, injector: Injector) -> list[str]:
    """Leg B: all of it or nothing of it, even if the stream loses what it should have told."""
    world.reset()
    wanted = world.prepared(route)
    world.stream_works = world.redelivers = False
    answer = world.request(wanted, KEY, injector)
    world.settle()
    TALLY.runs[route] += 1
    found = world.state()
    problems = unreached(injector) + finished(world)
    problems += _judged(world, clean, answer, may_fail=True)
    succeeded = answer is not None and answer.status != UNAVAILABLE
    if succeeded or found != clean.before:
        problems += difference(clean.after, found)
    return told(problems, injector)


def overlapping(world: World, route: str, clean: CleanRequest, at: int) -> list[str]:
    """The same request comes a second time while the first is at its n-th call."""
    world.reset()
    wanted = world.prepared(route)
    others: list[Answer | None] = []
    injector = Injector(at=at, meanwhile=lambda: others.append(world.request(wanted, KEY)))
    first = world.request(wanted, KEY, injector)
    world.settle()
    TALLY.runs[route] += 1
    problems = difference(clean.after, world.state()) + finished(world)
    problems += _repeated(world, clean, wanted, *others, first)
    return told(problems, injector)


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
    if wanted.method == "POST":
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
    problems += [f"still due: {item['sk']}" for item in rows if "gsi2pk" in item]
    problems += [f"a message without its item: {key}" for key in world.messages - keys]
    problems += [f"never sent to its queue: {key}" for key in told_of - world.messages]
    named = {item[name] for item in rows for name in _OBJECTS if name in item}
    if missing := named and named - world.cloud.objects().keys():
        problems.append(f"not in the bucket: {missing}")
    core = stored["CoreTable"]
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
        if row.get("type") == "call.ended" and row["details"]["is_last"]
    )
    if ended != Counter(call["sk"] for call in calls):
        problems.append(f"ended: {ended}")
    problems += [f"on the phone: {row}" for row in rows if row.get("active")]
    minutes = [row for row in rows if row["pk"] == f"{at}USE"]
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
        if row["pk"].endswith("#CALL")
        for line in row.get("transcript", [])
    }
    calls = world.telephone.calls
    said = {(attempt_of(call)[0], text) for call in calls for text in call.said("agent")}
    return [f"said and not written down: {text}" for _, text in said - written]


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
