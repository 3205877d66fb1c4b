"""Who is calling, and may they: credentials, roles, scopes and the rate limit.

Authenticating and counting is one conditional write to the credential's own item, so a revoked
key fails on its very next request and no request goes uncounted.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from linkwright import clock, tokens
from linkwright.audit import Actor
from linkwright.errors import InvalidToken, MissingScope, RateLimited, Unavailable
from linkwright.plans import PLANS, Plan
from linkwright.settings import settings
from linkwright.table import ConditionFailed, Item, Key, Table, update

SCOPES = frozenset(
    {
        "agents:read",
        "agents:write",
        "calls:read",
        "calls:write",
        "campaigns:read",
        "campaigns:write",
        "campaigns:send",
        "leads:read",
        "leads:write",
        "emails:approve",
        "mailboxes:read",
        "mailboxes:write",
        "suppressions:read",
        "suppressions:write",
        "usage:read",
        "members:read",
        "webhooks:read",
        "webhooks:write",
        "events:read",
        "keys:manage",
        "audit:read",
        "settings:manage",
        "links:read",
        "links:write",
        "domains:read",
        "domains:write",
        "notifications:read",
        "ai:generate",
        "ai:actions",
        "digests:send",
        "byok:manage",
    }
)
READ_SCOPES = frozenset(scope for scope in SCOPES if scope.endswith(":read"))
# What sends, approves, acts, generates or manages is in no group: it is granted by its name.
GROUPS = {
    "*:read": READ_SCOPES,
    "*:write": frozenset(scope for scope in SCOPES if scope.endswith(":write")),
}

# A credential never has more than the role of the person who made it.
_MEMBER = READ_SCOPES | {"calls:write", "leads:write", "ai:generate", "ai:actions"}
ROLES = {
    "viewer": READ_SCOPES,
    "member": _MEMBER,
    "admin": SCOPES - {"byok:manage"},
    "owner": SCOPES,
    "billing": frozenset({"usage:read"}),
}

WINDOW_S = 60
_STALE_COUNTS = 20
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([!-~]+)")


class Account(NamedTuple):
    """The workspace that a request acts for, and what its credential may do there.

    `person` is the identity provider's subject: who signed in, or who made the key; None for a key
    that the operator made. `actor_id` is the key's or the member's.
    """

    workspace_id: str
    workspace_name: str
    mode: str
    plan: Plan
    anchor_day: int
    role: str
    scopes: frozenset[str]
    credential_id: str
    credential_type: str
    credential_expires_at: str | None
    cursor_key: str
    actor_id: str = ""
    person: str | None = None
    credential_key: Key = Key("", "")
    ai_credits_per_day: int | None = None  # None: whatever the workspace has
    ai_credits_of: str | None = None  # the key whose day that counts in, if that is another

    def __repr__(self) -> str:
        """Without what signs its cursors, or where its credential is stored."""
        return f"Account({self.partition}, {self.credential_id})"

    @property
    def actor(self) -> Actor:
        return Actor("session" if self.credential_type == "session" else "api_key", self.actor_id)

    @property
    def partition(self) -> str:
        """Test mode is a partition of its own, so that no query can mix the two."""
        return self.workspace_id if self.mode == "live" else f"{self.workspace_id}.test"

    def require(self, scope: str | None) -> None:
        if scope and scope not in self.scopes:
            raise MissingScope(scope)


class Window(NamedTuple):
    """The rate limit's state after this request: what the RateLimit headers say."""

    limit: int
    used: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        left = max(self.limit - self.used, 0)
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={WINDOW_S}',
            "RateLimit": f'"default";r={left};t={self.resets_in}',
        }

    def require(self) -> None:
        if self.used > self.limit:
            raise RateLimited(retry_after=self.resets_in)


def authenticate(headers: Mapping[str, str]) -> tuple[Account, Window]:
    """Resolve the credential and count the request against its limit. Raises `InvalidToken`."""
    bearer = _BEARER.fullmatch(headers.get("authorization", ""))
    if not bearer:
        raise InvalidToken
    now = clock.epoch()
    count = f"h{now // WINDOW_S}"
    account, item = _resolve(bearer[1], count)
    return account, Window(
        limit=account.plan.requests_per_minute,
        used=item[count],
        resets_in=WINDOW_S - now % WINDOW_S,
    )


