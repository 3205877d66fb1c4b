"""Members follow what Clerk tells: in any order, more than once, of anybody."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from linkwright import audit, auth, clock, ids
from linkwright.errors import Unavailable
from linkwright.settings import settings
from linkwright.table import Item, Table, get, query
from linkwright.transaction import Transaction
from linkwright.workspace import facts, keys, members, people, workspaces
from linkwright.workspace.identity import organisations
from tests import pump, webhooks
from tests.clerk import ISSUER, KEY_ID, PARTY, Signer, claims, clerk_event
from tests.clerk import membership as of_member
from tests.clerk import organisation as of_organisation
from tests.clerk import user as of_user
from tests.client import Answer, Client
from tests.integration.every_route import assert_error
from tests.stack import Stack

SIGNER = Signer.new()


@pytest.fixture(autouse=True)
def _sessions_are_on(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "CLERK_ISSUER": ISSUER,
        "CLERK_PUBLIC_KEY": SIGNER.pem,
        "CLERK_KEY_ID": KEY_ID,
        "CLERK_AUTHORIZED_PARTIES": PARTY,
        "DEFAULT_COUNTRY": "IL",
    }.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    settings.cache_clear()


class Organisation:
    """One of Clerk's, with its maker and another person; of nothing anything was told yet."""

    def __init__(self) -> None:
        self.id, self.maker, self.person = ids.new("org"), ids.new("user"), ids.new("user")

    def tell(self, kind: str, data: dict[str, Any], at: int = 0) -> Answer:
        return webhooks.send(webhooks.CLERK, clerk_event(kind, data, at))

    def begin(self) -> None:
        self.tell("organization.created", of_organisation(self.id, self.maker), 1)
        self.tell("organizationMembership.created", of_member(self.id, self.maker, "org:admin"), 2)

    def member(self, what: str, role: str = "org:member", at: int = 10) -> int:
        data = of_member(self.id, self.person, role)
        return self.tell(f"organizationMembership.{what}", data, at).status

    def session(self, subject: str | None = None) -> Client:
        return Client(SIGNER.sign(claims(self.id, subject or self.person)))

    def role(self, subject: str | None = None) -> str:
        answer = self.session(subject).get("/v1/whoami")
        return str(answer.json["role"]) if answer.status == 200 else str(answer.status)

    @property
    def workspace(self) -> Item:
        where = get(Table.ACCESS, organisations.place(self.id)) or {}
        return workspaces.existing(where["workspace_id"])

    def listed(self) -> list[Item]:
        rows: list[Item] = self.session(self.maker).get("/v1/workspace/members").json["data"]
        return rows

    def key(self, role: str = "member", maker: str | None = "") -> Client:
        """A key of the other person's, or of somebody else's."""
        maker = self.person if maker == "" else maker
        workspace = self.workspace
        tx = Transaction(workspace["id"], "req_test", audit.OPERATOR)
        keys.bump(tx, workspace["id"])
        options = {"mode": "live", "scopes": ["*:read", "calls:write"], "name": "theirs"}
        _, token = keys.make(workspace, role=role, tx=tx, maker=maker, **options)
        tx.commit()
        return Client(token)


@pytest.fixture
def org() -> Organisation:
    return Organisation()


def _once(patch: pytest.MonkeyPatch, module: Any, name: str, meanwhile: Callable[[], Any]) -> None:
    """Let something happen when a function has read for the first time, before it is used."""
    found = getattr(module, name)

    def reading(*of: Any, **named: Any) -> Any:
        read = found(*of, **named)
        patch.setattr(module, name, found)
        meanwhile()
        return read

    patch.setattr(module, name, reading)


def test_200_a_new_organisation_is_a_free_workspace_of_its_maker(org: Organisation) -> None:
    org.begin()
    assert (org.workspace["name"], org.workspace["plan"]) == ("Acme", "free")
    assert org.workspace["settings"]["allowed_countries"] == ["IL"]
    assert org.role(org.maker) == "owner"


