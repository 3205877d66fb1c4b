"""Whether a deployment can succeed, before anything is built: `python -m tools.preflight --help`.

What is missing it names on stderr, with the command that gives it, and then it fails. What a stack
does without, as a secret that is empty, it names too, and goes on. The region is printed on stdout.
Asks AWS by its CLI, with the credentials of the shell; nothing is written.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from linkwright.webhooks.models import is_arn
from tools.preflight_parameters import MODEL_KEYS, Finding, chosen, judged, webhook_arns
from tools.template import ROOT

SAMCONFIG = ROOT / "samconfig.toml"
SAM = ROOT / ".venv-sam/bin/sam"
# States of a stack from which nothing can be deployed, and what to do about each.
_STUCK = {
    "ROLLBACK_COMPLETE": "it never came to be: aws cloudformation delete-stack --stack-name {0}",
    "ROLLBACK_FAILED": "it never came to be: aws cloudformation delete-stack --stack-name {0}",
    "DELETE_FAILED": "delete it: aws cloudformation delete-stack --stack-name {0}",
    "UPDATE_ROLLBACK_FAILED": "aws cloudformation continue-update-rollback --stack-name {0}",
}
_BUSY = "wait for it: aws cloudformation describe-stack-events --stack-name {0} --max-items 5"
_LEAST_S = 60
# By which a queue is encrypted that says no other; whoever may send there may use it.
_AWS_KEY = "alias/aws/sqs"
_RECEIVERS = "docs/deploying.md, 7"


class Failed(Exception):
    """The CLI's last line on stderr."""


class Aws(NamedTuple):
    region: str

    def ask(self, *command: str) -> Any:  # noqa: ANN401 -- whatever the CLI prints
        """What a command answers. Raises `Failed`."""
        words = ["aws", *command, "--region", self.region, "--output", "json"]
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=_LEAST_S
            )
        except subprocess.TimeoutExpired:
            raise Failed("aws does not answer") from None
        if done.returncode:
            raise Failed((done.stderr.strip().splitlines() or ["no reason given"])[-1])
        return json.loads(done.stdout.strip() or "null")


def findings(env: str, config: Mapping[str, Any], region: str, sam: str) -> Iterator[Finding]:
    deployed = config.get(env, {}).get("deploy", {}).get("parameters", {})
    if "stack_name" not in deployed:
        yield Finding(f"samconfig.toml has no [{env}.deploy.parameters] with a stack_name")
        return
    given = chosen(deployed.get("parameter_overrides", ""))
    yield from judged(env, given, region)
    if shutil.which(sam) is None:
        yield Finding("SAM is missing: make .venv-sam/.ready")
    yield from _python()
    if not region:
        yield Finding("no region is chosen: export AWS_REGION=us-east-1, or where you want it")
    if shutil.which("aws") is None:
        yield Finding(
            "the AWS CLI is missing: https://docs.aws.amazon.com/cli/, or pipx install awscli"
        )
        return
    if not region:
        return
    aws = Aws(region)
    try:
        account = str(aws.ask("sts", "get-caller-identity")["Account"])
    except Failed as failure:
        yield Finding(f"AWS takes no credentials of this shell ({failure}): aws configure sso")
        return
    yield from _certificate(aws, given)
    for arn in webhook_arns(given):
        if is_arn(arn) and arn.split(":")[3] == region:
            yield from _receiver(aws, account, arn)
    yield from _stack(aws, str(deployed["stack_name"]), given)


