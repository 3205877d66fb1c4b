"""Add what is missing of the deployment's secret and is ours to make: `make deploy` does it last.

    python -m tools.secret --env staging --region us-east-1

What is there stays as it is, whatever it is: each part is made once. What others issue, as the
token of a carrier, is not ours to make; docs/deploying.md has both. Works with the credentials of
the shell.
"""

import argparse
import base64
import json
import secrets
import sys
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tools.preflight import SAMCONFIG

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_TRIES = 3
_CURRENT = "AWSCURRENT"


class NotOurs(Exception):
    """The secret is not the JSON that docs/deploying.md shows."""


def webhook_secret() -> str:
    """As Standard Webhooks has it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def missing(known: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be added to what is known; nothing that is there, be it empty."""
    made = {
        "origin_secret": secrets.token_hex(32),
        "billing_webhook_secrets": [webhook_secret()],
    }
    return {name: value for name, value in made.items() if name not in known}


def add(client: "SecretsManagerClient", arn: str) -> list[str]:
    """The names of what was added. Raises `NotOurs`, and `RuntimeError` where others write, too."""
    for _ in range(_TRIES):
        try:
            found = client.get_secret_value(SecretId=arn, VersionStage=_CURRENT)
        except client.exceptions.ResourceNotFoundException:
            made = missing({})
            client.put_secret_value(SecretId=arn, SecretString=json.dumps(made))
            return sorted(made)
        known = _parsed(found.get("SecretString", ""))
        made = missing(known)
        if not made or _replaced(client, arn, found["VersionId"], known | made):
            return sorted(made)
    raise RuntimeError("the secret is being written by somebody else")


def _replaced(
    client: "SecretsManagerClient", arn: str, seen: str, whole: Mapping[str, Any]
) -> bool:
    """Not by a put, which would take back what somebody wrote since it was read."""
    made = client.put_secret_value(
        SecretId=arn, SecretString=json.dumps(whole), VersionStages=["LINKWRIGHT_ADDED"]
    )
    try:
        client.update_secret_version_stage(
            SecretId=arn,
            VersionStage=_CURRENT,
            RemoveFromVersionId=seen,
            MoveToVersionId=made["VersionId"],
        )
    except client.exceptions.InvalidParameterException:
        return False
    return True


def _parsed(text: str) -> dict[str, Any]:
    try:
        known = json.loads(text)
    except ValueError:
        raise NotOurs from None
    if not isinstance(known, dict):
        raise NotOurs
    return known


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--env", choices=["staging", "prod"], required=True)
    parser.add_argument("--region", required=True)
    asked = parser.parse_args()
    import boto3  # only the command line asks AWS
    from botocore.exceptions import BotoCoreError, ClientError

    config = tomllib.loads(SAMCONFIG.read_text())[asked.env]["deploy"]["parameters"]
    try:
        stacks = boto3.client("cloudformation", region_name=asked.region).describe_stacks(
            StackName=config["stack_name"]
        )["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks[0].get("Outputs", [])}
        client = boto3.client("secretsmanager", region_name=asked.region)
        added = add(client, outputs["Secret"])
    except (BotoCoreError, ClientError, NotOurs, RuntimeError) as failed:
        # It is deployed all the same, and whoever may deploy need not be able to read it.
        why = (
            "it is not the JSON that docs/deploying.md shows"
            if isinstance(failed, NotOurs)
            else failed
        )
        print(f"note: nothing was added to the secret: {why}", file=sys.stderr)
        return
    print(
        f"added to the secret: {', '.join(added)}" if added else "the secret has all that is ours"
    )


if __name__ == "__main__":
    main()
