"""Each command that a page tells exists: its program, its options, and what it is of.

None is run here; those of the local cloud are run by the tests of their tools.
"""

import importlib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import boto3
import pytest
from botocore import xform_name

from tools.template import ROOT, template

PAGES = sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
# Of the CLI alone, or for each of its commands.
_OF_THE_CLI = {"aws configure sso"}
_FOR_ALL = {"region", "output", "query", "profile"}
_OUTPUT = re.compile(r"<([A-Z]\w+)>")
_BLOCK = re.compile(r"^ *```(?:bash)?\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


def commands(page: Path) -> Iterator[str]:
    for block in _BLOCK.findall(page.read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            for part in line.split("&&"):
                words = part.partition("  #")[0].split()
                if words and words[0] in {"aws", "make", ".venv/bin/python"}:
                    yield " ".join(words)


EVERY = {page.name: dict.fromkeys(commands(page)) for page in PAGES}
WRONG = (
    "make deployment ENV=prod",
    "make number STACKS=linkwright-prod",
    "aws dynamo list-backups",
    "aws dynamodb restore-table --target-table-name a",
    "aws dynamodb list-backups --kind SYSTEM",
    "aws dynamodb wait table-there --table-name a",
    ".venv/bin/python -m tools.job --stack a list",
    ".venv/bin/python -m tools.jobs --stack a undo",
    ".venv/bin/python -m tools.restore --stack a --table core --from b",
)


@pytest.mark.parametrize("page", [page for page, found in EVERY.items() if found])
def test_what_a_page_tells_exists(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [wrong for one in EVERY[page] if (wrong := fault(one, monkeypatch))] == []


def test_what_does_not_exist_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [one for one in WRONG if not fault(one, monkeypatch)] == []


def test_there_are_some_of_each() -> None:
    found = {command.split()[0] for each in EVERY.values() for command in each}
    assert found == {"aws", "make", ".venv/bin/python"}


def test_what_is_named_in_brackets_the_stack_tells() -> None:
    """`<CoreTable>` in a command is an output, by which an operator finds what it is."""
    named = {name for each in EVERY.values() for one in each for name in _OUTPUT.findall(one)}
    assert {"CoreTable", "RelayDeadLetters", "Secret"} <= named <= set(template()["Outputs"])


def fault(command: str, monkeypatch: pytest.MonkeyPatch) -> str | None:
    words = shlex.split(command)
    match words:
        case ["make", *rest]:
            return _of_make(rest)
        case ["aws", *rest]:
            return None if command in _OF_THE_CLI else _of_aws(rest)
        case [_, "-m", module, *rest] if module.startswith("tools."):
            return _of_a_tool(module, rest, monkeypatch)
        case _:
            return None


@cache
def _makefile() -> str:
    return (ROOT / "Makefile").read_text()


def _of_make(words: list[str]) -> str | None:
    for word in words:
        name, is_variable, _ = word.partition("=")
        known = rf"\${{?{name}\b|\b{name} \?=" if is_variable else rf"^{name}:"
        if not re.search(known, _makefile(), re.MULTILINE):
            return f"make knows no {name}"
    return None


def _of_aws(words: list[str]) -> str | None:
    service, operation, *rest = words
    if service not in boto3.session.Session().get_available_services():
        return f"aws knows no {service}"
    client = boto3.client(service, "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")  # noqa: S106
    if operation == "wait":
        waiter, *rest = rest
        return None if waiter.replace("-", "_") in client.waiter_names else f"waits for no {waiter}"
    method = client.meta.method_to_api_mapping.get(operation.replace("-", "_"))
    if method is None:
        return f"{service} has no {operation}"
    shape = client.meta.service_model.operation_model(method).input_shape
    known = {xform_name(name, "-") for name in shape.members} | _FOR_ALL
    for option in (word.removeprefix("--") for word in rest if word.startswith("--")):
        if option not in known:
            return f"{operation} takes no {option}"
    return None


def _of_a_tool(module: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> str | None:
    try:
        tool = importlib.import_module(module)
    except ModuleNotFoundError:
        return f"there is no {module}"
    monkeypatch.setattr("sys.argv", [module, *words])
    reader = getattr(tool, "_arguments", None)
    if reader is None:
        return f"{module} takes no arguments"
    try:
        reader()
    except SystemExit as ended:
        return None if ended.code in (0, None) else f"{module} takes not {words}"
    return None
