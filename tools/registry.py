"""Things of who runs the service are one workspace's each: what tools/numbers.py and
tools/receivers.py have alike.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

from linkwright import ownership
from linkwright.table import Key
from linkwright.transaction import Transaction
from linkwright.workspace import workspaces
from tools.stack import stack_outputs, use_stack
from tools.workspace import OPERATOR


class InUse(Exception):
    """The workspace uses it, in either mode: the ids of what does."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(", ".join(ids))


@dataclass(frozen=True)
class Registry:
    """Things of one kind. `users` finds what uses one in a workspace, in both modes.

    The texts say what somebody does with it, as "calls from this number".
    """

    argument: str
    parse: Callable[[str], str]
    key: Callable[[str], Key]
    users: Callable[[str, str], list[str]]
    taken: str
    unregistered: str
    in_use: str

    def register(self, thing: str, workspace_id: str) -> None:
        """Raises `LookupError` if there is no such workspace, and `ownership.Taken`."""
        workspaces.existing(workspace_id)
        tx = Transaction(workspace_id, OPERATOR)
        ownership.register(self.key(thing), tx)
        tx.commit()

    def release(self, thing: str, *, by_force: bool = False) -> None:
        """Nobody may use it any more.

        Raises `ownership.Unregistered`, and `InUse` unless it is by force.
        """
        owner = ownership.owner(self.key(thing))
        if owner is not None and not by_force and (used := self.users(owner, thing)):
            raise InUse(used)
        tx = Transaction(OPERATOR, OPERATOR)
        ownership.release(self.key(thing), tx)
        tx.commit()

    def main(self, doc: str) -> None:
        asked = self._arguments(doc)
        use_stack(stack_outputs(asked.stack), stage=asked.stack.rpartition("-")[2])
        try:
            if asked.release:
                self.release(asked.thing, by_force=asked.force)
            else:
                self.register(asked.thing, asked.workspace)
        except LookupError:
            sys.exit(f"there is no workspace {asked.workspace}")
        except ownership.Taken:
            sys.exit(self.taken)
        except ownership.Unregistered:
            sys.exit(self.unregistered)
        except InUse as used:
            sys.exit(self.in_use.format(used))

    def _arguments(self, doc: str) -> argparse.Namespace:
        parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
        parser.add_argument("--stack", required=True, help="the CloudFormation stack")
        parser.add_argument("thing", metavar=self.argument, type=self.parse)
        parser.add_argument("workspace", nargs="?", help="whose it is")
        parser.add_argument("--release", action="store_true", help="it is nobody's any more")
        parser.add_argument("--force", action="store_true", help="release it though it is in use")
        asked = parser.parse_args()
        if asked.release is (asked.workspace is not None):
            parser.error("say a workspace, or --release")
        if asked.force and not asked.release:
            parser.error("--force is for --release")
        return asked
