"""`make mutants`: change what everything stands on, a little at a time, and see who notices.

mutmut wants its sources in `src/` and its settings in `pyproject.toml`, so it works on a copy of
the repository for each module, in `.mutants/`. A mutant that no test kills is printed with its
change. Each module is judged by the tests that are about it, in memory: those that only pass
through it would take hours and find little more.

Left out is what no test ought to hold: the wording of a sentence for people, and the type in a
`cast`, which does nothing. Names of metrics and words that are compared are no sentences.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tools.template import ROOT

_KEYS = ("integration/test_keys*", "integration/test_tenancy")
_CALLS = ("integration/test_voice_*", "integration/test_callback_effects", "integration/test_turns")
# What must not go wrong, and by which tests it is held.
MODULES = {
    "auth": ("unit/test_auth", "integration/test_sessions", *_KEYS),
    "tokens": ("unit/test_auth",),
    "egress": ("unit/test_egress",),
    "idempotency": ("unit/test_idempotency", "integration/test_idempotency*"),
    "inbound_webhooks": ("unit/test_inbound_webhooks",),
    "jobs": ("integration/test_jobs", "integration/test_giving_up"),
    "pace": ("integration/test_pace", "integration/test_voice_pace"),
    "pagination": (
        "unit/test_pagination",
        "integration/test_paging",
        "integration/test_call_filters",
    ),
    "relay": ("integration/test_jobs", "integration/test_tried_again"),
    "retries": ("integration/test_jobs", "integration/test_account", "integration/test_giving_up"),
    "sealing": ("unit/test_sealing",),
    "sessions": ("integration/test_sessions",),
    "standard_webhooks": (
        "unit/test_inbound_webhooks",
        "unit/test_webhook_sending",
        "integration/test_plan_changes",
    ),
    "sweeper": ("integration/test_jobs", "integration/test_noisy_neighbour"),
    "transaction": (
        "unit/test_transaction",
        "integration/test_idempotency*",
        "integration/test_do_not_call",
    ),
    "usage": ("unit/test_usage",),
    "worker": ("unit/test_worker", "unit/test_time_left", "integration/test_jobs"),
    "voice/calls/endings": (
        "unit/test_endings",
        "unit/test_lifecycle",
        "integration/test_voice_ends",
    ),
    "voice/calls/items": ("unit/test_call_items", "unit/test_lifecycle", *_CALLS),
    "voice/calls/lifecycle": ("unit/test_lifecycle", *_CALLS),
    "voice/calls/line": ("integration/test_voice_line",),
    "voice/calls/places": ("integration/test_voice_line", "integration/test_voice_minutes"),
    "voice/compliance/quiet_hours": ("unit/test_quiet_hours",),
    "voice/dialling/claims": ("unit/test_claims", "integration/test_voice_dialling"),
    "webhooks/deliverer": ("unit/test_webhook_deliverer",),
    "webhooks/fan_out": ("unit/test_webhook_fan_out",),
    "webhooks/health": ("unit/test_webhook_health",),
    "webhooks/receivers": ("unit/test_webhook_receivers",),
    "webhooks/replays": ("unit/test_webhook_replays",),
    "webhooks/sending": ("unit/test_webhook_sending",),
}
LEAST_KILLED = 0.9
# What runs hundreds of times finds what its first runs find, much later.
_PYTEST = ["-m", "not emulator", "-k", "not 720_orders"]

_SCRATCH = ROOT / ".mutants"
_PACKAGES = "layers/shared/python"
_COPIED = (
    "tests",
    "tools",
    "functions",
    "events",
    "docs",
    "benchmarks",
    "template.yaml",
    "README.md",
)
_KILLED = frozenset({"killed", "timeout", "suspicious", "segfault"})
_LEFT_OUT = "left out"
# Words with a space between them; `#` and `:` are an expression's.
_SENTENCE = re.compile(r'f?"[^"#:]*\w [^"#:]*\w[^"#:]*"')
_CAST = re.compile(r"\bcast\([^,]+,")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("modules", nargs="*", default=list(MODULES), help="such as auth")
    results = {module: judged(module) for module in arguments.parse_args().modules}
    print()
    for module, states in results.items():
        print(f"{module:30} {_share(states):6.1%} {dict(Counter(states))}")
    states = [state for each in results.values() for state in each]
    print(f"{len(states)} mutants, {_share(states):.1%} killed; at least {LEAST_KILLED:.0%}")
    sys.exit(_share(states) < LEAST_KILLED)


def judged(module: str) -> list[str]:
    """What became of each mutant of a module; prints those that live."""
    copy = _SCRATCH / module.replace("/", ".")
    lay_out(module, copy)
    _mutmut(copy, "run", "--max-children", str(os.cpu_count() or 1))
    results = _results(copy)
    for name, state in results.items():
        if state not in _KILLED:
            change = re.sub(r"(?m)^# .*\n", "", _mutmut(copy, "show", name))
            if only_rewords(change):
                results[name] = _LEFT_OUT
            else:
                print(f"\n{name}: {state}\n{change.strip()}", flush=True)
    return list(results.values())


def only_rewords(change: str) -> bool:
    """Whether a change is of a sentence, or of the type in a `cast`, and of nothing else."""
    lines = re.findall(r"(?m)^([-+])(?!\1\1 )(.*)$", change)
    before, after = ([line for sign, line in lines if sign == side] for side in "-+")
    return bool(before) and [*map(_bare, before)] == [*map(_bare, after)]


def _bare(line: str) -> str:
    return _CAST.sub("cast(None,", _SENTENCE.sub("None", line))


def lay_out(module: str, copy: Path) -> None:
    """Make the copy anew: what mutmut found before, it would keep though the tests are others."""
    shutil.rmtree(copy, ignore_errors=True)
    for name in (*_COPIED, "src"):
        target = copy / name
        source = ROOT / (_PACKAGES if name == "src" else name)
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
            )
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    settings = (ROOT / "pyproject.toml").read_text().replace(_PACKAGES, "src")
    (copy / "pyproject.toml").write_text(settings + _settings(module))


def _settings(module: str) -> str:
    tests = [
        path.relative_to(ROOT).as_posix()
        for pattern in MODULES[module]
        for path in sorted((ROOT / "tests").glob(f"{pattern}.py"))
    ]
    return f"""
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/linkwright/{module}.py"]
also_copy = {[name for name in _COPIED if name != "tests"]}
pytest_add_cli_args = {_PYTEST}
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
# A busy machine kills no mutant.
timeout_constant = 20.0
"""


def _mutmut(copy: Path, *arguments: str) -> str:
    """Run a command of mutmut's; returns what it prints. Exits with that if it fails."""
    command = [str(Path(sys.executable).parent / "mutmut"), *arguments]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout[-10_000:] + done.stderr)
    return done.stdout


def _results(copy: Path) -> dict[str, str]:
    """Each mutant's state, by its name."""
    lines = _mutmut(copy, "results", "--all", "true").splitlines()
    pairs = (line.strip().rpartition(": ") for line in lines if "__mutmut_" in line)
    return {name: state for name, _, state in pairs}


def _share(states: Sequence[str]) -> float:
    judged_by = [state for state in states if state != _LEFT_OUT]
    return sum(state in _KILLED for state in judged_by) / max(len(judged_by), 1)


if __name__ == "__main__":
    main()
