"""Which mutants are left out: what no test ought to hold, and nothing else. By which tests the
others are judged: by such as there are.
"""

import re

import pytest

from tools import mutants
from tools.mutants import MODULES, only_rewords
from tools.template import ROOT


def _change(before: str, after: str) -> str:
    return f"--- src/a.py\n+++ src/a.py\n@@ -1,2 +1,2 @@\n def f():\n-    {before}\n+    {after}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('raise ValueError("not a key")', 'raise ValueError("XXnot a keyXX")'),
        ('raise ValueError("not a key")', 'raise ValueError("NOT A KEY")'),
        ('raise ValueError("not a key")', "raise ValueError(None)"),
        ('raise ValueError(f"at most {MOST} keys")', "raise ValueError(None)"),
        ("return cast(Item, found)", "return cast(None, found)"),
    ],
)
def test_wording_is_left_out(before: str, after: str) -> None:
    assert only_rewords(_change(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('raise ValueError("not a key")', 'raise KeyError("not a key")'),
        ('log("it failed", failure)', 'log("it failed", None)'),
        ('count("failed")', 'count("XXfailedXX")'),
        ('return ", ".join(found)', 'return "XX, XX".join(found)'),
        ('update("SET #n = :n")', 'update("set #n = :n")'),
        ('update("SET #n = :n")', "update(None)"),
        ("return cast(Item, found)", "return cast(Item, None)"),
        ("if more > 0:", "if more > 1:"),
    ],
)
def test_all_else_is_judged(before: str, after: str) -> None:
    assert not only_rewords(_change(before, after))


def test_a_word_next_to_what_changes_is_judged() -> None:
    assert not only_rewords(_change('fail("no answer", 1)', 'fail("no answer", 2)'))


@pytest.mark.parametrize("module", MODULES)
def test_each_module_is_there_and_so_are_the_tests_that_judge_it(module: str) -> None:
    assert (ROOT / mutants._PACKAGES / "linkwright" / f"{module}.py").is_file()
    for pattern in MODULES[module]:
        assert list((ROOT / "tests").glob(f"{pattern}.py")), pattern


@pytest.mark.parametrize("module", MODULES)
def test_what_the_tests_of_a_module_read_of_the_root_is_in_its_copy(module: str) -> None:
    files = [path for one in MODULES[module] for path in (ROOT / "tests").glob(f"{one}.py")]
    named = {name for path in files for name in re.findall(r'"(\w+\.\w+)"', path.read_text())}
    read = {name for name in named if (ROOT / name).is_file()}
    assert read <= {*mutants._COPIED, "pyproject.toml"}
