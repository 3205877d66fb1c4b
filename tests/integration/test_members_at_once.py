"""A membership changes while its person makes keys: no key has more than the person is left with.

Judged by MiniStack: in memory one asks after another.
"""

import random

import pytest

from linkwright import auth
from linkwright.table import Table, get
from linkwright.workspace import keys
from tests.client import Answer, Client
from tests.integration import test_members
from tests.integration.every_route import assert_error
from tests.integration.test_concurrency import at_once
from tests.integration.test_members import Organisation
from tests.stack import Stack

_sessions_are_on = test_members._sessions_are_on
WANTED = {"name": "CI", "scopes": ["calls:write"], "mode": "live"}


class _Person:
    """Makes and rolls keys, by their session and by a key of theirs."""

    def __init__(self, org: Organisation) -> None:
        self.session = org.session()
        scopes = ["keys:manage", "calls:write"]
        first = self.session.post("/v1/keys", json=WANTED | {"scopes": scopes})
        assert first.status == 201
        self.first = first.json["id"]
        self.key = Client(first.json["token"])
        self.tokens = [first.json["token"]]

    def make(self, by: Client) -> None:
        self._keep(by.post("/v1/keys", json=WANTED))

    def roll(self, by: Client, overlap: str) -> None:
        self._keep(by.post(f"/v1/keys/{self.first}/roll", json={"overlap": overlap}))

    def _keep(self, answer: Answer) -> None:
        # Outrun each time, refused by then, or rolled away; and never anything else.
        assert answer.status in (201, 401, 404, 503), answer.raw
        if answer.status == 201:
            self.tokens.append(answer.json["token"])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("end", ["removed", "lowered", "lowered and raised"])
def test_no_key_is_left_above_its_makers_role(stack: Stack, seed: int, end: str) -> None:
    chance = random.Random(seed)  # noqa: S311 -- not a secret
    org = Organisation()
    org.begin()
    org.member("created", "org:admin", at=10)
    person = _Person(org)
    told = {
        "removed": [("deleted", "org:admin", 11)],
        "lowered": [("updated", "org:viewer", 11)],
        "lowered and raised": [("updated", "org:viewer", 11), ("updated", "org:member", 12)],
    }[end]
    work = [lambda event=event: org.member(event[0], event[1], at=event[2]) for event in told]
    work += [lambda: person.make(person.session), lambda: person.make(person.key)] * 2
    work += [lambda: person.roll(person.session, "1h"), lambda: person.roll(person.key, "0")]
    chance.shuffle(work)
    at_once(len(work), lambda n: work[n]())
    for what, role, at in told:  # who was told to try again does
        assert org.member(what, role, at) == 200
    left = {"removed": None, "lowered": "viewer", "lowered and raised": "member"}[end]
    ring = keys.of_maker(org.workspace["id"], org.person)
    kept = [get(Table.ACCESS, keys.credential(key)) or {} for key in ring.keys]
    assert {credential["role"] for credential in kept} <= {left}
    for token in person.tokens:
        answer = Client(token).get("/v1/whoami")
        if answer.status == 200:
            assert answer.json["role"] == left
            assert set(answer.json["scopes"]) <= auth.ROLES[str(left)]
        else:
            assert_error(answer, 401, "invalid_token")
