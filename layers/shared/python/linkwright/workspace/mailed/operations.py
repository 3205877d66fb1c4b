"""What the other domains ask of those whom a workspace mails."""

from typing import NamedTuple

from linkwright.workspace import workspaces
from linkwright.workspace.mailed import unsubscribing
from linkwright.workspace.mailed.digest_job import due as next_digest
from linkwright.workspace.mailed.recipients import Recipient, all_of, find, refuse
from linkwright.workspace.members import Wants

__all__ = ["Recipient", "Sender", "all_of", "find", "next_digest", "refuse", "sender"]


class Sender(NamedTuple):
    """In whose name a member is mailed; `unsubscribe` is the path of where they end it."""

    workspace: str
    unsubscribe: str


def sender(partition: str, member_id: str, wants: Wants) -> Sender:
    """By one strong read. Raises `LookupError` if there is no such workspace."""
    workspace = workspaces.existing(partition.partition(".")[0])
    return Sender(workspace["name"], unsubscribing.path(workspace, member_id, wants))
