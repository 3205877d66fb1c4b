"""What undoes an action, signed: nobody but us says what a link is to be again.

The signature is by the workspace's own key. It holds the workspace, the link, what is restored and
what stood there after the action, of which it carries a digest: whoever has changed that since is
not written over.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from itertools import combinations

from linkwright.ai.actions.models import ActionFields, ActionType, ApplyAction, UndoAction
from linkwright.auth import Account
from linkwright.errors import ValidationFailed
from linkwright.links.operations import UTM
from linkwright.table import Item

_INVERSE: Mapping[ActionType, ActionType] = {
    "enable_conversion_tracking": "disable_conversion_tracking",
    "disable_conversion_tracking": "enable_conversion_tracking",
    "set_utm": "restore_link",
    "restore_link": "restore_link",
}
_PURPOSE = b"linkwright undo 1"
_BYTES = 16


def of(
    account: Account, wanted: ApplyAction, before: Item, after: Item, version: int
) -> UndoAction:
    """`before` and `after` are the fields that an action changed; `version` is the link's after."""
    kind = _INVERSE[wanted.type]
    params = {"snapshot": before, "version": version} if kind == "restore_link" else {}
    seal = _seal(account, kind, wanted.link_id, params, _digest(after))
    return UndoAction(type=kind, link_id=wanted.link_id, params=params, undo_of=seal)


def as_given(account: Account, wanted: ApplyAction) -> ApplyAction:
    """The action, and an undo with the nulls that it was given with.

    Errors: what it undoes is no action of this link that we applied (400).
    """
    if wanted.undo_of is None:
        return wanted
    raw = base64.urlsafe_b64decode(wanted.undo_of + "=")
    for params in _with_nulls(wanted):
        genuine = _seal(account, wanted.type, wanted.link_id, params, raw[:_BYTES])
        if hmac.compare_digest(genuine, wanted.undo_of):
            return wanted.model_copy(update={"params": ActionFields.model_validate(params)})
    raise ValidationFailed("Field 'undo_of' is not of this undo.", field="undo_of")


def _with_nulls(wanted: ApplyAction) -> Iterator[Item]:
    """What may have been given, of which clients leave nulls out. Which it was, the seal knows:
    there are 32 at most.
    """
    params = wanted.params.model_dump(exclude_unset=True)
    if wanted.type != "restore_link":
        yield params
        return
    snapshot = params.get("snapshot") or {}
    rest = [name for name in UTM if name not in snapshot]
    for count in range(len(rest) + 1):
        for nulls in combinations(rest, count):
            yield params | {"snapshot": snapshot | dict.fromkeys(nulls)}


def is_of(wanted: ApplyAction, now: Item) -> bool:
    """Whether what an action has changed is still as it left it."""
    left = base64.urlsafe_b64decode((wanted.undo_of or "") + "=")[:_BYTES]
    return hmac.compare_digest(left, _digest(now))


def _seal(account: Account, kind: ActionType, link_id: str, params: Item, after: bytes) -> str:
    message = _canonical([account.partition, kind, link_id, params]) + b"\0" + after
    key = hmac.new(account.cursor_key.encode(), _PURPOSE, hashlib.sha256).digest()
    mac = hmac.new(key, message, hashlib.sha256).digest()[:_BYTES]
    return base64.urlsafe_b64encode(after + mac).rstrip(b"=").decode()


def _digest(fields: Item) -> bytes:
    return hashlib.sha256(_canonical(fields)).digest()[:_BYTES]


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
