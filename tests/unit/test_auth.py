"""Keys, scopes and roles."""

import re
import zlib
from types import SimpleNamespace
from typing import Any

import pytest

from linkwright import auth, sessions, tokens
from linkwright.auth import ROLES, SCOPES, Window, effective_scopes
from linkwright.errors import InvalidToken, MissingScope, RateLimited
from linkwright.plans import PLANS
from linkwright.table import Key, Table

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def test_what_is_forgotten_of_a_key_that_is_gone_does_not_bring_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(auth, "update", lambda *what, condition: asked.append((*what, condition)))
    key = Key("K#1", "KEY")
    auth._forget(key, ["h1", "h2"])
    assert asked == [(Table.ACCESS, key, "REMOVE #h1, #h2", "attribute_exists(#pk)")]


@pytest.mark.parametrize(("stale", "forgets"), [(19, False), (20, True)])
def test_counts_of_past_minutes_are_forgotten_by_the_score(
    monkeypatch: pytest.MonkeyPatch, stale: int, forgets: bool
) -> None:
    """And nothing else of the key is: an `h` or a digit in a name makes no count of it."""
    past = [f"h{minute}" for minute in range(stale)]
    kept = {"h99": 1, "hash": "a", "h": 1, "x1": 1, "2": 1, "H1": 1, "role": "owner"}
    forgotten: list[tuple[Key, list[str]]] = []
    monkeypatch.setattr(auth, "update", lambda *_, **__: kept | dict.fromkeys(past, 1))
    monkeypatch.setattr(auth, "_forget", lambda *what: forgotten.append(what))
    key = Key("K#1", "KEY")
    auth._count(key, "h99")
    assert forgotten == ([(key, past)] if forgets else [])


# What every credential's item has.
STORED = {
    **{"workspace_id": "ws_1", "workspace_name": "One", "plan": "free", "anchor_day": 3},
    **{"role": "member", "type": "api_key", "cursor_key": "c", "id": "key_1"},
}


def _resolved(stored: dict[str, Any]) -> auth.Account:
    return auth._account(stored, Key("K#1", "KEY"), "key_1", "2027-01-01T00:00:00Z", "user_1")


def test_an_account_is_what_its_credential_has_stored() -> None:
    more = {"mode": "test", "scopes": ["calls:read"], "ai_credits_per_day": 7}
    account = _resolved(STORED | more | {"ai_credits_of": "key_0"})
    assert account == auth.Account(
        **{"workspace_id": "ws_1", "workspace_name": "One", "mode": "test", "anchor_day": 3},
        **{"role": "member", "scopes": frozenset({"calls:read"}), "plan": PLANS["free"]},
        **{"credential_id": "key_1", "credential_type": "api_key", "cursor_key": "c"},
        **{"credential_expires_at": "2027-01-01T00:00:00Z", "actor_id": "key_1"},
        **{"person": "user_1", "credential_key": Key("K#1", "KEY")},
        **{"ai_credits_per_day": 7, "ai_credits_of": "key_0"},
    )


def test_a_session_has_all_of_its_role_in_live_mode_and_no_cap_of_its_own() -> None:
    account = _resolved(STORED)
    assert (account.mode, account.scopes) == ("live", ROLES["member"])
    assert (account.ai_credits_per_day, account.ai_credits_of) == (None, None)


def test_a_session_acts_for_who_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in = SimpleNamespace(id="sess_1", organisation="org_1", subject="user_1", expires_at=60)
    monkeypatch.setattr(auth, "settings", lambda: SimpleNamespace(clerk_issuer="https://a.example"))
    monkeypatch.setattr(sessions, "verify", lambda _: signed_in)
    monkeypatch.setattr(auth, "_count", lambda *_: STORED)
    account, _ = auth._resolve("a.b.c", "h1")
    assert account.credential_key == Key("ORG#org_1", "USER#user_1")
    assert (account.person, account.credential_id) == ("user_1", "sess_1")
    assert account.credential_expires_at == "1970-01-01T00:01:00Z"


@pytest.mark.parametrize(("known", "version"), [({}, 0), ({"facts_v": 3}, 3)])
def test_what_is_copied_of_a_workspace_says_of_which_version_it_is(
    known: dict[str, int], version: int
) -> None:
    kept = {"plan": "pro", "anchor_day": 3, "cursor_key": "c"}
    workspace = {"id": "ws_1", "name": "One", "pk": "W#ws_1", **kept, **known}
    names = {"workspace_id": "ws_1", "workspace_name": "One"}
    assert auth.workspace_facts(workspace) == {**kept, **names, "facts_v": version}


def test_a_scope_that_is_missing_is_named() -> None:
    with pytest.raises(MissingScope) as missing:
        _resolved(STORED).require("keys:write")
    assert "keys:write" in str(missing.value)
    _resolved(STORED).require(None)
    _resolved(STORED).require("calls:write")


