"""Sign-in with a Clerk session: what is accepted, and everything that is not."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from linkwright import audit, auth, clock, ids, sessions, settings
from linkwright.errors import InvalidToken, Unavailable
from linkwright.table import Table, update
from linkwright.transaction import Transaction
from linkwright.workspace import members
from tests.clerk import ISSUER, KEY_ID, PARTY, Signer, claims, encode
from tests.client import Answer, Client
from tests.factories import Workspace

SIGNER = Signer.new()
STRANGER = Signer.new()


@pytest.fixture(autouse=True)
def _clerk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with configured(monkeypatch, CLERK_PUBLIC_KEY=SIGNER.pem, CLERK_KEY_ID=KEY_ID):
        yield


@contextmanager
def configured(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Iterator[None]:
    values = {"CLERK_ISSUER": ISSUER, "CLERK_AUTHORIZED_PARTIES": f"{PARTY},https://b.example"}
    with monkeypatch.context() as patch:
        for name in ("CLERK_PUBLIC_KEY", "CLERK_KEY_ID", "CLERK_JWKS_URL"):
            patch.delenv(name, raising=False)
        for name, value in (values | changes).items():
            patch.setenv(name, value)
        patch.setattr(sessions, "_keys", sessions._IssuerKeys())
        settings.settings.cache_clear()
        yield
    settings.settings.cache_clear()


class Person:
    """A member of a workspace."""

    def __init__(self, workspace: Workspace, role: str = "member") -> None:
        self.organisation = ids.new("org")
        self.subject = ids.new("user")
        tx = Transaction(workspace.id, "req_test", audit.OPERATOR)
        members.add(
            workspace.item,
            organisation=self.organisation,
            subject=self.subject,
            role=role,
            tx=tx,
        )
        tx.commit()

    def claims(self, **changes: Any) -> dict[str, Any]:
        return claims(self.organisation, self.subject, **changes)

    def whoami(self, signer: Signer = SIGNER, **changes: Any) -> Answer:
        return Client(signer.sign(self.claims(**changes))).get("/v1/whoami")


@pytest.fixture
def person(workspace: Workspace) -> Person:
    return Person(workspace)


def test_200_for_a_member(workspace: Workspace, person: Person) -> None:
    answer = person.whoami()
    who = answer.json
    assert answer.status == 200
    assert who["workspace"]["id"] == workspace.id
    assert who["role"] == "member"
    assert set(who["scopes"]) == auth.ROLES["member"]
    assert who["credential"]["type"] == "session"
    assert (who["credential"]["id"], who["credential"]["env"]) == ("sess_2abc", "live")
    assert clock.parse(who["credential"]["expires_at"]) > clock.now()
    assert set(who) == set(workspace.client.get("/v1/whoami").json)


def test_200_with_the_claims_of_version_one(person: Person) -> None:
    assert person.whoami(v=None, o=None, org_id=person.organisation, org_role="org:admin").json[
        "role"
    ] == ("member")


@pytest.mark.parametrize("role", sorted(auth.ROLES))
def test_200_with_the_role_of_the_membership_whatever_the_token_says(
    workspace: Workspace, role: str
) -> None:
    person = Person(workspace, role)
    who = person.whoami(o={"id": person.organisation, "rol": "owner"}).json
    assert who["role"] == role
    assert set(who["scopes"]) == auth.ROLES[role]


def test_201_a_member_places_a_call_and_a_viewer_does_not(workspace: Workspace) -> None:
    agent = workspace.agent()
    body = {"agent_id": agent, "to": "+972541234567"}
    answers = [
        Client(SIGNER.sign(Person(workspace, role).claims())).post("/v1/voice/calls", json=body)
        for role in ("member", "viewer")
    ]
    assert [answer.status for answer in answers] == [201, 401]
    assert answers[1].error["code"] == "missing_scope"


@pytest.mark.parametrize(
    ("claim", "accepted", "refused"),
    [("exp", -4, -5), ("nbf", 5, 6), ("iat", 5, 6)],
)
def test_200_within_five_seconds_of_leeway_and_401_beyond(
    person: Person, monkeypatch: pytest.MonkeyPatch, claim: str, accepted: int, refused: int
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    at = {"iat": clock.epoch() - 30} if claim == "exp" else {}
    assert person.whoami(**at, **{claim: clock.epoch() + accepted}).status == 200
    assert person.whoami(**at, **{claim: clock.epoch() + refused}).status == 401


def test_200_for_a_lifetime_of_a_day(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    assert person.whoami(iat=clock.epoch(), exp=clock.epoch() + DAY).status == 200


def test_200_for_the_shortest_lifetime(person: Person) -> None:
    now = clock.epoch()
    assert person.whoami(iat=now, exp=now + 1).status == 200


def test_200_for_an_audience_which_is_not_ours_to_judge(person: Person) -> None:
    assert person.whoami(aud="https://api.example.com").status == 200


def test_a_session_without_an_id_is_known_by_its_person(person: Person) -> None:
    assert person.whoami(sid=None).json["credential"]["id"] == person.subject


def test_names_of_one_and_of_200_characters_and_no_others() -> None:
    def named(length: int) -> str:
        made = claims("o", "s", sub="s" * length, o={"id": "o" * length}, sid="i" * length)
        return sessions.verify(SIGNER.sign(made)).subject

    assert (named(1), named(200)) == ("s", "s" * 200)
    for length in (0, 201):
        with pytest.raises(InvalidToken):
            named(length)


def test_a_token_as_long_as_one_may_be_and_not_a_character_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sessions.MAX_TOKEN_CHARS == 8192
    token = SIGNER.sign(claims("org_1", "user_1"))
    monkeypatch.setattr(sessions, "MAX_TOKEN_CHARS", len(token))
    assert sessions.verify(token).subject == "user_1"
    monkeypatch.setattr(sessions, "MAX_TOKEN_CHARS", len(token) - 1)
    with pytest.raises(InvalidToken):
        sessions.verify(token)


def test_401_once_the_membership_is_revoked(person: Person) -> None:
    assert person.whoami().status == 200
    update(
        Table.ACCESS,
        auth.membership(person.organisation, person.subject),
        "SET #revoked_at = :now",
        values={"now": clock.timestamp()},
    )
    assert person.whoami().status == 401


DAY = 24 * 3600
NOW = clock.epoch()
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "expired": {"iat": NOW - 120, "exp": NOW - 60},
    "no exp": {"exp": None},
    "no iat": {"iat": None},
    "no nbf": {"nbf": None},
    "no iss": {"iss": None},
    "no sub": {"sub": None},
    "a string as exp": {"exp": str(NOW + 600)},
    "a float as exp": {"exp": NOW + 600.5},
    "true as exp": {"exp": True},
    "a list as iat": {"iat": [NOW]},
    "an exp of a far future": {"exp": 10**30},
    "a lifetime of more than a day": {"iat": NOW, "exp": NOW + DAY + 1},
    "no lifetime at all": {"iat": NOW, "exp": NOW},
    "an exp before its iat": {"iat": NOW + 4, "exp": NOW + 3},
    "not yet valid": {"nbf": NOW + 3600},
    "issued in the future": {"iat": NOW + 3600, "exp": NOW + 7200},
    "another issuer": {"iss": "https://clerk.evil.example"},
    "the issuer with a slash": {"iss": f"{ISSUER}/"},
    "no azp": {"azp": None},
    "another azp": {"azp": "https://evil.example"},
    "a list as azp": {"azp": [PARTY]},
    "pending": {"sts": "pending"},
    "no organisation": {"o": None},
    "an organisation that is a number": {"o": {"id": 7}},
    "another organisation": {"o": {"id": "org_01M81HATF5G8WM1PVY5DASRWZ4"}},
    "another person": {"sub": "user_01M81HATF5G8WM1PVY5DASRWZ4"},
    "an empty subject": {"sub": ""},
    "an endless subject": {"sub": "u" * 3000},
}


@pytest.mark.parametrize("name", BAD_CLAIMS)
def test_401_for_claims_that_are_wrong(person: Person, name: str) -> None:
    answer = person.whoami(**BAD_CLAIMS[name])
    assert (answer.status, answer.error["code"]) == (401, "invalid_token")


def _forgeries(good: dict[str, Any]) -> dict[str, str]:
    payload = json.dumps(good).encode()
    header = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
    token = SIGNER.sign(good)
    head, body, signature = token.split(".")
    none = encode(json.dumps({"alg": "none", "kid": KEY_ID}).encode())
    hs256 = encode(json.dumps({"alg": "HS256", "kid": KEY_ID}).encode())
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    forged_mac = mac.sign(f"{hs256}.{body}".encode(), SIGNER.pem.encode())
    return {
        "alg none": f"{none}.{body}.",
        "alg none with the signature": f"{none}.{body}.{signature}",
        "HS256 with the public key": f"{hs256}.{body}.{encode(forged_mac)}",
        "RS512 in the header": SIGNER.forge(header | {"alg": "RS512"}, payload),
        "rs256 in lower case": SIGNER.forge(header | {"alg": "rs256"}, payload),
        "no alg": SIGNER.forge({"kid": KEY_ID}, payload),
        "another key": STRANGER.sign(good),
        "another kid": SIGNER.sign(good, kid="ins_other"),
        "a kid that is a path": SIGNER.sign(good, kid="../../etc/passwd"),
        "a kid that is a number": SIGNER.forge(header | {"kid": 7}, payload),
        "no kid": SIGNER.forge({"alg": "RS256"}, payload),
        "jku": SIGNER.sign(good, jku="http://127.0.0.1:9/jwks"),
        "x5u": SIGNER.sign(good, x5u="http://127.0.0.1:9/cert"),
        "jwk": STRANGER.sign(good, jwk=STRANGER.jwk),
        "an altered payload": f"{head}.{encode(payload + b' ')}.{signature}",
        "no signature": f"{head}.{body}.",
        "a cut signature": f"{head}.{body}.{signature[:-4]}",
        "an empty payload": SIGNER.forge(header, b""),
        "a payload that is a list": SIGNER.forge(header, b"[]"),
        "a payload that is not JSON": SIGNER.forge(header, b"\xff\xfe"),
        "NaN as exp": SIGNER.forge(header, payload.replace(b'"exp": ', b'"exp": NaN, "x": ')),
        "deep nesting": SIGNER.forge(header, b"[" * 3000),
        "dots": "..",
        "a token of 9,000 characters": f"{head}.{body}.{'A' * 9000}",
    }


@pytest.mark.parametrize("name", sorted(_forgeries(claims("org_1", "user_1"))))
def test_401_for_a_forgery_without_a_network_call(
    person: Person, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a token made us open a connection")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    answer = Client(_forgeries(person.claims())[name]).get("/v1/whoami")
    assert (answer.status, answer.error["code"]) == (401, "invalid_token")


def test_200_without_azp_only_where_the_setting_says_so(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with configured(
        monkeypatch,
        CLERK_PUBLIC_KEY=SIGNER.pem,
        CLERK_KEY_ID=KEY_ID,
        CLERK_ALLOW_MISSING_AZP="true",
    ):
        assert person.whoami(azp=None).status == 200
        assert person.whoami(azp="https://evil.example").status == 401


def test_401_for_every_session_where_none_is_configured(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with configured(monkeypatch, CLERK_ISSUER=""):
        assert person.whoami().status == 401


class Issuer:
    """A JWKS endpoint that counts its visitors."""

    def __init__(self, *signers: Signer) -> None:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetches += 1
                issuer.asked_as.append(self.headers["User-Agent"])
                keys = [*issuer.others, *(signer.jwk for signer in issuer.signers)]
                body = json.dumps({"keys": keys}).encode()
                self.send_response(issuer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.signers = list(signers)
        self.others: list[Any] = []
        self.asked_as: list[str] = []
        self.status = 200
        self.fetches = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    issuer = Issuer(SIGNER)
    thread = threading.Thread(target=issuer.server.serve_forever)
    thread.start()
    with configured(monkeypatch, CLERK_JWKS_URL=issuer.url):
        yield issuer
    issuer.server.shutdown()
    thread.join()
    issuer.server.server_close()


def _later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now + by.total_seconds())


def test_200_with_the_keys_of_the_issuer_fetched_once(person: Person, issuer: Issuer) -> None:
    assert {person.whoami().status for _ in range(5)} == {200}
    assert issuer.fetches == 1


@pytest.mark.slow
def test_401_for_a_thousand_unknown_kids_with_one_fetch(person: Person, issuer: Issuer) -> None:
    tokens = [SIGNER.sign(person.claims(), kid=f"ins_{number}") for number in range(1000)]
    assert {Client(token).get("/v1/whoami").status for token in tokens} == {401}
    assert issuer.fetches == 1


def test_200_for_a_new_key_after_half_a_minute(
    person: Person, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rolled = Signer.new("ins_rolled")
    assert person.whoami().status == 200
    issuer.signers = [rolled]
    assert person.whoami(rolled).status == 401
    _later(monkeypatch, timedelta(seconds=31))
    assert person.whoami(rolled).status == 200
    assert person.whoami().status == 401
    assert issuer.fetches == 2


def test_the_keys_are_fetched_again_after_an_hour(
    person: Person, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert person.whoami().status == 200
    _later(monkeypatch, timedelta(minutes=61))
    assert person.whoami().status == 200
    assert issuer.fetches == 2


@pytest.mark.parametrize(("kid", "kept_s"), [(KEY_ID, 3600), ("ins_unknown", 30)])
def test_the_keys_are_fetched_again_after_their_time_and_not_at_its_end(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, kid: str, kept_s: float
) -> None:
    monkeypatch.setattr(clock, "monotonic", lambda: 1_000.0)
    sessions._keys.get(KEY_ID)
    for at, fetches in ((kept_s, 1), (kept_s + 0.001, 2)):
        monkeypatch.setattr(clock, "monotonic", lambda at=at: 1_000.0 + at)
        with suppress(InvalidToken):
            sessions._keys.get(kid)
        assert issuer.fetches == fetches


def test_an_issuer_is_given_a_second_and_a_quarter_of_a_megabyte(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float | None] = []
    urlopen = urllib.request.urlopen

    def noted(request: urllib.request.Request, timeout: float | None = None) -> Any:
        asked.append(timeout)
        return urlopen(request, timeout=timeout)

    monkeypatch.setattr(urllib.request, "urlopen", noted)
    monkeypatch.setattr(sessions, "JWKS_MAX_BYTES", 100)
    with pytest.raises(Unavailable):
        sessions._keys.get(KEY_ID)
    assert asked == [1]


def test_an_issuer_is_asked_under_our_own_name(issuer: Issuer) -> None:
    sessions._keys.get(KEY_ID)
    assert issuer.asked_as == ["linkwright"]


GOOD = SIGNER.jwk
UNUSABLE: dict[str, Any] = {
    "of another type": {"kty": "EC", "kid": KEY_ID, "crv": "P-256", "x": "AA", "y": "AA"},
    "symmetric": {"kty": "oct", "kid": KEY_ID, "k": "AAAA"},
    "to encrypt with": GOOD | {"use": "enc", "alg": "RSA-OAEP"},
    "of another use": GOOD | {"use": "enc"},
    "of another algorithm": GOOD | {"alg": "RS512"},
    "that only signs": GOOD | {"key_ops": ["sign"]},
    "without an id": {name: GOOD[name] for name in GOOD if name != "kid"},
    "without its number": {name: GOOD[name] for name in GOOD if name != "n"},
    "that is broken": GOOD | {"n": "%%%"},
    "of null": GOOD | {"n": None, "e": None},
    "of zero": GOOD | {"e": "AA"},
    "too small": Signer(rsa.generate_private_key(public_exponent=65537, key_size=1024)).jwk,  # noqa: S505 -- to be refused
    "without a type": {name: GOOD[name] for name in GOOD if name != "kty"},
    "of odd operations": GOOD | {"key_ops": 7},
    "that is null": None,
    "that is a text": "key",
    "that is a list": [GOOD],
}


@pytest.mark.parametrize("key", UNUSABLE.values(), ids=UNUSABLE)
def test_200_by_the_good_keys_beside_one_that_cannot_be_used(
    person: Person, issuer: Issuer, key: Any
) -> None:
    issuer.signers, issuer.others = [Signer(STRANGER.key, "ins_good")], [key]
    assert person.whoami(issuer.signers[0]).status == 200
    assert person.whoami().status == 401, "nothing is verified by what cannot be used"


def test_503_while_the_issuer_is_away_and_no_key_is_known(person: Person, issuer: Issuer) -> None:
    issuer.status = 500
    answers = [person.whoami() for _ in range(5)]
    assert {answer.status for answer in answers} == {503}
    assert answers[0].headers["Retry-After"] == "1"
    assert issuer.fetches == 1


def test_200_with_the_keys_known_while_the_issuer_is_away(
    person: Person, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert person.whoami().status == 200
    issuer.status = 500
    _later(monkeypatch, timedelta(minutes=61))
    assert person.whoami().status == 200