@pytest.mark.parametrize(
    ("told", "role"),
    [
        ("org:admin", "admin"),
        ("org:member", "member"),
        ("org:billing", "billing"),
        ("org:viewer", "viewer"),
        ("org:owner", "owner"),
        ("org:guest", "viewer"),
        ("basic_member", "viewer"),
        ("", "viewer"),
    ],
)
def test_200_a_role_of_ours_by_its_name_else_viewer(
    org: Organisation, told: str, role: str
) -> None:
    org.begin()
    assert org.member("created", told) == 200
    assert org.role() == role


def test_200_lists_the_members(org: Organisation) -> None:
    org.tell("user.created", of_user(org.person))
    org.begin()
    org.member("created")
    first, second = org.listed()
    assert set(second) == {"id", "name", "email", "role", "joined_at", "alerts", "weekly_digest"}
    assert (first["role"], first["name"], first["email"]) == ("owner", None, None)
    assert (second["role"], second["name"], second["email"]) == ("member", "Noa", "noa@example.com")
    assert second["joined_at"] == "2026-03-28T19:04:00Z"


def _alerts(asking: Client, member_id: object, **body: object) -> Answer:
    wanted = body or {"alerts": "off"}
    return asking.request("PATCH", f"/v1/workspace/members/{member_id}", json=wanted)


@pytest.mark.parametrize("role", sorted(auth.ROLES))
def test_200_each_changes_their_own_alerts(stack: Stack, org: Organisation, role: str) -> None:
    org.begin()
    org.member("created", f"org:{role}")
    member = org.listed()[1]
    for wanted in ("off", "off", "on"):
        answer = _alerts(org.session(), member["id"], alerts=wanted)
        assert (answer.status, answer.json) == (200, member | {"alerts": wanted})
        assert org.listed()[1] == answer.json
    assert _alerts(org.session(), member["id"], alerts="on").status == 200
    rows = stack.rows("CoreTable", org.workspace["id"])
    told = [row["view"] for row in rows if row["pk"].endswith("#AUD")]
    changes = [one for one in told if one["action"] == "member.changed"]
    assert sorted(one["details"]["alerts"] for one in changes) == ["off", "on"]
    assert {(one["actor"]["id"], one["object"]) for one in changes} == {(member["id"],) * 2}


@pytest.mark.parametrize("role", sorted(auth.ROLES))
def test_200_others_alerts_are_changed_by_who_manages_settings_and_401_by_nobody_else(
    org: Organisation, role: str
) -> None:
    org.begin()
    org.member("created", f"org:{role}")
    owner = org.listed()[0]
    answer = _alerts(org.session(), owner["id"])
    if role in ("owner", "admin"):
        assert (answer.status, org.listed()[0]["alerts"]) == (200, "off")
    else:
        assert_error(answer, 401, "missing_scope")
        assert org.listed()[0]["alerts"] == "on"
        # A key is no person: whoever made it.
        assert_error(_alerts(org.key(), org.listed()[1]["id"]), 401, "missing_scope")


