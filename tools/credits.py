"""Grant extra AI credits, which do not expire.

    python -m tools.credits --stack linkwright-prod ws_… 500 inv_17

What they are for is said with them: the same again grants nothing, so a command whose answer was
lost is safe to repeat. Works on AWS with the credentials of the shell, and on the local cloud with
AWS_ENDPOINT_URL set.
"""

import argparse
import sys
from collections.abc import Sequence

from linkwright.credits import balances
from linkwright.errors import Unavailable
from tools.stack import stack_outputs, use_stack
from tools.workspace import Refused, existing_workspace

MOST = 1_000_000


def grant(workspace_id: str, amount: int, reference: str, mode: str = "live") -> str:
    """Says what there is then. Raises `Refused`, `Unavailable`."""
    workspace = existing_workspace(workspace_id)
    partition = workspace["id"] if mode == "live" else f"{workspace['id']}.test"
    is_new = balances.add(partition, amount, reference)
    balance = balances.find(partition)
    extra = balance.extra if balance else 0
    done = f"{amount} credits are granted" if is_new else f"{reference} was granted before"
    return f"{done}: workspace {workspace_id} has {extra} extra credits"


def _amount(text: str) -> int:
    amount = int(text)
    if not 1 <= amount <= MOST:
        raise argparse.ArgumentTypeError(f"from 1 to {MOST}")
    return amount


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    parser.add_argument("--mode", choices=["live", "test"], default="live")
    parser.add_argument("workspace", help="its id")
    parser.add_argument("amount", type=_amount)
    parser.add_argument("reference", help="what they are for, as the number of an invoice")
    asked = parser.parse_args(words)
    use_stack(stack_outputs(asked.stack), stage=asked.stack.rpartition("-")[2])
    try:
        print(grant(asked.workspace, asked.amount, asked.reference, asked.mode))
    except Refused as why:
        sys.exit(str(why))
    except Unavailable:
        sys.exit("AWS did not answer: try again")


if __name__ == "__main__":
    main()
