"""The pages for callers list each code that they may meet, and none that they cannot."""

import ast
import json
import re
from collections.abc import Iterator
from typing import get_args

import pytest

from linkwright import errors
from linkwright.errors import ApiError
from linkwright.mailer.mailboxes import connecting
from linkwright.plans import Plan
from linkwright.providers import twilio_words
from linkwright.providers.mailbox.types import Failure
from linkwright.voice.calls.models import Call, CallSummary
from linkwright.voice.calls.states import EndedReason, Status, is_terminal
from linkwright.voice.compliance.rules import Refusal
from linkwright.voice.dialling import carrier_reports
from tests import pages
from tools.template import ROOT

CODE = [*(ROOT / "layers/shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
ERRORS = {
    name
    for name, one in vars(errors).items()
    if isinstance(one, type) and issubclass(one, ApiError)
}


# Of a mailbox whose log-in is tried; what comes of a mail or a folder comes later.
LOGIN_FAILURES = {*connecting._WORDS, Failure.TOO_LARGE, Failure.PROTOCOL_ERROR}


def test_each_reason_for_an_end_has_its_row() -> None:
    assert {reason for _, reason in pages.ends()} == set(EndedReason)
    assert {status for status, _ in pages.ends()} == {one for one in Status if is_terminal(one)}


def test_each_of_those_who_may_answer_has_its_row() -> None:
    listed = {row[0].strip("`") for row in pages.tables("docs/calls.md")["answered_by / who"]}
    (shown, _) = get_args(CallSummary.model_fields["answered_by"].annotation)
    assert listed == set(get_args(shown))


@pytest.mark.slow
def test_each_detail_of_an_end_has_its_row() -> None:
    refusals = {twilio_words.refusal(code) for code in (None, *range(10_000, 33_000))}
    update = twilio_words.update("failed")
    assert update
    assert update.refusal
    reports = [carrier_reports.refused(one) for one in refusals | {update.refusal}]
    told = {
        (report.ended_reason, (report.ended_detail or "").partition(" (error")[0])
        for report in reports
    }
    assert told == pages.details()


@pytest.mark.slow
def test_each_reason_of_an_error_is_explained_and_no_other() -> None:
    given = {reason for path in CODE for reason in _reasons(ast.parse(path.read_text()))}
    assert given == pages.reasons()


def _reasons(module: ast.Module) -> Iterator[str]:
    """What errors are made with; of a name, its value in the file, or those of the rules."""
    constants = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
            for argument in node.keywords:
                if argument.arg == "reason":
                    yield from _values(argument.value, constants)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "__init__":
            # An error that has one reason only.
            for argument in node.keywords:
                if argument.arg == "reason" and isinstance(argument.value, ast.Constant):
                    yield str(argument.value.value)


def _values(node: ast.expr, constants: dict[str, ast.expr]) -> set[str]:
    node = constants.get(node.id, node) if isinstance(node, ast.Name) else node
    if ast.unparse(node) == "reason.value":
        return set(Refusal)
    words = constants.get("_WORDS")
    if isinstance(node, ast.Name) and isinstance(words, ast.Dict):
        # One of those for which there are words.
        return {str(ast.literal_eval(key)) for key in words.keys if key}
    if ast.unparse(node) == "failure.value":
        return LOGIN_FAILURES
    assert isinstance(node, ast.Constant), f"which reason is {ast.unparse(node)}?"
    return {str(node.value)}


@pytest.mark.slow
def test_each_limit_of_a_plan_that_may_be_reached_is_named() -> None:
    modules = [ast.parse(path.read_text()) for path in CODE]
    given = {name for module in modules for name in _dimensions(module, modules)}
    limits = {name for name, kind in Plan.__annotations__.items() if kind is int}
    # What is out of credits has an error of its own.
    given = (given & limits) - {"ai_credits"}
    section = (ROOT / "docs/errors.md").read_text().partition("### `plan_limit_exceeded`")[2]
    listed = set(re.findall(r"`(\w+)`", section.partition("### ")[0]))
    assert given == listed & limits
    assert {"call_minutes", "dials_per_day", "webhooks", "links"} <= given


def _dimensions(module: ast.Module, modules: list[ast.Module]) -> Iterator[str]:
    """What is taken of a plan, or is told to be used up; of a name, its values in any module."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            named = [one.value for one in node.keywords if one.arg == "dimension"]
            if getattr(node.func, "attr", "") in {"occupy", "no_more", "reserve"}:
                named += node.args[1:2]
            for one in named:
                yield from _texts(one, modules)


def _texts(node: ast.expr, modules: list[ast.Module]) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    name = getattr(node, "attr", getattr(node, "id", ""))
    for module in modules if name.isupper() else ():
        for one in module.body:
            if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == name:
                yield from _texts(one.value, [])


def test_the_readme_shows_a_call_whole() -> None:
    blocks = re.findall(r"```json\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (call,) = [shown for block in blocks if "id" in (shown := json.loads(block))]
    assert set(call) == set(Call.model_fields)


def test_each_word_of_the_glossary_is_where_it_says() -> None:
    rows = pages.tables("docs/glossary.md")["word / meaning"]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    files = {path for row in rows for path in re.findall(r"`([^`]+)`", row[-1])}
    roots = (ROOT, ROOT / "layers/shared/python/linkwright")
    assert {path for path in files if not any((root / path).exists() for root in roots)} == set()
