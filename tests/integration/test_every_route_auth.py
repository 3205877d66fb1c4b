"""Who may call: for every route of the template, so that a new one is covered without edits."""

from contextlib import nullcontext
from datetime import timedelta

import pytest

from linkwright import auth, clock, tokens
from linkwright.table import Item, Table, update
from tests.clerk import KEY_ID
from tests.client import Answer, Client, Context, http_event, load
from tests.integration.every_route import (
    CALLBACKS,
    PAGES,
    PRIVATE,
    ROUTES,
    Route,
    World,
    assert_error,
    make_world,
    nothing_written,
    stored,
)
from tests.integration.test_sessions import SIGNER, Person, configured
from tests.stack import Stack
from tools.demo import EVERYTHING
from tools.routes import table

every_route = pytest.mark.parametrize("route", PRIVATE, ids=str)


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    return make_world()


def _change_key(token: str, expression: str, **values: object) -> Item:
    return update(Table.ACCESS, auth.api_key(token), expression, values=values)


def _token(world: World, **options: object) -> str:
    scopes = options.pop("scopes", EVERYTHING)
    token = world.workspace.client_with(scopes, **options).token  # type: ignore[arg-type]
    assert token
    return token


def _ask(route: Route, world: World, authorization: str | None) -> Answer:
    headers = {} if authorization is None else {"Authorization": authorization}
    with nothing_written():
        return route.ask(Client(), world.ids, headers=headers)


def _assert_401(answer: Answer) -> None:
    assert_error(answer, 401, "invalid_token")
    challenge = 'Bearer realm="linkwright", error="invalid_token"'
    assert answer.headers["WWW-Authenticate"] == challenge
    assert "RateLimit" not in answer.headers


def test_no_route_is_public_but_pages_and_callbacks() -> None:
    assert CALLBACKS
    signed = [route for route in ROUTES if route.is_callback or route.is_webhook]
    assert [route for route in ROUTES if route.contract.public] == signed
    assert {route.path for route in ROUTES} == {path for path in table() if path not in PAGES}


@every_route
def test_401_without_a_good_credential(stack: Stack, world: World, route: Route) -> None:
    token = _token(world)
    before = stored(stack, world)
    unknown = tokens.new("live")
    wrong_sum = token[:-1] + ("0" if token[-1] != "0" else "1")
    broken = [
        None,
        "",
        token,
        "Bearer",
        "Bearer ",
        f"Basic {token}",
        f"Token {token}",
        f"Bearer{token}",
        f"Bearer\t{token}",
        f" Bearer {token}",
        f"Bearer {token} ",
        f"Bearer {token}\n",
        f"Bearer {token}, Bearer {token}",
        f"Bearer {token},{token}",
        f"Bearer {token},Bearer {unknown}",
        f"Bearer {wrong_sum}",
        f"Bearer {token[:-1]}",
        f"Bearer {token}0",
        f"Bearer {token.swapcase()}",
        f"Bearer {token.replace('lk_live_', 'lk_test_')}",
        f"Bearer {token.replace('lk_live_', 'lk_prod_')}",
        f"Bearer {token.replace('lk_live_', '')}",
        "Bearer lk_live_",
        "Bearer null",
        "Bearer ' OR 1=1",
        f"Bearer {'٣' * 49}",
        f"Bearer {'a' * 5_000}",
        f"Bearer {unknown}",
        f"Bearer {tokens.new('test')}",
        f"Bearer {world.workspace.id}",
    ]
    for authorization in broken:
        _assert_401(_ask(route, world, authorization))
    assert stored(stack, world) == before


@every_route
def test_401_for_a_revoked_key_on_its_very_next_request(world: World, route: Route) -> None:
    token = _token(world)
    assert route.ask(Client(token), world.ids).status == route.status
    _change_key(token, "SET #revoked_at = :at", at=clock.timestamp())
    _assert_401(_ask(route, world, f"Bearer {token}"))


