"""Say which workspace calls from a number: `python -m tools.numbers --stack linkwright-staging -h`.

A number is one workspace's alone. Works on AWS with the credentials of the shell, and on the local
cloud with AWS_ENDPOINT_URL set.
"""

import argparse
import sys

from linkwright.transaction import Transaction
from linkwright.voice.compliance import caller_ids, numbers
from linkwright.workspace import workspaces
from tools.workspace import OPERATOR, stack_outputs, use_stack


def register(number: str, workspace_id: str) -> None:
    """Raises `LookupError` if there is no such workspace, and `caller_ids.Taken`."""
    workspaces.existing(workspace_id)
    tx = Transaction(workspace_id, OPERATOR)
    caller_ids.register(number, tx)
    tx.commit()


def release(number: str) -> None:
    tx = Transaction(OPERATOR, OPERATOR)
    caller_ids.release(number, tx)
    tx.commit()


def _e164(number: str) -> str:
    if not numbers.is_e164(number):
        raise argparse.ArgumentTypeError("a number is written like +972541234567")
    return number


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    parser.add_argument("number", type=_e164, help="in E.164")
    parser.add_argument("workspace", nargs="?", help="who calls from it; nobody any more, if none")
    return parser.parse_args()


def main() -> None:
    asked = _arguments()
    use_stack(stack_outputs(asked.stack), stage=asked.stack.rpartition("-")[2])
    if asked.workspace is None:
        release(asked.number)
        return
    try:
        register(asked.number, asked.workspace)
    except LookupError:
        sys.exit(f"there is no workspace {asked.workspace}")
    except caller_ids.Taken:
        sys.exit("another workspace calls from this number")


if __name__ == "__main__":
    main()
