"""Tests of one group run in one process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.template import ROOT

_TESTS = """
import os
import pathlib
import pytest

@pytest.mark.parametrize("case", range(6))
{mark}
def test_one(case):
    with pathlib.Path("{workers}").open("a") as workers:
        print(os.environ["PYTEST_XDIST_WORKER"], file=workers)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mark", "count"), [("", 2), ("@pytest.mark.xdist_group('same')", 1)], ids=["none", "same"]
)
def test_those_of_one_group_run_in_one_process(tmp_path: Path, mark: str, count: int) -> None:
    workers = tmp_path / "workers"
    for name in "ab":
        text = _TESTS.format(mark=mark, workers=workers)
        (tmp_path / f"test_{name}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.groups", "-n", "2"]
    here = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    run = [*command, "--dist", "loadgroup", "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(run, cwd=tmp_path, env=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = workers.read_text().split()
    assert (len(ran), len(set(ran))) == (12, count)
