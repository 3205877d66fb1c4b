"""Say which workspace calls from a number: `python -m tools.numbers --stack linkwright-staging -h`.

    python -m tools.numbers --stack linkwright-prod +972… ws_…
    python -m tools.numbers --stack linkwright-prod --release +972…

A number is one workspace's alone. One that agents call from is released by force only: their calls
end as number_not_registered from then on. Works on AWS with the credentials of the shell, and on
the local cloud with AWS_ENDPOINT_URL set.
"""

import argparse
import sys
from collections.abc import Iterator

from linkwright import ownership
from linkwright.table import Item, Table, query
from linkwright.transaction import Transaction
from linkwright.voice import agents
from linkwright.voice.compliance import caller_ids, numbers
from linkwright.workspace import workspaces
from tools.stack import stack_outputs, use_stack
from tools.workspace import OPERATOR

_PAGE = 100


def register(number: str, workspace_id: str) -> None:
    """Raises `LookupError` if there is no such workspace, and `ownership.Taken`."""
    workspaces.existing(workspace_id)
    tx = Transaction(workspace_id, OPERATOR)
    ownership.register(caller_ids.key(number), tx)
    tx.commit()


class InUse(Exception):
    """Agents of the workspace call from the number: their ids, those of test mode too."""

    def __init__(self, agent_ids: list[str]) -> None:
        super().__init__(", ".join(agent_ids))


def release(number: str, *, by_force: bool = False) -> None:
    """Nobody calls from the number any more.

    Raises `ownership.Unregistered`, and `InUse` unless it is by force.
    """
    owner = ownership.owner(caller_ids.key(number))
    if owner is not None and not by_force:
        used = [row["sk"] for row in _agents(owner) if row["view"]["phone_number"] == number]
        if used:
            raise InUse(used)
    tx = Transaction(OPERATOR, OPERATOR)
    ownership.release(caller_ids.key(number), tx)
    tx.commit()


def _agents(workspace_id: str) -> Iterator[Item]:
    """Of both modes: they call from the same numbers."""
    for partition in (workspace_id, f"{workspace_id}.test"):
        behind = None
        while True:
            of = agents.key(partition, "").pk
            rows, behind = query(Table.CORE, of, start_after=behind, limit=_PAGE, strong=True)
            yield from rows
            if behind is None:
                break


def e164(number: str) -> str:
    if not numbers.is_e164(number):
        raise argparse.ArgumentTypeError("a number is written like +972541234567")
    return number


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    parser.add_argument("number", type=e164, help="in E.164")
    parser.add_argument("workspace", nargs="?", help="who calls from it")
    parser.add_argument("--release", action="store_true", help="nobody calls from it any more")
    parser.add_argument("--force", action="store_true", help="release it though agents use it")
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
            release(asked.number, by_force=asked.force)
        else:
            register(asked.number, asked.workspace)
    except LookupError:
        sys.exit(f"there is no workspace {asked.workspace}")
    except ownership.Taken:
        sys.exit("another workspace calls from this number")
    except ownership.Unregistered:
        sys.exit("no workspace calls from this number")
    except InUse as used:
        sys.exit(f"these agents call from it: {used}; change them, or release it with --force")


if __name__ == "__main__":
    main()
