"""Say which workspace's webhooks may be sent to a bus or a queue of the account, by its ARN.

    python -m tools.receivers --stack linkwright-prod arn:aws:sqs:… ws_…
    python -m tools.receivers --stack linkwright-prod --release arn:aws:sqs:…

It is one workspace's alone, and the parameter WebhookArns must allow it besides. One that webhooks
are sent to is released by force only: they are disabled by the next event. Works on AWS with the
credentials of the shell, and on the local cloud with AWS_ENDPOINT_URL set.
"""

import argparse
import sys

from linkwright import ownership
from linkwright.transaction import Transaction
from linkwright.webhooks import endpoints, models
from linkwright.workspace import workspaces
from tools.stack import stack_outputs, use_stack
from tools.workspace import OPERATOR


def register(arn: str, workspace_id: str) -> None:
    """Raises `LookupError` if there is no such workspace, and `ownership.Taken`."""
    workspaces.existing(workspace_id)
    tx = Transaction(workspace_id, OPERATOR)
    ownership.register(endpoints.arn_key(arn), tx)
    tx.commit()


class InUse(Exception):
    """Webhooks of the workspace are sent there: their ids, those of test mode too."""

    def __init__(self, webhook_ids: list[str]) -> None:
        super().__init__(", ".join(webhook_ids))


def release(arn: str, *, by_force: bool = False) -> None:
    """Nobody's webhooks are sent there any more.

    Raises `ownership.Unregistered`, and `InUse` unless it is by force.
    """
    owner = ownership.owner(endpoints.arn_key(arn))
    if owner is not None and not by_force:
        of_both = endpoints.of(owner) + endpoints.of(f"{owner}.test")
        if used := [one["sk"] for one in of_both if one["view"].get("arn") == arn]:
            raise InUse(used)
    tx = Transaction(OPERATOR, OPERATOR)
    ownership.release(endpoints.arn_key(arn), tx)
    tx.commit()


def _arn(text: str) -> str:
    if not models.is_arn(text):
        raise argparse.ArgumentTypeError("say the ARN of an event bus or a queue")
    return text


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    parser.add_argument("arn", type=_arn, help="of an event bus or a queue")
    parser.add_argument("workspace", nargs="?", help="whose webhooks are sent there")
    parser.add_argument("--release", action="store_true", help="nobody's are any more")
    parser.add_argument("--force", action="store_true", help="release it though webhooks use it")
    asked = parser.parse_args()
    if asked.release is (asked.workspace is not None):
        parser.error("say a workspace, or --release")
    if asked.force and not asked.release:
        parser.error("--force is for --release")
    return asked


def main() -> None:
    asked = _arguments()
    use_stack(stack_outputs(asked.stack), stage=asked.stack.rpartition("-")[2])
    try:
        if asked.release:
            release(asked.arn, by_force=asked.force)
        else:
            register(asked.arn, asked.workspace)
    except LookupError:
        sys.exit(f"there is no workspace {asked.workspace}")
    except ownership.Taken:
        sys.exit("another workspace's webhooks are sent there")
    except ownership.Unregistered:
        sys.exit("no workspace's webhooks are sent there")
    except InUse as used:
        sys.exit(f"these webhooks are sent there: {used}; delete them, or release it with --force")


if __name__ == "__main__":
    main()