@pytest.mark.parametrize("mode", ["live", "test"])
def test_a_key_is_256_random_bits_and_a_check_sum(mode: str) -> None:
    made = [tokens.new(mode) for _ in range(500)]
    assert len(set(made)) == 500
    for token in made:
        parts = re.fullmatch(rf"lk_{mode}_([0-9A-Za-z]{{43}})([0-9A-Za-z]{{6}})", token)
        assert parts
        value = 0
        for letter in parts[2]:
            value = value * 62 + BASE62.index(letter)
        assert value == zlib.crc32(parts[1].encode())
        assert tokens.is_well_formed(token)


def test_a_typo_is_told_without_a_look_up() -> None:
    token = tokens.new("live")
    for at in range(len("lk_live_"), len(token)):
        for letter in BASE62:
            if letter != token[at]:
                assert not tokens.is_well_formed(token[:at] + letter + token[at + 1 :])
    swapped = [token[:at] + token[at + 1] + token[at] + token[at + 2 :] for at in range(8, 56)]
    assert not [other for other in swapped if other != token and tokens.is_well_formed(other)]


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "0",
        lambda token: token + "\n",
        lambda token: " " + token,
        lambda token: token.replace("lk_live_", "lk_prod_"),
        lambda token: token.replace("lk_live_", "LK_LIVE_"),
        lambda token: token.replace("lk_live_", "sk_live_"),
        lambda token: token.replace("_", "-"),
        lambda token: token[:20] + "\u0661" + token[21:],
        lambda token: token[:20] + "\x00" + token[21:],
        lambda token: token * 100,
    ],
)
def test_what_is_no_key(change: object) -> None:
    assert callable(change)
    assert not tokens.is_well_formed(change(tokens.new("live")))


def test_a_key_is_stored_under_its_hash() -> None:
    token = tokens.new("live")
    key = auth.api_key(token)
    assert re.fullmatch(r"KEY#[0-9a-f]{64}", key.pk)
    assert key.sk == "META"
    assert token not in repr(key)
    assert auth.api_key(tokens.new("live")) != key


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"authorization": "Bearer not-a-key"},
        {"authorization": "Bearer a.b.c"},
        {"authorization": "Bearer lk_live_1, Bearer lk_live_2"},
        {"Authorization": "in another case than Request makes of it"},
    ],
)
def test_no_store_is_asked_about_what_is_no_key(
    headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def update(*_: object, **__: object) -> None:
        raise AssertionError("a look-up for a credential that cannot exist")

    class Settings:
        clerk_issuer = None

    monkeypatch.setattr(auth, "update", update)
    monkeypatch.setattr(auth, "settings", Settings, raising=False)
    with pytest.raises(InvalidToken):
        auth.authenticate(headers)


# ---- Scopes and roles --------------------------------------------------------------------------

ALL = [
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
]
READS = {scope for scope in ALL if scope.endswith(":read")}
WRITES = {scope for scope in ALL if scope.endswith(":write")}
UNGROUPED = set(ALL) - READS - WRITES


def test_the_scopes_are_as_published() -> None:
    assert set(ALL) == SCOPES


def test_roles_are_as_published() -> None:
    member = READS | {"calls:write", "leads:write", "ai:generate", "ai:actions"}
    assert {
        "viewer": READS,
        "member": member,
        "admin": set(ALL) - {"byok:manage"},
        "owner": set(ALL),
        "billing": {"usage:read"},
    } == ROLES


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("scope", ALL)
def test_a_key_has_what_was_granted_and_its_role_allows(scope: str, role: str) -> None:
    allowed = {scope} & ROLES[role]
    assert effective_scopes([scope], role) == allowed
    assert effective_scopes(ALL, role) == ROLES[role]


@pytest.mark.parametrize(
    ("granted", "role", "effective"),
    [
        ([], "owner", set()),
        (["*:read"], "owner", READS),
        (["*:read"], "billing", {"usage:read"}),
        (["*:read", "calls:write"], "viewer", READS),
        (["*:read", "calls:write"], "member", READS | {"calls:write"}),
        (["*:write"], "owner", WRITES),
        (["*:write"], "member", {"calls:write", "leads:write"}),
        (["*:write"], "viewer", set()),
        (["*:read", "*:write"], "owner", set(ALL) - UNGROUPED),
        (["*"], "owner", set()),
        (["*:*", "calls:*", "CALLS:READ", "root"], "owner", set()),
    ],
)
def test_groups_and_unknown_scopes(granted: list[str], role: str, effective: set[str]) -> None:
    assert effective_scopes(granted, role) == effective


def test_what_sends_approves_and_manages_is_in_no_group() -> None:
    alone = {"emails:approve", "campaigns:send", "digests:send", "keys:manage", "byok:manage"}
    assert alone | {"settings:manage", "ai:generate", "ai:actions"} == UNGROUPED


# ---- The window ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "left", "refused"),
    [(1, 59, False), (59, 1, False), (60, 0, False), (61, 0, True), (600, 0, True)],
)
def test_the_window_tells_what_is_left(used: int, left: int, refused: bool) -> None:
    window = Window(limit=60, used=used, resets_in=17)
    assert window.headers() == {
        "RateLimit-Policy": '"default";q=60;w=60',
        "RateLimit": f'"default";r={left};t=17',
    }
    if refused:
        with pytest.raises(RateLimited) as refusal:
            window.require()
        assert refusal.value.headers == {"Retry-After": "17"}
    else:
        window.require()