@every_route
def test_401_from_the_second_a_key_expires(
    world: World, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = _token(world)
    end = clock.now() + timedelta(hours=1)
    _change_key(token, "SET #expires_at = :at", at=clock.timestamp(end))
    for seconds, good in ((-1, True), (0, False), (1, False)):
        monkeypatch.setattr(clock, "now", lambda moment=end + timedelta(seconds=seconds): moment)
        if good:
            assert route.ask(Client(token), world.ids).status == route.status
        else:
            _assert_401(_ask(route, world, f"Bearer {token}"))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
@pytest.mark.parametrize("header", ["Authorization", "authorization", "AUTHORIZATION"])
def test_200_whatever_the_case_of_header_and_scheme(world: World, header: str, scheme: str) -> None:
    event, function = http_event("GET", "/v1/whoami", {}, None, False)
    event["headers"] = {header: f"{scheme} {_token(world)}"}
    assert load(function).handler(event, Context())["statusCode"] == 200


# ---- Scopes and roles ------------------------------------------------------------------------


def _assert_lacks(answer: Answer, scope: str) -> None:
    assert_error(answer, 401, "missing_scope")
    challenge = f'Bearer realm="linkwright", error="insufficient_scope", scope="{scope}"'
    assert answer.headers["WWW-Authenticate"] == challenge
    assert "RateLimit" in answer.headers


@every_route
def test_401_for_a_key_with_every_scope_but_the_one_of_the_route(
    world: World, route: Route
) -> None:
    scope = route.contract.scope
    without = [granted for granted in EVERYTHING if granted != scope]
    answer = _ask(route, world, f"Bearer {_token(world, scopes=without)}")
    if scope is None:
        assert answer.status == route.status
    else:
        assert scope in auth.SCOPES
        _assert_lacks(answer, scope)


@every_route
def test_20x_for_a_key_with_only_the_scope_of_the_route(world: World, route: Route) -> None:
    scope = route.contract.scope
    client = Client(_token(world, scopes=[scope] if scope else []))
    assert route.ask(client, world.ids).status == route.status


@every_route
@pytest.mark.parametrize("role", sorted(auth.ROLES))
def test_a_key_never_exceeds_the_role_of_its_maker(world: World, route: Route, role: str) -> None:
    scope = route.contract.scope
    answer = route.ask(Client(_token(world, role=role)), world.ids)
    if scope is None or scope in auth.ROLES[role]:
        assert answer.status == route.status
    else:
        _assert_lacks(answer, scope)


@every_route
@pytest.mark.parametrize("role", sorted(auth.ROLES))
def test_a_session_may_what_its_role_may(
    monkeypatch: pytest.MonkeyPatch, world: World, route: Route, role: str
) -> None:
    scope = route.contract.scope
    with configured(monkeypatch, CLERK_PUBLIC_KEY=SIGNER.pem, CLERK_KEY_ID=KEY_ID):
        session = Client(SIGNER.sign(Person(world.workspace, role).claims()))
        answer = route.ask(session, world.ids)
    if scope is None or scope in auth.ROLES[role]:
        assert answer.status == route.status
    else:
        _assert_lacks(answer, scope)


def test_a_lowered_role_lowers_the_key_at_its_next_request(world: World) -> None:
    token = _token(world, role="owner")
    assert Client(token).get("/v1/voice/calls").status == 200
    _change_key(token, "SET #role = :role", role="billing")
    _assert_lacks(Client(token).get("/v1/voice/calls"), "calls:read")
    assert Client(token).get("/v1/whoami").json["scopes"] == ["usage:read"]


def test_read_keys_read_and_write_nothing(world: World) -> None:
    client = Client(_token(world, scopes=["*:read"]))
    for route in PRIVATE:
        scope = route.contract.scope
        marks = scope in auth.READ_SCOPES and route.method == "POST"
        with nullcontext() if marks else nothing_written():
            answer = route.ask(client, world.ids)
        if scope is None or scope.endswith(":read"):
            assert answer.status == route.status, route
        else:
            _assert_lacks(answer, scope)
