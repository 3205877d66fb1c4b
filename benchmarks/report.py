"""docs/performance.md: what was measured before and now, with the budgets and the peers beside."""

import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from benchmarks import budgets
from benchmarks.processes import Layers
from benchmarks.results import Results
from benchmarks.subjects import PEERS, measured
from tests.endpoints import ENDPOINTS

_INTRODUCTION = """\
# Performance

Measured by `make bench` on {day}: {machine}. Not on Lambda.
Only ratios within one run carry over to another machine. Each is the median of alternating rounds,
with a standard error of at most {error:.1%}. "Before" is commit {commit} by the same meter.
Bytecode is compiled and the environment is Lambda's; no process is torn down, as none is on Lambda.
"""
_INIT = """\
## Cold start

CPU of a process until its function is imported and has its clients, as a ratio to one that does
`import boto3; boto3.client("dynamodb")`.
"""
_FIRST = """\
## Cold start and first request

CPU until the first request is answered, as a ratio to a bare boto3 handler that makes the same
calls, without any check, validation, log context or metric.
"""
_WARM = """\
## Warm request

CPU of each further request, as a ratio to that handler. The peers (`benchmarks/peers/`) make the
same calls with boto3.
"""
_LIFE = """\
## One call's life

Placed, dialled, answered, two turns, hung up, followed up; by function. The sweeper, which asks the
same each minute, is left out. Its CPU is {cpu:.2f} of before, budget {budget}.
"""
_CALLS = """\
## AWS calls and capacity

Counted and asserted by `tests/integration/test_costs.py`. Each request authenticates:
one UpdateItem more, whose unit the write units include.
"""
_LINES = """\
## Lines of calls

Asserted by `tests/integration/test_voice_long_lines.py`, at 10,000 calls that wait. At rest they
cost one message a minute and three reads of an item. Where all of them are of a busy agent, the
first call behind them is claimed after 9 GetItem and 3 Query, each of one item. A run looks into at
most 2 x `concurrent_calls` + 20 lines of agents and numbers, a Query each, however many there are.

A transaction keeps others from its items for some 10 ms. Each dial writes twice to the set of its
workspace's calls on the phone, four times if it waited, twice to the workspace's minutes, and once
to the pace of the carrier's account: some 25 dials a second of one workspace, 100 of an account.
The greatest plan has 100 calls at once. Above that transactions are tried again for two seconds,
then their job is put off by seconds: calls are delayed, and none is lost or dialled twice
(`tests/faults/test_conflicts.py`).

Metadata is written with the call, three of its indexes and its event at each change: at the most of
27 KB some 250 write units, and 1,000 where each letter is of four bytes, by arithmetic. These are
the call's own and those of its workspace's lists, so no other workspace waits for that.
"""


def text(now: Results, before: Results, layers: Layers) -> str:
    told = {"day": now.day, "machine": now.machine, "error": now.error, "commit": before.commit}
    parts = [
        _INTRODUCTION.format(**told),
        _INIT,
        _table(("function", "before", "now", "budget"), _init(now, before)),
        _FIRST,
        _table(("route", "before", "now", "budget", *PEERS), _requests("first", now, before)),
        _WARM,
        _table(("route", "before", "now", "budget", *PEERS), _requests("warm", now, before)),
        _LIFE.format(cpu=now.life_cpu / before.life_cpu, budget=budgets.LIFE_CPU),
        _table(("function", "before", "now", "budget"), _life(now, before)),
        _CALLS,
        _table(("request", "calls besides", "read units", "write units"), _costs()),
        _LINES,
        "## Layers\n",
        _table(("layer", "unpacked", "zipped"), _sizes(layers)),
    ]
    return "\n".join(parts)


Rows = Iterable[tuple[object, ...]]


def _table(head: tuple[str, ...], rows: Rows) -> str:
    first, *rest = (f"| {' | '.join(map(_cell, line))} |" for line in (head, *rows))
    return "\n".join([first, "|---" * len(head) + "|", *rest]) + "\n"


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _init(now: Results, before: Results) -> Rows:
    for function in measured():
        name = function.file
        yield name, before.init.get(name, ""), now.init[name], budgets.init(function)
    for name in now.init:
        if ": POST" in name:
            yield name.partition(":")[0], before.init.get(name, ""), now.init[name], ""


def _requests(kind: str, now: Results, before: Results) -> Rows:
    found: Mapping[str, float] = getattr(now, kind)
    for route, limit in budgets.WARM.items():
        peers = [found.get(f"{peer}: {route}", "") for peer in PEERS]
        budget = budgets.FIRST if kind == "first" else limit
        yield f"`{route}`", getattr(before, kind).get(route, ""), found[route], budget, *peers


def _life(now: Results, before: Results) -> Rows:
    ours, theirs = _by_function(now), _by_function(before)
    for name in theirs | ours:
        yield name, theirs[name], ours[name], ""
    yield "all", theirs.total(), ours.total(), budgets.LIFE_CALLS


def _by_function(results: Results) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, number in results.life_calls.items():
        found[name.split()[0]] += number
    return found


def _costs() -> Iterator[tuple[object, ...]]:
    for route, row in ENDPOINTS.items():
        for cost in row.costs:
            note = f" {cost.note}" if cost.note else ""
            calls = ", ".join(cost.calls) or "none"
            yield f"`{route}`{note}", calls, str(cost.read_units), cost.write_units


def _sizes(layers: Layers) -> Rows:
    for name, folder in (
        ("dependencies, for this machine", layers.dependencies),
        ("shared", layers.shared),
    ):
        files = [path for path in folder.rglob("*") if path.is_file()]
        unpacked = sum(path.stat().st_size for path in files)
        yield name, f"{unpacked / 1e6:.1f} MB", f"{_zipped(files, folder) / 1e6:.1f} MB"


def _zipped(files: list[Path], folder: Path) -> int:
    with tempfile.TemporaryFile() as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in files:
                packed.write(path, path.relative_to(folder))
        return target.tell()
