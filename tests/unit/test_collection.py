"""Workers that run tests side by side collect the same tests, whatever the moment."""

import ast
from pathlib import Path

import pytest

_TESTS = Path(__file__).parents[1]
# What answers otherwise each time it is called.
_FLEETING = {"now", "today", "utcnow", "time", "monotonic", "uuid4", "token_hex", "another_number"}


def fleeting(source: str) -> list[int]:
    """The lines on which a parameter of a test is made of the moment it is collected in."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("parametrize"):
            continue
        # Of a function that tells where in memory it is.
        lines += [one.value.lineno for one in node.keywords if ast.unparse(one) == "ids=repr"]
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and inner is not node:
                called = inner.func
                name = called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)
                lines += [inner.lineno] if name in _FLEETING else []
    return lines


@pytest.mark.parametrize("path", sorted(_TESTS.rglob("test_*.py")), ids=lambda path: path.stem)
def test_no_parameter_is_made_of_the_moment(path: Path) -> None:
    assert fleeting(path.read_text()) == []


def test_a_parameter_that_is_made_of_the_moment_is_seen() -> None:
    assert fleeting('@pytest.mark.parametrize("at", [f"{clock.now()}"])\ndef test(): ...') == [1]
    assert fleeting('@pytest.mark.parametrize("of", [len], ids=repr)\ndef test(): ...') == [1]