def test_404_for_the_alerts_of_who_was_removed(
    org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    org.begin()
    org.member("created")
    member = str(org.listed()[1]["id"])
    owner = org.session(org.maker)
    with monkeypatch.context() as patch:
        found = members.get
        read = iter([lambda *of: (found(*of), org.member("deleted", at=11))[0]])
        patch.setattr(members, "get", lambda *of: next(read, found)(*of))
        assert_error(_alerts(owner, member), 404, "resource_not_found")
    assert_error(_alerts(owner, member), 404, "resource_not_found")
    assert len(org.listed()) == 1


# What is told of one organisation, by when it was so: the membership ends as viewer, by name.
_HISTORY = {
    "organization": (1, "organization.created"),
    "created": (2, "organizationMembership.created"),
    "updated": (3, "organizationMembership.updated"),
    "user": (4, "user.updated"),
    "deleted": (5, "organizationMembership.deleted"),
}


def _tell_of(org: Organisation, what: str) -> None:
    at, kind = _HISTORY[what]
    data = {
        "organization": of_organisation(org.id, org.maker),
        "created": of_member(org.id, org.person, "org:admin"),
        "updated": of_member(org.id, org.person, "org:viewer"),
        "user": of_user(org.person, "Noa the second"),
        "deleted": of_member(org.id, org.person, "org:viewer"),
    }[what]
    assert org.tell(kind, data, at).status == 200


@pytest.mark.parametrize("order", list(itertools.permutations(_HISTORY)), ids="-".join)
def test_200_whatever_the_order_who_left_is_out(order: tuple[str, ...]) -> None:
    org = Organisation()
    for what in order:
        _tell_of(org, what)
    for what in order:  # each comes twice
        _tell_of(org, what)
    assert org.role() == "401"
    assert (
        org.tell(
            "organizationMembership.created", of_member(org.id, org.maker, "org:admin"), 2
        ).status
        == 200
    )
    assert [row["role"] for row in org.listed()] == ["owner"]


@pytest.mark.parametrize("order", list(itertools.permutations([*_HISTORY][:-1])), ids="-".join)
def test_200_whatever_the_order_the_last_role_and_name_hold(order: tuple[str, ...]) -> None:
    org = Organisation()
    for what in (*order, *order):
        _tell_of(org, what)
    assert org.role() == "viewer"
    org.tell("organizationMembership.created", of_member(org.id, org.maker, "org:admin"), 2)
    assert org.role(org.maker) == "owner"
    assert [row["name"] for row in org.listed() if row["role"] == "viewer"] == ["Noa the second"]


def test_200_the_maker_is_owner_although_they_were_told_of_first(org: Organisation) -> None:
    org.tell("organizationMembership.created", of_member(org.id, org.maker, "org:admin"), 2)
    assert org.role(org.maker) == "admin"
    org.tell("organization.created", of_organisation(org.id, org.maker), 1)
    assert org.role(org.maker) == "owner"
    assert len(org.listed()) == 1


def _maker(org: Organisation, what: str, role: str, at: int) -> str:
    data = of_member(org.id, org.maker, role)
    assert org.tell(f"organizationMembership.{what}", data, at).status == 200
    return org.role(org.maker)


@pytest.mark.parametrize("told", ["org:viewer", "org:member", "org:guest"])
def test_200_the_maker_is_what_is_said_and_owner_where_that_is_admin(
    org: Organisation, told: str
) -> None:
    org.begin()
    assert _maker(org, "updated", told, 30) == ("member" if told == "org:member" else "viewer")
    assert _maker(org, "updated", "org:admin", 31) == "owner"
    lowered = Organisation()
    _maker(lowered, "created", told, 2)
    lowered.tell("organization.created", of_organisation(lowered.id, lowered.maker), 1)
    assert lowered.role(lowered.maker) in ("member", "viewer")


def test_200_a_maker_who_was_removed_and_comes_back_is_no_owner(org: Organisation) -> None:
    org.begin()
    assert _maker(org, "deleted", "org:admin", 30) == "401"
    assert _maker(org, "created", "org:admin", 40) == "admin"
    assert _maker(org, "updated", "org:viewer", 41) == "viewer"
    assert _maker(org, "updated", "org:admin", 42) == "admin"
    assert _maker(org, "deleted", "org:admin", 43) == "401"
    assert _maker(org, "created", "org:admin", 44) == "admin"


def test_200_who_comes_back_is_in_again(org: Organisation) -> None:
    org.begin()
    for what, at, role in (
        ("created", 10, "member"),
        ("deleted", 11, "401"),
        ("created", 12, "member"),
    ):
        org.member(what, at=at)
        assert org.role() == role
    assert len(org.listed()) == 2


def test_200_of_the_same_moment_the_removal_holds(org: Organisation) -> None:
    org.begin()
    for what in ("deleted", "created", "deleted", "created"):
        org.member(what)
        assert org.role() == "401"


def test_401_for_the_keys_of_who_was_removed_on_the_next_request(org: Organisation) -> None:
    org.begin()
    org.member("created")
    theirs = [org.key() for _ in range(25)]
    assert {key.get("/v1/whoami").status for key in theirs} == {200}
    assert org.member("deleted", at=11) == 200
    assert {key.get("/v1/whoami").status for key in theirs} == {401}
    assert org.role(org.maker) == "owner"
    assert keys.of(org.workspace["id"]).keys == []


def test_200_a_key_tells_whose_leaving_revokes_it(org: Organisation) -> None:
    org.begin()
    org.member("created", "org:admin")
    wanted = {"name": "CI", "scopes": ["calls:read", "keys:manage"], "mode": "live"}
    (theirs,) = (row["id"] for row in org.listed() if row["role"] == "admin")
    (founder,) = (row["id"] for row in org.listed() if row["role"] == "owner")
    first = org.session().post("/v1/keys", json=wanted).json
    by_it = Client(first["token"]).post("/v1/keys", json=wanted).json
    rolled = Client(by_it["token"]).post(f"/v1/keys/{by_it['id']}/roll", json={"overlap": "1h"})
    made = [first, by_it, rolled.json]
    assert [key["owner"] for key in made] == [theirs] * 3
    assert [key["created_by"] for key in made] == [theirs, first["id"], by_it["id"]]
    asking = org.session(org.maker)
    taken = asking.post(f"/v1/keys/{first['id']}/roll", json={"overlap": "1h"}).json
    assert taken["owner"] == founder
    shown = {key["id"]: key["owner"] for key in asking.get("/v1/keys").json["data"]}
    assert shown == {taken["id"]: founder} | {key["id"]: theirs for key in made}
    assert asking.get(f"/v1/keys/{by_it['id']}").json["owner"] == theirs
    org.member("deleted", at=20)
    assert [key["id"] for key in asking.get("/v1/keys").json["data"]] == [taken["id"]]


def test_401_for_the_keys_of_who_was_lowered_on_the_next_request(org: Organisation) -> None:
    org.begin()
    org.member("created")
    theirs = org.key()
    agent = {"agent_id": "agt_01ARZ3NDEKTSV4RRFFQ69G5FAV", "to": "+972541234567"}
    assert theirs.post("/v1/voice/calls", json=agent).status == 409
    org.member("updated", "org:viewer", at=11)
    answer = theirs.post("/v1/voice/calls", json=agent)
    assert (answer.status, answer.error["code"]) == (401, "missing_scope")
    org.member("updated", "org:member", at=12)
    assert theirs.post("/v1/voice/calls", json=agent).status == 409


def test_200_two_changes_of_a_role_at_once_leave_one_role_everywhere(
    org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The later one has read the membership when the earlier one is done as a whole."""
    org.begin()
    org.member("created", "org:viewer")
    theirs = org.key("viewer")
    _once(monkeypatch, members, "find", lambda: org.member("updated", "org:admin", at=11))
    assert org.member("updated", "org:viewer", at=12) == 200
    assert org.role() == "viewer"
    assert theirs.get("/v1/whoami").json["role"] == "viewer"
    assert org.listed()[1]["role"] == "viewer"


@pytest.mark.parametrize(("module", "name"), [(people, "known"), (people, "memberships")])
@pytest.mark.parametrize("first", ["Old", "New"])
def test_200_two_changes_of_a_person_at_once_leave_the_newer_one_everywhere(
    org: Organisation, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, first: str
) -> None:
    org.begin()
    org.member("created")
    at = {"Old": 20, "New": 21}
    second = next(name for name in at if name != first)

    def tell(name: str) -> int:
        return org.tell("user.updated", of_user(org.person, name), at[name]).status

    _once(monkeypatch, module, name, lambda: tell(second))
    assert tell(first) == 200
    assert people.known(org.person).name == "New"
    assert [row["name"] for row in org.listed()] == [None, "New"]


def test_200_an_older_name_stops_where_a_newer_one_came_between_person_and_list(
    org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    org.begin()
    org.member("created")
    new = of_user(org.person, "New")
    _once(monkeypatch, people, "hold", lambda: org.tell("user.updated", new, 21))
    assert org.tell("user.updated", of_user(org.person, "Old"), 20).status == 200
    assert [row["name"] for row in org.listed()] == [None, "New"]


def test_200_two_organisations_of_one_user_are_two_workspaces(org: Organisation) -> None:
    other = Organisation()
    other.person = org.person
    for one in (org, other):
        one.begin()
    org.member("created", "org:admin")
    other.member("created", "org:viewer")
    assert (org.role(), other.role()) == ("admin", "viewer")
    org.tell("user.updated", of_user(org.person, "Avi"), 20)
    for one in (org, other):
        assert "Avi" in [row["name"] for row in one.listed()]
    org.member("deleted", at=21)
    assert (org.role(), other.role()) == ("401", "viewer")
    org.tell("user.deleted", {"id": org.person, "deleted": True}, 22)
    assert (org.role(), other.role()) == ("401", "401")


def test_200_nobody_is_left_of_a_deleted_organisation(org: Organisation) -> None:
    org.begin()
    org.member("created")
    theirs = org.key()
    org.tell("organization.deleted", {"id": org.id, "deleted": True}, 20)
    org.member("created", at=10)
    assert (org.role(), org.role(org.maker)) == ("401", "401")
    assert theirs.get("/v1/whoami").status == 401
    assert org.workspace["plan"] == "free"


def _said_of(org: Organisation) -> str:
    """All that is kept under a person and their organisation."""
    place = organisations.place(org.id).pk
    found = [query(Table.ACCESS, pk, limit=100)[0] for pk in (place, people.key(org.person).pk)]
    return repr(found)


def _left(org: Organisation, at: int = 20) -> None:
    assert org.tell("user.deleted", {"id": org.person, "deleted": True}, at).status == 200


def test_200_nothing_is_kept_of_who_was_deleted(org: Organisation) -> None:
    org.begin()
    org.tell("user.created", of_user(org.person), 5)
    org.member("created")
    assert "noa@example.com" in _said_of(org)
    for late in (False, True):
        _left(org)
        if late:
            org.tell("user.updated", of_user(org.person), 30)
            org.member("updated", "org:admin", at=30)
            org.member("created", "org:admin", at=31)
        assert "noa" not in _said_of(org).lower()
        assert (org.role(), len(org.listed())) == ("401", 1)


@pytest.mark.parametrize("at", [5, 25])
def test_200_who_was_deleted_is_not_written_down_and_no_member_whatever_comes_later(
    org: Organisation, at: int
) -> None:
    _left(org)
    org.tell("user.updated", of_user(org.person), at)
    org.member("created", "org:admin", at=at)
    assert get(Table.ACCESS, organisations.place(org.id)) is None
    org.begin()
    org.member("created", "org:admin", at=at)
    assert "noa" not in _said_of(org).lower()
    assert (org.role(), len(org.listed())) == ("401", 1)


def test_200_who_is_deleted_while_they_become_a_member_is_none(
    org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    org.begin()
    _once(monkeypatch, members, "find", lambda: _left(org))
    assert org.member("created", "org:admin") == 200
    assert (org.role(), len(org.listed())) == ("401", 1)


@pytest.mark.parametrize("at", [1, 25])
def test_200_an_organisation_that_was_deleted_before_it_was_told_of_is_none(
    org: Organisation, at: int
) -> None:
    for _ in range(2):
        org.tell("organization.deleted", {"id": org.id, "deleted": True}, 20)
        org.tell("organization.created", of_organisation(org.id, org.maker), at)
        org.member("created", "org:admin", at=at)
        assert "workspace_id" not in (get(Table.ACCESS, organisations.place(org.id)) or {})
        assert org.role() == "401"


def test_200_a_person_of_no_organisation_is_kept_for_a_month_only(org: Organisation) -> None:
    def kept_until() -> int | None:
        return (get(Table.ACCESS, people.key(org.person)) or {}).get("ttl")

    month = clock.epoch() + 30 * 24 * 3600
    org.begin()
    org.tell("user.created", of_user(org.person), 5)
    assert abs(month - (kept_until() or 0)) < 60
    org.member("created")
    assert kept_until() is None
    org.tell("user.updated", of_user(org.person, "Avi"), 11)
    assert kept_until() is None
    other = Organisation()
    other.person = org.person
    other.begin()
    other.member("created")
    org.member("deleted", at=12)
    assert kept_until() is None
    other.member("deleted", at=12)
    assert abs(month - (kept_until() or 0)) < 60


def test_401_for_every_key_of_a_deleted_organisation_before_its_members_are_removed(
    stack: Stack, org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    org.begin()
    org.member("created")
    theirs = [org.key() for _ in range(25)]
    operators = org.key(maker=None)
    gone = {"id": org.id, "deleted": True}

    def unavailable(*_: object, **__: object) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(members, "remove", unavailable)
        assert org.tell("organization.deleted", gone, 20).status == 503
    assert {key.get("/v1/whoami").status for key in theirs} == {401}
    assert operators.get("/v1/whoami").status == 200
    assert org.tell("organization.deleted", gone, 20).status == 200
    assert (org.role(), org.role(org.maker)) == ("401", "401")
    rows = stack.rows("CoreTable", org.workspace["id"])
    told = [row["view"] for row in rows if row["pk"].endswith("#AUD")]
    revoked = [one["details"] for one in told if one["action"] == "key.revoked"]
    assert revoked == [{"because": "organization.deleted"}] * 25


def test_200_a_new_name_reaches_every_credential(stack: Stack, org: Organisation) -> None:
    org.begin()
    org.member("created")
    theirs = org.key()
    org.tell("organization.updated", of_organisation(org.id, org.maker, "Acme Health"), 20)
    org.tell("organization.updated", of_organisation(org.id, org.maker, "Old"), 15)
    pump.settle(stack, org.workspace["id"])
    for client in (theirs, org.session(), org.session(org.maker)):
        assert client.get("/v1/whoami").json["workspace"]["name"] == "Acme Health"


def test_200_a_plan_reaches_who_came_while_it_was_changed(
    stack: Stack, org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is made a member by what the workspace was finds that out at the commit."""
    org.begin()
    existing = workspaces.existing

    def changed_meanwhile(workspace_id: str) -> Item:
        found = existing(workspace_id)
        monkeypatch.setattr(workspaces, "existing", existing)
        told = {"workspace_id": workspace_id, "plan": "business", "version": 1}
        assert webhooks.send(webhooks.BILLING, told).status == 200
        pump.settle(stack, workspace_id)
        return found

    monkeypatch.setattr(workspaces, "existing", changed_meanwhile)
    assert org.member("created") == 200
    assert org.session().get("/v1/whoami").json["plan"] == "business"


def test_200_no_address_that_is_not_verified_is_shown(org: Organisation) -> None:
    org.begin()
    org.member("created")
    told = of_user(org.person) | {
        "email_addresses": [
            {"id": "idn_1", "email_address": "a@example.com", "verification": None},
            {
                "id": "idn_3",
                "email_address": "b@example.com",
                "verification": {"status": "unverified"},
            },
        ]
    }
    org.tell("user.updated", told, 20)
    assert [row["email"] for row in org.listed()] == [None, None]


def test_200_a_name_is_shown_as_one_line(org: Organisation) -> None:
    org.begin()
    org.member("created")
    org.tell("user.updated", of_user(org.person, "N\u202eo\x00a\n" + "x" * 500), 20)
    name = str(org.listed()[1]["name"])
    assert name.startswith("Noax")
    assert len(name) == 200


def test_200_changes_are_written_into_the_audit_log(stack: Stack, org: Organisation) -> None:
    org.begin()
    org.member("created")
    org.key()
    for what, role, at in (("updated", "org:viewer", 11), ("deleted", "org:viewer", 12)):
        for _ in range(2):
            org.member(what, role, at)
    rows = stack.rows("CoreTable", org.workspace["id"])
    told = [row["view"] for row in rows if row["pk"].endswith("#AUD")]
    by_clerk = sorted(one["action"] for one in told if one["actor"]["type"] == "clerk")
    assert by_clerk == [
        *("key.revoked", "member.added", "member.added", "member.changed", "member.removed")
    ]


def test_200_a_new_name_is_written_into_the_audit_log_once(org: Organisation) -> None:
    org.begin()
    for name, at in (("Acme", 15), ("Acme Health", 20), ("Acme Health", 20), ("Old", 16)):
        org.tell("organization.updated", of_organisation(org.id, org.maker, name), at)
    asked = "/v1/workspace/audit?action=workspace.renamed"
    (entry,) = org.session(org.maker).get(asked).json["data"]
    assert entry["object"] == org.workspace["id"]
    assert entry["actor"] == {"type": "clerk", "id": "clerk"}
    assert entry["details"] == {"from": "Acme", "to": "Acme Health"}


def test_200_what_is_not_followed_changes_nothing(stack: Stack, org: Organisation) -> None:
    assert org.tell("session.created", {"id": "sess_1"}).status == 200
    assert org.tell("organizationInvitation.created", {"id": org.id}).status == 200
    assert get(Table.ACCESS, organisations.place(org.id)) is None


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "[]", "null", "1", '"x"', "[" * 50_000, "{}"),
        '{"type": "user.updated"}',
        '{"type": "user.updated", "timestamp": 1, "data": []}',
        '{"type": "user.updated", "timestamp": 1, "data": {}}',
        '{"type": "user.updated", "timestamp": 1, "data": {"id": ""}}',
        '{"type": "user.updated", "timestamp": 1, "data": {"id": "a#\\u0000"}}',
        '{"type": "user.updated", "timestamp": 1, "data": {"id": "שלום"}}',
        '{"type": "user.updated", "timestamp": 1e300, "data": {"id": "a"}}',
        '{"type": "user.updated", "timestamp": -1, "data": {"id": "a"}}',
        '{"type": "user.updated", "timestamp": ' + "9" * 5000 + ', "data": {"id": "a"}}',
        '{"type": "organizationMembership.created", "timestamp": 1, "data": {"role": 1}}',
    ],
)
def test_400_for_what_is_no_event(body: str) -> None:
    answer = webhooks.send(webhooks.CLERK, body)
    assert (answer.status, answer.error["code"]) == (400, "invalid_request")


