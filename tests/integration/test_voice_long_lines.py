"""Ten thousand calls that wait: what they cost at rest, and how long they hold others up."""

from copy import deepcopy

from linkwright import ids
from linkwright.table import Table, update
from linkwright.voice.calls import items, line
from tests.factories import Workspace
from tests.stack import Stack

WAITING = 10_000


def _more_like(stack: Stack, workspace: Workspace, call_id: str, number: int) -> None:
    """So many calls more that wait as one does, in its line and behind it."""
    call = items.find(workspace.partition, call_id)
    assert call is not None
    for _ in range(number):
        other = deepcopy(call)
        other["sk"] = other["gsi1sk"] = other["gsi3sk"] = other["view"]["id"] = ids.new("call")
        waiting = line.Waiting(other["sk"], other["waits_in"])
        where = line.waiting_key(workspace.partition, waiting)
        stack.put("CoreTable", dict(other), where.attributes())
    values = {"more": number}
    update(Table.CORE, line.key(workspace.partition), "ADD #waiting :more", values=values)