def _python() -> Iterator[Finding]:
    """What `make build` asks before it builds, and says."""
    if shutil.which("make") is None:
        yield Finding("make is missing, which builds the stack: install it")
        return
    words = ["make", "--silent", "python3.13", "--no-print-directory"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        yield Finding((done.stderr.strip().splitlines() or ["make python3.13 failed"])[0])


def _certificate(aws: Aws, given: Mapping[str, str]) -> Iterator[Finding]:
    arn, domain = given.get("CertificateArn"), given.get("DomainName")
    if not arn or not domain:
        return
    try:
        found = aws.ask("acm", "describe-certificate", "--certificate-arn", arn)["Certificate"]
    except Failed as failure:
        told = f"aws acm request-certificate --domain-name {domain} --validation-method DNS"
        yield Finding(f"there is no such certificate ({failure}): {told}")
        return
    if found["Status"] != "ISSUED":
        told = f"aws acm describe-certificate --certificate-arn {arn} shows the DNS record it needs"
        yield Finding(f"the certificate is {found['Status']}, not ISSUED: {told}")
    named = [found.get("DomainName"), *found.get("SubjectAlternativeNames", [])]
    if domain not in named and f"*.{domain.partition('.')[2]}" not in named:
        yield Finding(
            f"the certificate is not for {domain}: aws acm request-certificate"
            f" --domain-name {domain} --validation-method DNS"
        )


def _receiver(aws: Aws, account: str, arn: str) -> Iterator[Finding]:
    """Whether webhooks could be sent there; that they cannot stops no deployment."""
    service, owner, name = (arn.split(":")[at] for at in (2, 4, 5))
    if owner != account:
        told = "its policy must let the role DeliversRole send there"
        yield Finding(f"{arn} is of another account, and {told}: {_RECEIVERS}", stops=False)
        return
    try:
        if service == "events":
            aws.ask("events", "describe-event-bus", "--name", arn)
            return
        url = aws.ask("sqs", "get-queue-url", "--queue-name", name)["QueueUrl"]
        asked = ("--queue-url", url, "--attribute-names", "KmsMasterKeyId")
        attributes = (aws.ask("sqs", "get-queue-attributes", *asked) or {}).get("Attributes", {})
    except Failed as failure:
        yield Finding(f"webhooks cannot be sent to {arn} ({failure})", stops=False)
        return
    if attributes.get("KmsMasterKeyId", _AWS_KEY) != _AWS_KEY:
        told = "whose policy must let the role DeliversRole use it"
        yield Finding(f"{arn} is encrypted by a key of yours, {told}: {_RECEIVERS}", stops=False)


def _stack(aws: Aws, name: str, given: Mapping[str, str]) -> Iterator[Finding]:
    try:
        (stack,) = aws.ask("cloudformation", "describe-stacks", "--stack-name", name)["Stacks"]
    except Failed as failure:
        if "does not exist" not in str(failure):
            yield Finding(
                f"the stack {name} cannot be looked at ({failure}):"
                " your role needs cloudformation:DescribeStacks"
            )
        else:
            yield Finding(
                f"{name} is made for the first time, with an empty secret:"
                " docs/deploying.md says how it is filled",
                stops=False,
            )
        return
    status = str(stack["StackStatus"])
    if status in _STUCK:
        yield Finding(f"the stack is {status}; {_STUCK[status].format(name)}")
    elif status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        yield Finding(f"the stack is {status}; {_BUSY.format(name)}")
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    if "Secret" in outputs:
        yield from _secret(aws, outputs["Secret"], given)


def _secret(aws: Aws, arn: str, given: Mapping[str, str]) -> Iterator[Finding]:
    put = f"aws secretsmanager put-secret-value --secret-id {arn} --secret-string file://accounts.json"
    try:
        value = aws.ask("secretsmanager", "get-secret-value", "--secret-id", arn)["SecretString"]
        held = json.loads(value)
        parts = set(held) if isinstance(held, dict) else None
    except Failed as failure:
        if "ResourceNotFoundException" not in str(failure):
            # Whoever may deploy need not be able to read it.
            yield Finding("the secret cannot be read, so its parts are not looked at", stops=False)
            return
        parts = set()
    except (ValueError, KeyError):
        parts = None
    if parts is None:
        yield Finding(f"the secret is not the JSON that docs/deploying.md shows: {put}")
        return
    for part, without in _wanted(given).items():
        if part not in parts:
            yield Finding(f"the secret has no {part}, {without}: {put}", stops=False)


def _wanted(given: Mapping[str, str]) -> dict[str, str]:
    """Parts of the secret that the parameters call for, and what is without each."""
    parts = {"carrier": "no call is made"}
    vendor = given.get("Model", "").partition("/")[0]
    if vendor in MODEL_KEYS:
        parts[MODEL_KEYS[vendor]] = "no talk is held by the model"
    if given.get("ClerkIssuer"):
        parts["clerk_webhook_secrets"] = "nobody who signs in is a member"
    return parts


def region_of(env: str, config: Mapping[str, Any], said: str) -> str:
    """As SAM finds it: what is said, the configuration, the profile of the shell."""
    configured = config.get(env, {}).get("deploy", {}).get("parameters", {}).get("region", "")
    if said or configured or shutil.which("aws") is None:
        return said or str(configured)
    words = ["aws", "configure", "get", "region"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_LEAST_S)
    return done.stdout.strip()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--env", choices=["staging", "prod"], required=True)
    shells = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
    parser.add_argument("--region", default=shells, help="by default the shell's")
    parser.add_argument("--sam", default=str(SAM), help="the program; by default ours")
    parser.add_argument("--config", type=Path, default=SAMCONFIG, help="by default samconfig.toml")
    return parser.parse_args()


def main() -> None:
    asked = _arguments()
    config = tomllib.loads(asked.config.read_text())
    region = region_of(asked.env, config, asked.region)
    found = list(findings(asked.env, config, region, asked.sam))
    for one in found:
        print(f"{'missing' if one.stops else 'note'}: {one.text}", file=sys.stderr)
    if any(one.stops for one in found):
        sys.exit(1)
    print(region)


if __name__ == "__main__":
    main()
