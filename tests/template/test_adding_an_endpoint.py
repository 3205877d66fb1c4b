"""docs/adding-an-endpoint.md does what it says, and each step that is left out is named."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.template.checkout import Checkout, at, real
from tests.template.rules_routes import ROWS
from tests.template.test_rules import RULES
from tools.template import ROOT

GUIDE = ROOT / "docs/adding-an-endpoint.md"
COPIED = (
    *("functions", "layers", "events", "tests", "tools", "benchmarks", "docs"),
    *("template.yaml", "samconfig.toml", "pyproject.toml", "uv.lock", "Makefile"),
)
INSTALLED = (".venv", ".tools-venv")
ROUTE = "GET /v1/voice/do-not-call/{number}"
# Those that judge it besides the rules: its own, and some of those that its row brings about.
JUDGES = (
    "tests/integration/test_do_not_call.py::test_200_retrieves_an_entry_of_the_list",
    "tests/integration/test_do_not_call.py::test_404_for_a_number_that_is_not_on_the_list",
    "tests/integration/test_sample_events.py::test_20x_for_every_other_sample[get_do_not_call]",
    f"tests/integration/test_costs.py::test_the_calls_and_units_of_a_request[{ROUTE} ]",
    f"tests/integration/test_tenancy.py::test_404_alike_for_an_id_of_another_workspace_and_for_none"
    f"[{ROUTE}]",
    f"tests/faults/test_routes.py::test_same_request_in_the_middle_has_one_effect[{ROUTE}]",
)


class Block(NamedTuple):
    """A fenced block of the guide: in which step, of what language, and for which file."""

    step: str
    language: str
    path: str
    text: str


def blocks() -> Iterator[Block]:
    for section in re.split(r"(?m)^## ", GUIDE.read_text())[1:]:
        step = section.partition("\n")[0]
        for info, text in re.findall(r"(?ms)^```(\S.*?)\n(.*?)^```$", section):
            language, _, path = info.partition(" ")
            yield Block(step, language, path, text)


def apply(block: Block, root: Path) -> None:
    """As a reader would."""
    match block.language, block.path:
        case "diff", _:
            _run(["git", "apply"], root, block.text)
        case "bash", _:
            _run(["bash", "-euc", block.text], root)
        case "yaml", path:
            _insert(root / path, "  # ---- functions/callbacks", f"{block.text}\n", before=True)
        case _, path if path == ROWS:
            _insert(root / path, "ENDPOINTS = {\n", block.text)
        case _, path if (root / path).exists():
            (root / path).write_text(f"{(root / path).read_text()}\n\n{block.text}")
        case _, path:
            (root / path).write_text(block.text)


def _insert(file: Path, mark: str, text: str, *, before: bool = False) -> None:
    whole = file.read_text()
    assert whole.count(mark) == 1, f"{mark!r} is not once in {file.name}"
    file.write_text(whole.replace(mark, f"{text}{mark}" if before else f"{mark}{text}"))


def _run(command: list[str], root: Path, text: str = "") -> None:
    # Nothing is installed anew.
    env = os.environ | {"MAKEFLAGS": "-o .venv/.ready"}
    done = subprocess.run(
        command, cwd=root, env=env, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _copy(root: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("node_modules"))
        else:
            shutil.copy2(ROOT / name, root / name)
    for name in INSTALLED:
        if (ROOT / name).exists():
            (root / name).symlink_to(ROOT / name)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which somebody has followed the guide."""
    root = tmp_path_factory.mktemp("checkout")
    _copy(root)
    for block in blocks():
        apply(block, root)
    return root


@pytest.fixture(scope="module")
def done(followed: Path) -> Checkout:
    return at(followed)


def test_whoever_follows_it_is_done(followed: Path, done: Checkout) -> None:
    # The tests below would fail as well where a row is missing, without a word about it.
    for checkout in (real(), done):
        assert (named := "\n".join(sorted(_named(checkout)))) == "", named
    _run([sys.executable, "-m", "pytest", "-q", *JUDGES], followed)


def _named(checkout: Checkout) -> set[str]:
    return {found for rule in RULES for found in rule(checkout)}


LEFT_OUT = {
    "functions/voice/get_do_not_call.py": (
        "GetDoNotCall: functions/voice/get_do_not_call.py does not exist"
    ),
    "template.yaml": "functions/voice/get_do_not_call.py has no block in template.yaml",
    "layers/shared/python/linkwright/routes.json": (
        f"{ROUTE}: routes.json is not of this template; run `make generate`"
    ),
    "events/voice/get_do_not_call.json": (
        "events/voice/get_do_not_call.json: the sample event is missing"
    ),
    "tests/integration/test_do_not_call.py": f"GetDoNotCall: no test mentions {ROUTE}",
    ROWS: f"{ROUTE}: has no row in {ROWS}",
}


@pytest.mark.parametrize("path", LEFT_OUT)
def test_what_is_left_out_is_named(done: Checkout, path: str) -> None:
    undone = done.copy()
    if path == "template.yaml":
        undone.raw = real().raw
    else:
        del undone.files[Path(path)]
        undone.files |= {at: text for at, text in real().files.items() if at == Path(path)}
    assert LEFT_OUT[path] in _named(undone)


def test_no_step_is_without_a_block() -> None:
    assert [step[:2] for step in dict.fromkeys(block.step for block in blocks())] == [
        *("1.", "2.", "3.", "4.")
    ]
