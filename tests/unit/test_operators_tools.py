"""The operator's commands start as they are documented, and say in one line what is wrong."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.template.checkout import real
from tools import jobs as commands
from tools.template import ROOT


def _run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """In the shell of who has just made `.venv`: without a path of ours."""
    shell = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=shell | env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "tool", ["jobs", "links", "listen", "numbers", "pause", "receivers", "restore", "workspace"]
)
def test_each_tool_starts_as_it_is_documented(tool: str) -> None:
    done = _run(f"tools.{tool}", "--help")
    assert done.returncode == 0, done.stderr[-300:]


@pytest.mark.parametrize(
    "command",
    [
        "jobs list",
        "links hosts",
        "links block-host evil.example --reason phishing",
        "numbers +972541234567 ws_1",
        "numbers --release +972541234567",
        "pause renew",
        "receivers arn:aws:sqs:us-east-1:123456789012:own ws_1",
        "receivers --release arn:aws:events:us-east-1:123456789012:event-bus/own",
        "restore --table core --source restored",
        "workspace create --name Acme",
        "workspace member ws_1 org_1 user_1 --role admin",
    ],
)
@pytest.mark.slow
def test_a_stack_that_cannot_be_read_is_one_line(command: str) -> None:
    nowhere = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_MAX_ATTEMPTS": "1",
    }
    tool, *words = command.split()
    done = _run(f"tools.{tool}", "--stack", "linkwright-nowhere", *words, **nowhere)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("stack 'linkwright-nowhere' cannot be read: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("numbers +972541234567", "say a workspace, or --release"),
        ("numbers --release +972541234567 ws_1", "say a workspace, or --release"),
        ("numbers --force +972541234567 ws_1", "--force is for --release"),
        ("numbers 0541234567 ws_1", "a number is written like +972541234567"),
        ("receivers arn:aws:s3:::own ws_1", "say the ARN of an event bus or a queue"),
    ],
)
def test_a_thing_is_given_to_one_or_released_and_nothing_by_omission(words: str, said: str) -> None:
    tool, *others = words.split()
    done = _run(f"tools.{tool}", "--stack", "linkwright-nowhere", *others)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_workspace_is_made_in_no_stack_that_was_not_named() -> None:
    done = subprocess.run(
        ["make", "-s", "-o", ".venv/.ready", "workspace", "STACK="],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Say which stack" in done.stderr


def _recipe(target: str, *said: str) -> list[str]:
    """The words that the real recipe gives to its tool, which is made up."""
    done = subprocess.run(
        ["make", "-s", "-n", "-o", ".venv/.ready", target, *said],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    shown = done.stdout.replace(".venv/bin/python", "printf '%s\\n'")
    variables = dict(one.split("=", 1) for one in said)
    words = subprocess.run(
        ["bash", "-euc", shown],
        env={"PATH": os.environ["PATH"]} | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return words.stdout.splitlines()


@pytest.mark.parametrize("name", ["O'Brien", 'The "Best"', "a; exit 3", "Two words"])
def test_what_was_said_reaches_the_tool_as_it_is(name: str) -> None:
    words = _recipe("workspace", "STACK=linkwright-staging", f"NAME={name}", "ID=ws_acme")
    assert words[words.index("--name") + 1] == name
    assert words[words.index("--id") + 1] == "ws_acme"
    assert "--id" not in _recipe("workspace", "STACK=linkwright-staging", f"NAME={name}")
    given = _recipe("number", f"STACK={name}", "NUMBER=+972541234567", "WORKSPACE=ws_1")
    assert given[2:] == ["--stack", name, "+972541234567", "ws_1"]


@pytest.mark.parametrize("target", ["deploy", "number", "receiver", "workspace"])
def test_no_recipe_quotes_what_was_said_itself(target: str) -> None:
    """A quote in it would end the recipe's, so it comes from the environment."""
    block = re.search(
        rf"^{target}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert block
    assert set(re.findall(r"\$\(([A-Z]+)", block[1])) <= {"MAKE", "SAM"}


class _Queues:
    """SQS as it is: a poll that does not wait asks some of its servers, and may find nothing."""

    def __init__(self, number: int) -> None:
        self.dead = [f"m{at}" for at in range(number)]
        self.sent: list[str] = []
        self.polls = 0

    def get_queue_attributes(self, **_: str | list[str]) -> dict[str, Any]:
        policy = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:1:dead"})
        return {"Attributes": {"RedrivePolicy": policy}}

    def get_queue_url(self, **_: str) -> dict[str, str]:
        return {"QueueUrl": "dead"}

    def receive_message(self, **asked: str | int | list[str]) -> dict[str, Any]:
        self.polls += 1
        if not asked.get("WaitTimeSeconds") and self.polls % 2:
            return {}
        return {"Messages": [{"Body": body, "ReceiptHandle": body} for body in self.dead[:3]]}

    def send_message(self, *, MessageBody: str, **_: str) -> None:  # noqa: N803 -- boto3's
        self.sent.append(MessageBody)

    def delete_message(self, *, ReceiptHandle: str, **_: str) -> None:  # noqa: N803 -- boto3's
        self.dead.remove(ReceiptHandle)


def test_all_dead_letters_go_back_though_a_short_poll_finds_none() -> None:
    queues = _Queues(12)
    everything = list(queues.dead)
    assert commands.redrive(queues, "alive") == 12
    assert queues.sent == everything


def test_the_dead_letters_of_each_queue_can_be_sent_again() -> None:
    queues = real().of_type("AWS::SQS::Queue")
    assert set(commands.QUEUES) == {name for name, one in queues.items() if "RedrivePolicy" in one}
    assert set(commands.QUEUES) <= set(real().raw["Outputs"])
