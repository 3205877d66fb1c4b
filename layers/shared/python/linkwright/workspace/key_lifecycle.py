"""What is done with API keys: they are made, listed, rolled and revoked."""

from datetime import timedelta

from linkwright import auth, clock, ids, pagination
from linkwright.auth import Account
from linkwright.errors import (
    Conflict,
    MissingScope,
    ResourceNotFound,
    Unavailable,
    ValidationFailed,
)
from linkwright.pagination import ListQuery, Page, Place, Placed
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import keys, workspaces
from linkwright.workspace.key_models import ApiKey, CreatedKey, CreateKey, RollKey
from linkwright.workspace.keys import Ring

_ROUTE = "keys"
OVERLAPS = {
    "0": timedelta(0),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
# Two operations each, of the hundred of a transaction.
_CLEARED_AT_ONCE = 40
# DynamoDB deletes late what has outlived its time: whoever changes keys next is mostly faster.
_DELETION_SLACK_S = 3600
_NOT_OVER = "(attribute_not_exists(#expires_at) OR #expires_at > :now)"
_STILL_GOOD = f"attribute_exists(#pk) AND {_NOT_OVER}"
_STILL_ALLOWED = (
    f"attribute_exists(#pk) AND attribute_not_exists(#revoked_at) AND #role = :role AND {_NOT_OVER}"
)


def create(account: Account, wanted: CreateKey, tx: Transaction) -> CreatedKey:
    """Errors: scopes or a mode that the credential does not have (400), `key_limit` (409)."""
    if account.mode == "test" and wanted.mode != "test":
        raise ValidationFailed("Field 'mode' must be 'test' for a test key.", field="mode")
    if auth.resolved(wanted.scopes) - account.scopes:
        raise ValidationFailed(
            "Field 'scopes' must be within the scopes of the credential.", field="scopes"
        )
    ring = keys.of(account.workspace_id)
    _require_room(ring)
    _require_unchanged(account, tx)
    return _put(
        *(account, ring, tx),
        name=wanted.name,
        mode=wanted.mode,
        scopes=wanted.scopes,
        ai_credits_per_day=_within(account, wanted.ai_credits_per_day),
    )


def roll(account: Account, key_id: str, wanted: RollKey, tx: Transaction) -> CreatedKey:
    """Make a key in the place of another one, which is good for the overlap still.

    The new one is of whoever asks, so it grants only what that credential has. Errors: no such key
    (404), a scope that the credential lacks (401), `key_limit` (409).
    """
    ring = keys.of(account.workspace_id)
    old = next((key for key in ring.keys if key["sk"] == key_id), None)
    if old is None or not _is_shown(old, account):
        raise _not_found()
    if lacking := auth.resolved(old["view"]["scopes"]) - account.scopes:
        raise MissingScope(min(lacking))
    overlap = OVERLAPS[wanted.overlap]
    _require_room(ring, leaving=0 if overlap else 1)
    if not _is_of(old, account):
        _require_unchanged(account, tx)
    new = _put(
        *(account, ring, tx),
        **{name: old["view"][name] for name in ("name", "mode", "scopes")},
        rolled=old,
        ai_credits_per_day=_within(account, old["view"].get("ai_credits_per_day")),
    )
    end = _let_expire(old, clock.timestamp(clock.now() + overlap), account, tx)
    tx.audit("key.rolled", key_id, {"rolled_to": new.id, "expires_at": end})
    return new


def revoke(account: Account, key_id: str, tx: Transaction) -> None:
    """The key's next request is refused. Errors, some at the commit: no such key (404)."""
    key = _existing(account, key_id)
    tx.delete(Table.ACCESS, Key(key["pk"], key["sk"]), otherwise=_not_found)
    tx.delete(Table.ACCESS, keys.credential(key), condition="")
    keys.bump(tx, account.workspace_id)
    tx.audit("key.revoked", key_id, {"name": key["view"]["name"]})


def find(account: Account, key_id: str) -> ApiKey:
    """Errors: no such key (404)."""
    return _show(_existing(account, key_id))


def listed(account: Account, query: ListQuery) -> Page[ApiKey]:
    """Newest first. All are read at once, as a workspace has few; expired ones are left out."""

    def fetch(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
        shown = [key for key in keys.of(account.workspace_id).keys if _is_shown(key, account)]
        rows = [(Place(key["sk"], key["sk"]), key) for key in shown]
        return [row for row in rows if after is None or row[0] < after][:count], None

    return pagination.paged(account, _ROUTE, query, fetch, _show)


def _existing(account: Account, key_id: str) -> Item:
    if not ids.matches("key", key_id):
        raise _not_found()
    key = get(Table.ACCESS, keys.pointer(account.workspace_id, key_id))
    if key is None or not _is_shown(key, account):
        raise _not_found()
    return key


def _is_shown(key: Item, account: Account) -> bool:
    """A test key knows of test keys alone; and nobody of what lies beside the keys."""
    if "view" not in key or keys.is_over(key):
        return False
    return account.mode == "live" or key["view"]["mode"] == "test"


def _require_room(ring: Ring, leaving: int = 0) -> None:
    if sum(not keys.is_over(key) for key in ring.keys) - leaving >= keys.LIMIT:
        raise Conflict(f"A workspace has {keys.LIMIT} keys at most.", reason="key_limit")


def _require_unchanged(account: Account, tx: Transaction) -> None:
    """Who lost the role meanwhile, or whose key is over, makes no key by it."""
    tx.require(
        Table.ACCESS,
        account.credential_key,
        _STILL_ALLOWED,
        values=_allowed(account),
        otherwise=Unavailable,
    )


def _within(account: Account, limit: int | None) -> int | None:
    """A key with a limit makes none that may take more."""
    own = account.ai_credits_per_day
    return limit if own is None else min(own, own if limit is None else limit)


def _day_of(account: Account, rolled: Item | None) -> str | None:
    """The key of whose day a new one takes its credits; None where it has a day of its own."""
    if rolled is not None and "ai_credits_per_day" in rolled["view"]:
        return str(rolled.get("ai_credits_of", rolled["sk"]))
    if account.ai_credits_per_day is None:
        return None
    return account.ai_credits_of or account.credential_id


def _allowed(account: Account) -> Item:
    return {"role": account.role, "now": clock.timestamp()}


def _is_of(key: Item, account: Account) -> bool:
    """Whether the request came with this key."""
    return keys.credential(key) == account.credential_key


def _put(
    account: Account,
    ring: Ring,
    tx: Transaction,
    *,
    name: str,
    mode: str,
    scopes: list[str],
    ai_credits_per_day: int | None,
    rolled: Item | None = None,
) -> CreatedKey:
    workspace = workspaces.existing(account.workspace_id)
    # Who changes the plan or the name finds this key, or it is made by the new ones.
    workspaces.require_unchanged(tx, workspace)
    keys.bump(tx, account.workspace_id, ring.seen)
    # Who asks, or is rolled, may be over by now: refused by a condition on that same item.
    over = [key for key in ring.keys if keys.is_over(key) and key is not rolled]
    over = [key for key in over if not _is_of(key, account)]
    for expired in over[:_CLEARED_AT_ONCE]:
        keys.remove(expired, tx)
    view, token = keys.make(
        workspace,
        mode=mode,
        role=account.role,
        scopes=scopes,
        name=name,
        tx=tx,
        maker=account.person,
        owner=_owner(account, ring),
        rolled=rolled,
        ai_credits_per_day=ai_credits_per_day,
        ai_credits_of=_day_of(account, rolled),
    )
    return CreatedKey(**view, token=token)


def _owner(account: Account, ring: Ring) -> str | None:
    """The member that who asks acts for. An id of a member is of one stay: keys end with it."""
    if account.credential_type == "session":
        return account.actor_id
    return next((key["view"]["owner"] for key in ring.keys if _is_of(key, account)), None)


def _let_expire(old: Item, moment: str, account: Account, tx: Transaction) -> str:
    """Returns the old key's end: never later than it was."""
    end = min(moment, old["view"]["expires_at"] or moment)
    kept_until = int(clock.parse(end).timestamp()) + _DELETION_SLACK_S
    values: Item = {"end": end, "ttl": kept_until, "now": clock.timestamp()}
    is_itself = _is_of(old, account)
    tx.update(
        Table.ACCESS,
        keys.credential(old),
        "SET #expires_at = :end, #ttl = :ttl",
        condition=_STILL_ALLOWED if is_itself else _STILL_GOOD,
        values=values | (_allowed(account) if is_itself else {}),
        otherwise=Unavailable if is_itself else Outrun,
    )
    tx.put(
        Table.ACCESS,
        old | {"view": old["view"] | {"expires_at": end}},
        condition="attribute_exists(#pk)",
        otherwise=Outrun,
    )
    return end


def _not_found() -> ResourceNotFound:
    return ResourceNotFound("There is no such key.")


def _show(key: Item) -> ApiKey:
    return ApiKey.model_validate(key["view"])
