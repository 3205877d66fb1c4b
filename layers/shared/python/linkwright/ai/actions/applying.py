"""Applying an action: a change of a link like any other, which says how it is undone."""

from typing import Any

from linkwright import clock, ids
from linkwright.ai.actions import undo
from linkwright.ai.actions.models import ActionType, Applied, ApplyAction
from linkwright.auth import Account
from linkwright.errors import Conflict, ResourceNotFound
from linkwright.http import Request
from linkwright.links import operations as links
from linkwright.startup import in_advance
from linkwright.table import Item
from linkwright.transaction import Transaction

in_advance(links.load_changes)

_MESSAGES: dict[ActionType, str] = {
    "enable_conversion_tracking": "Conversions of the link are tracked from now on.",
    "disable_conversion_tracking": "Conversions of the link are not tracked any more.",
    "set_utm": "The UTM parameters of the link are as you asked.",
    "restore_link": "What was changed of the link is as it was before.",
}
_NOTHING = "The link is so already: nothing was changed."
_FIRST = 1


def apply(account: Account, wanted: ApplyAction, request: Request, tx: Transaction) -> Applied:
    """Errors: an undo that is none (400), no such link (404), another version of it than was
    expected, or what is to be restored was changed since (409), and those of a link's change.
    """
    wanted = undo.as_given(account, wanted)
    row = links.stored(account.partition, wanted.link_id)
    if row is None:
        raise ResourceNotFound("There is no such link.", field="link_id")
    if wanted.expected_version is not None and row["v"] != wanted.expected_version:
        raise Conflict("The link was changed since that version.", reason="version_mismatch")
    fields = _wanted(wanted)
    now = {name: row["view"].get(name) for name in fields}
    changed = {name: value for name, value in fields.items() if value != now[name]}
    if not changed:
        return Applied(message=_NOTHING, undo=None)
    if wanted.type == "restore_link" and not _is_as_left(wanted, row["v"], now):
        raise Conflict(
            "What is to be restored was changed since, by somebody else.", reason="changed_since"
        )
    link = links.change(row, changed, request, tx)
    before = {name: now[name] for name in changed}
    _tell(tx, wanted, before, changed, link.version)
    inverse = undo.of(account, wanted, before, changed, link.version)
    return Applied(message=_MESSAGES[wanted.type], undo=inverse)


def _wanted(action: ApplyAction) -> dict[str, Any]:
    """What the link's fields are to be; None where there is to be nothing."""
    if action.type == "set_utm":
        return action.params.model_dump(exclude_unset=True)
    if action.type == "restore_link":
        snapshot = action.params.snapshot
        return snapshot.model_dump(exclude_unset=True) if snapshot else {}
    return {"track_conversion": action.type == "enable_conversion_tracking"}


def _is_as_left(wanted: ApplyAction, version: int, now: Item) -> bool:
    # A link of an earlier version was restored from a backup.
    return (wanted.params.version or 0) <= version and undo.is_of(wanted, now)


def _tell(tx: Transaction, wanted: ApplyAction, before: Item, after: Item, version: int) -> None:
    action: Item = {
        "id": ids.new("act"),
        "type": wanted.type,
        "link_id": wanted.link_id,
        "is_undo": wanted.undo_of is not None,
        "before": before,
        "after": after,
        "link_version": version,
        "applied_at": clock.timestamp(),
    }
    tx.emit("action.applied", action, sequence=_FIRST)
    told = ("id", "type", "is_undo", "before", "after", "link_version")
    tx.audit("action.applied", wanted.link_id, {name: action[name] for name in told})