def _resolve(token: str, count: str) -> tuple[Account, Item]:
    if tokens.is_well_formed(token):
        key = api_key(token)
        item = _count(key, count)
        return _account(item, key, item["id"], item.get("expires_at"), item.get("maker")), item
    if token.count(".") != 2 or not settings().clerk_issuer:
        raise InvalidToken
    # Imported here: verifying a session token needs a JWT library, which API keys do not.
    from linkwright import sessions

    session = sessions.verify(token)
    key = membership(session.organisation, session.subject)
    item = _count(key, count)
    expires_at = clock.timestamp(datetime.fromtimestamp(session.expires_at, UTC))
    return _account(item, key, session.id, expires_at, session.subject), item


def api_key(token: str) -> Key:
    """Where a key is stored: under its hash, which is all of it that is kept."""
    return Key(f"KEY#{hashlib.sha256(token.encode()).hexdigest()}", "META")


def membership(organisation: str, subject: str) -> Key:
    """Where a person's place in a workspace is stored; without one a session is refused."""
    return Key(f"ORG#{organisation}", f"USER#{subject}")


def workspace_facts(workspace: Item) -> Item:
    """What is copied from a workspace onto its credentials, so that one look-up tells all."""
    copied = ("plan", "anchor_day", "cursor_key")
    facts = {name: workspace[name] for name in copied}
    return facts | {
        "workspace_id": workspace["id"],
        "workspace_name": workspace["name"],
        "facts_v": workspace.get("facts_v", 0),
    }


def effective_scopes(granted: list[str], role: str) -> frozenset[str]:
    """What was granted, with groups resolved, cut down to what the role allows."""
    return ROLES[role] & resolved(granted)


def resolved(granted: Iterable[str]) -> frozenset[str]:
    """With each group's scopes in its place."""
    return frozenset().union(*(GROUPS.get(scope, {scope}) for scope in granted))


def _count(key: Key, count: str) -> Item:
    # The count's name carries the minute: there is nothing to reset, and so nothing to race.
    try:
        item = update(
            Table.ACCESS,
            key,
            f"ADD #{count} :one",
            condition="attribute_exists(#pk) AND attribute_not_exists(#revoked_at)"
            " AND (attribute_not_exists(#expires_at) OR #expires_at > :now)",
            values={"one": 1, "now": clock.timestamp()},
        )
    except ConditionFailed:
        raise InvalidToken from None
    stale = [name for name in item if name[0] == "h" and name[1:].isdigit() and name != count]
    if len(stale) >= _STALE_COUNTS:
        _forget(key, stale)
    return item


def _forget(key: Key, counts: list[str]) -> None:
    try:
        names = ", ".join(f"#{name}" for name in counts)
        update(Table.ACCESS, key, f"REMOVE {names}", condition="attribute_exists(#pk)")
    except (ConditionFailed, Unavailable):
        return  # the next request tries again; this one has its answer already


def _account(
    item: Item, key: Key, credential_id: str, expires_at: str | None, person: str | None
) -> Account:
    role = item["role"]
    return Account(
        workspace_id=item["workspace_id"],
        workspace_name=item["workspace_name"],
        mode=item.get("mode", "live"),  # a session has none
        plan=PLANS[item["plan"]],
        anchor_day=item["anchor_day"],
        role=role,
        # A key has what it was granted, a session all that the role allows.
        scopes=effective_scopes(item["scopes"], role) if "scopes" in item else ROLES[role],
        credential_id=credential_id,
        credential_type=item["type"],
        credential_expires_at=expires_at,
        cursor_key=item["cursor_key"],
        actor_id=item["id"],
        person=person,
        credential_key=key,
        ai_credits_per_day=item.get("ai_credits_per_day"),
        ai_credits_of=item.get("ai_credits_of"),
    )
