"""`make mutants`: change what everything stands on, a little at a time, and see who notices.

mutmut wants its sources in `src/` and its settings in `pyproject.toml`, so it works on a copy of
the repository in `.mutants/`. A mutant that no test kills is printed with its change.
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

# What must not go wrong: who may do what, what is charged, what is done once.
MODULES = (
    *("auth", "egress", "idempotency", "pagination", "sessions", "transaction", "usage", "worker"),
    *("voice/calls/lifecycle", "voice/compliance/quiet_hours", "voice/dialling/claims"),
)
LEAST_KILLED = 0.9

_SCRATCH = ROOT / ".mutants"
_PACKAGES = "layers/shared/python"
_COPIED = ("tests", "tools", "functions", "events", "docs", "benchmarks", "template.yaml")
# Processes of their own import the repository, not the copy.
_UNFIT = ("test_endpoint_imports.py", "test_carrier_command.py", "test_reference.py")
_KILLED = {"killed", "timeout", "suspicious", "segfault", "caught by type check"}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("modules", nargs="*", default=MODULES, help="such as auth")
    modules: Sequence[str] = arguments.parse_args().modules
    lay_out(modules)
    _mutmut("run", "--max-children", str(os.cpu_count() or 1))
    results = _results()
    for name, state in results.items():
        if state not in _KILLED:
            print(f"\n{name}: {state}\n{_change(name)}")
    print()
    killed = sum(_told(module, results) for module in modules)
    share = killed / len(results)
    print(f"{killed} of {len(results)} mutants killed: {share:.1%}; at least {LEAST_KILLED:.0%}")
    sys.exit(share < LEAST_KILLED)


def lay_out(modules: Sequence[str]) -> None:
    """Make the copy anew; what mutmut found before stays, for what has not changed."""
    for name in (*_COPIED, "src"):
        target = _SCRATCH / name
        shutil.rmtree(target, ignore_errors=True)
        source = ROOT / (_PACKAGES if name == "src" else name)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    settings = (ROOT / "pyproject.toml").read_text().replace(_PACKAGES, "src")
    (_SCRATCH / "pyproject.toml").write_text(settings + _settings(modules))


def _settings(modules: Sequence[str]) -> str:
    chosen = [f"src/linkwright/{module}.py" for module in modules]
    tests = ["tests/unit", "tests/integration", *(f"--ignore-glob=*/{name}" for name in _UNFIT)]
    return f"""
[tool.mutmut]
source_paths = ["src"]
only_mutate = {chosen}
also_copy = {[name for name in _COPIED if name != "tests"]}
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
"""


def _mutmut(*arguments: str, silent: bool = False) -> str:
    output = subprocess.PIPE if silent else None
    command = [str(Path(sys.executable).parent / "mutmut"), *arguments]
    done = subprocess.run(command, cwd=_SCRATCH, stdout=output, text=True, check=True)
    return done.stdout or ""


def _results() -> dict[str, str]:
    """Each mutant's state, by its name."""
    lines = _mutmut("results", "--all", "true", silent=True).splitlines()
    pairs = (line.strip().rpartition(": ") for line in lines if "__mutmut_" in line)
    return {name: state for name, _, state in pairs}


def _change(name: str) -> str:
    return re.sub(r"(?m)^# .*\n", "", _mutmut("show", name, silent=True)).strip()


def _told(module: str, results: dict[str, str]) -> int:
    """Print what became of a module's mutants; returns how many were killed."""
    within = f"linkwright.{module.replace('/', '.')}."
    states = [state for name, state in results.items() if name.startswith(within)]
    counts = Counter("killed" if state in _KILLED else state for state in states)
    print(f"{module:30} {counts['killed'] / max(len(states), 1):6.1%} {dict(counts)}")
    return counts["killed"]


if __name__ == "__main__":
    main()
