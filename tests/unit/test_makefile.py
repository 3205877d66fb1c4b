"""The Makefile, wherever somebody has cloned to."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.template import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder whose path make and a shell would take for three."""
    folder = tmp_path / "at wörk for-you"
    folder.mkdir()
    for name in ("Makefile", "uv.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def _recipes(folder: Path, *targets: str) -> list[str]:
    """What make would run, on a machine that has no uv."""
    machine = {**os.environ, "PATH": "/usr/bin:/bin", "LAYER_PYTHON": "python3"}
    made = subprocess.run(
        ["make", "-n", "PYTHON=python3", *targets],
        cwd=folder,
        env={name: value for name, value in machine.items() if not name.startswith("MAKE")},
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("target", ["validate", "build"])
def test_sam_is_one_word(clone: Path, target: str) -> None:
    words = [word for line in _recipes(clone, target) for word in shlex.split(line, comments=True)]
    assert str(clone / ".venv-sam/bin/sam") in words


def test_nor_is_it_more_where_it_deploys() -> None:
    """Which make would do even where it is only to say what."""
    lines = (ROOT / "Makefile").read_text().splitlines()
    called = [line for line in lines if "$(SAM)" in line and not line.startswith("SAM")]
    assert len(called) >= 3
    assert [line for line in called if re.search(r"(?<!')\$\(SAM\)", line)] == []


def test_uv_is_installed_once(clone: Path) -> None:
    recipes = _recipes(clone, ".venv/.ready", ".venv-sam/.ready")
    assert sum("Installing uv" in line for line in recipes) == 1