def test_413_for_a_giant() -> None:
    assert webhooks.send(webhooks.CLERK, "x" * (256 * 1024 + 1)).status == 413


def test_403_for_what_clerk_has_not_signed(org: Organisation) -> None:
    told = clerk_event("organization.created", of_organisation(org.id))
    forged = webhooks.send(webhooks.CLERK, told, svix_signature="v1," + "A" * 44)
    unsigned = Client().post("/callbacks/clerk", json=told)
    body = json.dumps(told)
    by_billing = Client().post(
        webhooks.CLERK, body=body, headers=webhooks.headers(webhooks.BILLING, body)
    )
    assert {forged.status, unsigned.status, by_billing.status} == {403}
    assert get(Table.ACCESS, organisations.place(org.id)) is None


def test_200_at_once_an_organisation_makes_one_workspace(stack: Stack, org: Organisation) -> None:
    told = [
        ("organization.created", of_organisation(org.id, org.maker), 1),
        ("organizationMembership.created", of_member(org.id, org.maker, "org:admin"), 2),
        ("organizationMembership.created", of_member(org.id, org.person), 3),
        ("user.created", of_user(org.person), 4),
    ]
    threads = [threading.Thread(target=org.tell, args=one) for one in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in told:  # who was told to try again does
        assert org.tell(*one).status == 200
    assert (org.role(org.maker), org.role()) == ("owner", "member")
    assert sorted(str(row["name"]) for row in org.listed()) == ["Noa", "None"]
    assert {one.sk for page, _ in facts._pages(org.workspace["id"]) for one in page} == {
        f"USER#{org.maker}",
        f"USER#{org.person}",
    }


def test_409_never_and_503_when_it_is_always_outrun(
    org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clerk then tells it again."""
    from linkwright.transaction import Outrun

    org.begin()

    def outrun(*_: object, **__: object) -> None:
        raise Outrun

    monkeypatch.setattr(members, "add", outrun)
    assert org.member("created") == 503
    monkeypatch.undo()


def test_the_membership_of_a_session_has_no_scopes(org: Organisation) -> None:
    org.begin()
    item = get(Table.ACCESS, auth.membership(org.id, org.maker)) or {}
    assert item["role"] == "owner"
    assert "scopes" not in item
