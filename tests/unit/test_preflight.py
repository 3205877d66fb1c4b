"""What a deployment needs is asked before it: by programs that are made up, without a network."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tools import preflight
from tools.preflight_parameters import chosen
from tools.template import ROOT

REGION = "eu-west-1"
CERTIFICATE = f"arn:aws:acm:{REGION}:000000000000:certificate/abc"
DOMAIN = f"DomainName=api.example.com CertificateArn={CERTIFICATE}"
CLERK = "ClerkIssuer=https://a.example ClerkJwksUrl=https://a.example/.well-known/jwks.json"
SECRET = f"arn:aws:secretsmanager:{REGION}:000000000000:secret:Secret-abc"
QUEUE = f"arn:aws:sqs:{REGION}:000000000000:hooks.fifo"
BUS = f"arn:aws:events:{REGION}:000000000000:event-bus/hooks"
MAILS = "MailFrom=a@b.example"
WHOLE = f"{MAILS} PublicUrl=https://api.example.com AlarmEmail=ops@example.com"
NO_STACK = "An error occurred (ValidationError): Stack with id linkwright-staging does not exist"
_PENDING = {"Status": "PENDING_VALIDATION", "DomainName": "*.example.com"}
EMPTY = "An error occurred (ResourceNotFoundException): can't find the specified secret value"

# Answers of the AWS CLI by its first words; a text is one that it fails with.
Answers = Mapping[str, Any]

# By a shell: the path of an interpreter that has a space can stand in no first line.
FAKE = """#!/bin/sh
''':'
exec "{python}" -SI "$0" "$@"
'''
import json, sys
answers = json.load(open({answers!r}))
with open({log!r}, "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
answer = answers[" ".join(sys.argv[1:3])]
if isinstance(answer, str):
    sys.exit(answer)
print(answer.get("plain") or json.dumps(answer))
"""


class Said(NamedTuple):
    code: int
    region: str
    told: str
    asked: list[str]


Ask = Callable[..., Said]


def _answers(**changed: Any) -> Answers:
    outputs = [{"OutputKey": "Secret", "OutputValue": SECRET}]
    stack = {"StackStatus": "UPDATE_COMPLETE", "Outputs": outputs}
    held = json.dumps(
        {"carrier": {"account_sid": "not to be seen"}, "clerk_webhook_secrets": ["not to be seen"]}
    )
    answers = {
        "sts get-caller-identity": {"Account": "000000000000"},
        "acm describe-certificate": {
            "Certificate": {"Status": "ISSUED", "DomainName": "api.example.com"}
        },
        "cloudformation describe-stacks": {"Stacks": [stack]},
        "secretsmanager get-secret-value": {"SecretString": held},
        "configure get": {"plain": "ap-south-1"},
        "--silent python3.13": {"plain": " "},
    }
    return answers | {
        name.replace("__", " ").replace("_", "-"): one for name, one in changed.items()
    }


def _stack(status: str) -> dict[str, Any]:
    return {"Stacks": [{"StackStatus": status, "Outputs": []}]}


def _ran(words: list[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """The code, stdout and stderr of the command, in this process: to start one takes a second."""
    out, err, code = StringIO(), StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in list(os.environ):
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr("sys.argv", ["preflight", *words])
        try:
            preflight.main()
        except SystemExit as ended:
            code = int(str(ended.code))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    programs = tmp_path / "bin"
    programs.mkdir()

    def asked(
        parameters: str = WHOLE,
        answers: Answers | None = None,
        *,
        without: str = "",
        region: str = REGION,
        configured: str = "",
        shell: Mapping[str, str] | None = None,
    ) -> Said:
        log, told = tmp_path / "log", tmp_path / "answers.json"
        log.write_text("")
        told.write_text(json.dumps(_answers() if answers is None else answers))
        fake = FAKE.format(python=sys.executable, answers=str(told), log=str(log))
        for name in {"aws", "make", "sam"} - {without}:
            (programs / name).write_text(fake)
            (programs / name).chmod(0o755)
        config = tmp_path / "samconfig.toml"
        config.write_text(
            "[staging.deploy.parameters]\n"
            'stack_name = "linkwright-staging"\n'
            f'{configured}\nparameter_overrides = "Stage=staging {parameters}"\n'
        )
        words = ["--env", "staging", "--config", str(config), "--sam", str(programs / "sam")]
        words += ["--region", region] if shell is None else []
        code, out, err = _ran(words, {"PATH": str(programs), **(shell or {})})
        asked = [line for line in log.read_text().splitlines() if "python3.13" not in line]
        return Said(code, out.strip(), err, asked)

    return asked


def test_nothing_is_said_where_nothing_is_missing(ask: Ask) -> None:
    said = ask(f"{WHOLE} {DOMAIN}")
    assert (said.code, said.region, said.told) == (0, REGION, "")
    assert all(f"--region {REGION}" in one for one in said.asked)


@pytest.mark.parametrize(
    ("parameters", "answers", "told"),
    [
        ("Modell=x", {}, "Modell is no parameter of template.yaml"),
        ("Model=mine", {}, "Model=mine is not like"),
        ("DialsPerSecond=21", {}, "DialsPerSecond=21 is more than 20"),
        ("DialsPerSecond=0", {}, "DialsPerSecond=0 is less than 1"),
        ("DialsPerSecond=many", {}, "DialsPerSecond=many is no number"),
        ("LogRetentionDays=31", {}, "LogRetentionDays=31 is none of 1, 3"),
        (
            "DomainName=api.example.com",
            {},
            "aws acm request-certificate --domain-name api.example.com",
        ),
        (f"CertificateArn={CERTIFICATE}", {}, "of no use without a DomainName"),
        (DOMAIN.replace(REGION, "us-east-1"), {}, f"is not of {REGION}"),
        ("ClerkPublicKey=abc", {}, "ClerkPublicKey and ClerkKeyId go together"),
        ("WebhookArns=arn:aws:sqs:x", {}, "arn:aws:sqs:x is the ARN of no event bus"),
        (
            f"WebhookArns={QUEUE.replace('west', 'east')}",
            {},
            f"is not of {REGION}, where the stack",
        ),
        ("WebhookSubnetIds=subnet-0a1b2c3d", {}, "WebhookSecurityGroupIds go together"),
        (
            "ClerkIssuer=https://c.example",
            {},
            "ClerkJwksUrl=https://c.example/.well-known/jwks.json",
        ),
        (
            DOMAIN,
            {"acm__describe_certificate": {"Certificate": _PENDING}},
            "shows the DNS record it needs",
        ),
        (
            DOMAIN.replace("api.", "other."),
            {},
            "the certificate is not for other.example.com",
        ),
        (DOMAIN, {"acm__describe_certificate": "not found"}, "there is no such certificate"),
        ("", {"sts__get_caller_identity": "no credentials"}, "aws configure sso"),
        ("", {"cloudformation__describe_stacks": "denied"}, "cloudformation:DescribeStacks"),
        (
            "",
            {"cloudformation__describe_stacks": _stack("ROLLBACK_COMPLETE")},
            "aws cloudformation delete-stack --stack-name linkwright-staging",
        ),
        (
            "",
            {"cloudformation__describe_stacks": _stack("UPDATE_ROLLBACK_FAILED")},
            "continue-update-rollback --stack-name linkwright-staging",
        ),
        (
            "",
            {"cloudformation__describe_stacks": _stack("UPDATE_IN_PROGRESS")},
            "wait for it",
        ),
        (
            "",
            {"secretsmanager__get_secret_value": {"SecretString": "{half"}},
            "is not the JSON",
        ),
    ],
)
def test_what_is_missing_is_named_with_what_gives_it(
    ask: Ask, parameters: str, answers: dict[str, Any], told: str
) -> None:
    said = ask(f"{WHOLE} {parameters}", _answers(**answers))
    assert (said.code, said.region) == (1, "")
    (line,) = said.told.splitlines()
    assert line.startswith("missing: ")
    assert told in line


@pytest.mark.parametrize(
    ("without", "told"),
    [
        ("aws", "the AWS CLI is missing"),
        ("make", "make is missing"),
        ("sam", "make .venv-sam/.ready"),
    ],
)
def test_a_program_that_is_not_there_is_named(ask: Ask, without: str, told: str) -> None:
    said = ask(without=without)
    assert (said.code, told in said.told) == (1, True)


def test_all_that_is_missing_is_named_at_once(ask: Ask) -> None:
    said = ask("Model=mine", _answers(sts__get_caller_identity="no"), without="sam", region="")
    assert [line.partition(": ")[0] for line in said.told.splitlines()].count("missing") == 3


@pytest.mark.parametrize(
    ("parameters", "answers", "told"),
    [
        (f"{MAILS} AlarmEmail=a@b.c", {}, "no PublicUrl and no DomainName"),
        (f"{MAILS} PublicUrl=https://a.example", {}, "nobody is told of alarms"),
        (
            "PublicUrl=https://a.example AlarmEmail=a@b.c",
            {},
            "nobody is mailed an alert of links, a digest, or that a webhook fails",
        ),
        (WHOLE, {"cloudformation__describe_stacks": NO_STACK}, "with an empty secret"),
        (WHOLE, {"secretsmanager__get_secret_value": EMPTY}, "the secret has no carrier"),
        (WHOLE, {"secretsmanager__get_secret_value": "denied"}, "cannot be read"),
        (f"{WHOLE} Model=openai/gpt-6-sol", {}, "the secret has no openai_api_key"),
        (
            f"{WHOLE} {CLERK}",
            {"secretsmanager__get_secret_value": {"SecretString": '{"carrier": {}}'}},
            "the secret has no clerk_webhook_secrets",
        ),
    ],
)
def test_what_a_stack_does_without_is_noted_and_stops_nothing(
    ask: Ask, parameters: str, answers: dict[str, Any], told: str
) -> None:
    said = ask(parameters, _answers(**answers))
    assert (said.code, said.region) == (0, REGION)
    (line,) = said.told.splitlines()
    assert line.startswith("note: ")
    assert told in line


def _encrypted(key: str | None) -> Any:
    """What the CLI says of a queue: nothing, where it has none of the attributes."""
    return {"Attributes": {"KmsMasterKeyId": key}} if key else {"plain": " "}


@pytest.mark.parametrize(
    ("arn", "answers", "told"),
    [
        (QUEUE, {"sqs__get_queue_attributes": _encrypted(None)}, None),
        (QUEUE, {"sqs__get_queue_attributes": _encrypted("alias/aws/sqs")}, None),
        (QUEUE, {"sqs__get_queue_attributes": _encrypted("alias/mine")}, "by a key of yours"),
        (QUEUE, {"sqs__get_queue_url": "NonExistentQueue"}, "cannot be sent to"),
        (BUS, {"events__describe_event_bus": {"Arn": BUS}}, None),
        (BUS, {"events__describe_event_bus": "ResourceNotFound"}, "cannot be sent to"),
        (BUS.replace("000000000000", "000000000001"), {}, "is of another account"),
    ],
)
def test_where_webhooks_could_not_be_sent_is_noted(
    ask: Ask, arn: str, answers: dict[str, Any], told: str | None
) -> None:
    known = {"sqs__get_queue_url": {"QueueUrl": "https://queue.example/hooks.fifo"}}
    said = ask(f"{WHOLE} WebhookArns={arn}", _answers(**known | answers))
    assert said.code == 0
    assert [told in line for line in said.told.splitlines()] == ([True] if told else [])
    assert not [line for line in said.told.splitlines() if not line.startswith("note: ")]


def test_what_is_in_the_secret_is_never_said(ask: Ask) -> None:
    said = ask(f"{WHOLE} Model=openai/gpt-6-sol")
    assert "not to be seen" not in f"{said}"


@pytest.mark.parametrize(
    ("said", "configured", "used"),
    [
        (REGION, 'region = "eu-north-1"', REGION),
        ("", 'region = "eu-north-1"', "eu-north-1"),
        ("", "", "ap-south-1"),
    ],
)
def test_the_region_is_said_configured_or_the_profiles(
    ask: Ask, said: str, configured: str, used: str
) -> None:
    assert ask(region=said, configured=configured).region == used


@pytest.mark.parametrize(
    ("shell", "used"),
    [
        ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-north-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-3"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-3"),
        ({}, "ap-south-1"),
    ],
)
def test_the_region_that_is_not_said_is_that_of_the_shell(
    ask: Ask, shell: Mapping[str, str], used: str
) -> None:
    assert ask(shell=shell).region == used


def test_sam_is_the_one_that_is_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told to make, when it is missing, is what is looked for."""
    monkeypatch.setattr("sys.argv", ["preflight", "--env", "staging"])
    assert Path(preflight._arguments().sam) == ROOT / ".venv-sam/bin/sam"


def test_what_a_build_would_stop_for_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the real `make python3.13`, which is what `make build` asks."""
    monkeypatch.setenv("LAYER_PYTHON", "/nowhere/python3.13")
    (found,) = preflight._python()
    assert found.stops
    assert found.text.startswith("A build for Lambda needs Python 3.13")
    assert "uv python install 3.13" in found.text


def test_without_a_region_nothing_is_asked_of_aws(ask: Ask) -> None:
    answers = _answers(configure__get={"plain": " "})
    said = ask(answers=answers, region="")
    assert (said.code, "export AWS_REGION=" in said.told) == (1, True)
    assert said.asked == ["configure get region"]


def test_overrides_are_read_as_sam_takes_them() -> None:
    wanted = {"Stage": "prod", "ClerkPublicKey": "a b=="}
    assert chosen("Stage=prod ClerkPublicKey='a b=='") == wanted
    assert chosen(["Stage=prod", "ClerkPublicKey=a b=="]) == wanted


@pytest.mark.slow
def test_make_deploy_builds_nothing_while_something_is_missing(tmp_path: Path) -> None:
    """The real target, by programs that are made up and credentials that are not there."""
    told = tmp_path / "answers.json"
    told.write_text(json.dumps(_answers(sts__get_caller_identity="no credentials")))
    log = tmp_path / "log"
    fake = FAKE.format(python=sys.executable, answers=str(told), log=str(log))
    for name in ("aws", "sam"):
        (tmp_path / name).write_text(fake)
        (tmp_path / name).chmod(0o755)
    ready = [f"--old-file={name}" for name in (".venv/.ready", ".venv-sam/.ready")]
    done = subprocess.run(
        ["make", "--silent", *ready, "deploy", f"SAM={tmp_path / 'sam'}", f"AWS_REGION={REGION}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert done.returncode != 0
    assert "aws configure sso" in done.stderr
    assert log.read_text().splitlines()[0].startswith("sts get-caller-identity")
    assert not any(line.startswith(("build", "deploy")) for line in log.read_text().splitlines())
