"""Whatever arrives: never a 5xx, always an answer in its form. Each run has the same examples."""

import base64
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client import Answer, Context, http_event, load
from tests.factories import CALLEE, make_workspace
from tests.integration.every_route import (
    BODY_ROUTES,
    CALLBACKS,
    ID_ROUTES,
    LEAKS,
    LIST_ROUTES,
    Route,
    World,
    assert_answer,
    assert_error,
    make_world,
)
from tests.integration.signed import TOKENS, Dialled, Signed, verbs
from tests.stack import Stack

# Elsewhere the same parser meets the same bytes: what a route adds is seen with fewer.
_SHARE = 5


def examples(count: int, route: Route | None = None, routes: Sequence[Route] = ()) -> settings:
    """So many examples; a share of them where the route is not the first of its kind."""
    return settings(
        max_examples=count if route in routes[:1] or route is None else count // _SHARE,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    return make_world(mode="test")


def _assert_answered(answer: Answer, good: int) -> None:
    assert answer.status < 500
    if answer.status == good:
        assert_answer(answer)
    else:
        assert_error(answer, answer.status, answer.error["code"], answer.error.get("field"))
        assert answer.status in {400, 404, 409, 413, 415}


# Hypothesis also tries words of our own code, which an answer may echo but not bring up itself.
_text = st.text(max_size=30).filter(lambda text: not LEAKS.search(text))
_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | _text
    | st.sampled_from([CALLEE, "+15005550001", "054-1234567", "\u202e", "1e999999"])
)
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=8,
)
_bytes = st.binary(max_size=300) | st.builds(
    lambda text, at, byte: text[:at] + byte + text[at:],
    _values.map(lambda value: json.dumps(value).encode()),
    st.integers(0, 40),
    st.binary(min_size=1, max_size=2),
)


@st.composite
def _bodies(draw: st.DrawFn, good: dict[str, Any]) -> dict[str, Any]:
    """A good body with members changed, dropped and added."""
    body = {name: draw(_values) if draw(st.booleans()) else good[name] for name in good}
    for name in draw(st.sets(st.sampled_from(sorted(good)), max_size=1)) if good else ():
        del body[name]
    return body | draw(st.dictionaries(_text, _values, max_size=1))


@pytest.mark.parametrize("route", BODY_ROUTES, ids=str)
@pytest.mark.slow
def test_never_5xx_for_any_bytes(world: World, route: Route) -> None:
    client = world.workspace.client_with(["*:read", route.contract.scope or "*:read"])

    @examples(300, route, BODY_ROUTES)
    @given(body=_bytes, key=st.none() | _text, plain=st.booleans())
    def check(body: bytes, key: str | None, plain: bool) -> None:
        sent = body.decode("latin-1") if plain else base64.b64encode(body).decode()
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = route.ask(client, world.ids, body=sent, is_base64=not plain, headers=headers)
        _assert_answered(answer, route.status)

    check()


@pytest.mark.parametrize("route", BODY_ROUTES, ids=str)
@pytest.mark.slow
def test_never_5xx_for_any_json(world: World, route: Route) -> None:
    client = world.workspace.client_with(["*:read", route.contract.scope or "*:read"])

    @examples(300, route, BODY_ROUTES)
    @given(data=st.data(), escaped=st.booleans())
    def check(data: st.DataObject, escaped: bool) -> None:
        body = data.draw(_bodies(route.body(world.ids) or {}) | _values)
        sent = json.dumps(body, ensure_ascii=escaped)
        answer = route.ask(client, world.ids, body=sent)
        _assert_answered(answer, route.status)
        if answer.status == route.status and "metadata" in answer.json:
            assert answer.json["metadata"] == body.get("metadata", {})

    check()


_names = st.sampled_from(
    ["limit", "cursor", "status", "agent_id", "created_after", "created_before", "x", ""]
)
_parameters = st.sampled_from(
    ["10", "queued", "agt_5fd1a02b", "2026-05-21T09:14:22Z", "9999-12-31T23:59:59.999999999-23:59"]
)
_pairs = st.tuples(_names | _text, _parameters | _text | st.integers().map(str))


def _encodable(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@pytest.mark.parametrize("route", LIST_ROUTES, ids=str)
@pytest.mark.slow
def test_never_5xx_for_any_query(world: World, route: Route) -> None:
    client = world.workspace.client_with(["*:read", route.contract.scope or "*:read"])

    @examples(300, route, LIST_ROUTES)
    @given(pairs=st.lists(_pairs, max_size=4), tail=_text)
    def check(pairs: list[tuple[str, str]], tail: str) -> None:
        query = "&".join(f"{_encodable(name)}={_encodable(value)}" for name, value in pairs)
        headers = {"Authorization": f"Bearer {client.token}"}
        event, function = http_event(route.method, route.path, headers, None, False)
        event["rawQueryString"] = query + tail
        answer = load(function).handler(event, Context())
        _assert_answered(
            Answer(answer["statusCode"], answer["headers"], answer["body"]), route.status
        )

    check()


@pytest.mark.parametrize("route", ID_ROUTES, ids=str)
def test_never_5xx_for_any_id(world: World, route: Route) -> None:
    client = world.workspace.client_with(["*:read", route.contract.scope or "*:read"])
    kind = route.kinds[0]

    @examples(100, route, ID_ROUTES)
    @given(text=_text.filter(bool))
    def check(text: str) -> None:
        ids = world.ids.but(**{kind: _encodable(text)})
        _assert_answered(route.ask(client, ids), route.status)

    check()


_fields = st.tuples(
    st.sampled_from(
        [
            *("CallSid", "CallStatus", "CallDuration", "SequenceNumber", "Timestamp", "ErrorCode"),
            *("SpeechResult", "Confidence", "AnsweredBy", "DialCallStatus", "DialCallDuration"),
            *("RecordingStatus", "RecordingSid", "AccountSid", "To", "From", "Digits"),
        ]
    )
    | _text,
    st.sampled_from(
        [
            *("ringing", "in-progress", "completed", "machine_start", "fax", "human", "absent"),
            *("-1", "1e999", "NaN", "9" * 30, "Thu, 32 Nov 2026 25:00:00", "</Say><Dial>1</Dial>"),
            f"RE{'5' * 32}",
        ]
    )
    | _text,
)


@pytest.mark.parametrize("route", CALLBACKS, ids=str)
@pytest.mark.slow
def test_never_5xx_for_any_form(world: World, route: Route) -> None:
    call = Dialled(make_workspace(mode="test"))
    ids = world.ids.but(partition=call.workspace.partition, call=call.id)
    sent = {"CallSid": call.placed.sid, "CallStatus": "in-progress", "DialCallStatus": "busy"}
    sent |= {"RecordingStatus": "completed", "RecordingSid": f"RE{'5' * 32}"}

    @examples(200, route, CALLBACKS)
    @given(
        fields=st.lists(_fields, max_size=4),
        dropped=st.none() | st.sampled_from(sorted(sent)),
        is_signed=st.booleans(),
        turn=st.integers(1, 999),
    )
    def check(
        fields: list[tuple[str, str]], dropped: str | None, is_signed: bool, turn: int
    ) -> None:
        form = [*((name, sent[name]) for name in sent if name != dropped), *fields]
        told = Signed(route.url(ids.but(turn=str(turn))), form, TOKENS["test"])
        answer = told.send() if is_signed else told.send(signature="x")
        if not is_signed:
            assert_error(answer, 403, "invalid_request")
        elif answer.status == 200:
            # Whatever was said, the carrier can do what it is told then.
            assert verbs(answer)
        elif answer.status == 204:
            assert_answer(answer)
        else:
            assert_error(answer, 400, "invalid_request")

    check()


@pytest.mark.parametrize("route", CALLBACKS, ids=str)
def test_never_5xx_for_any_bytes_of_a_form(world: World, route: Route) -> None:
    told = Signed(route.url(world.ids), [], TOKENS["test"])

    @examples(200, route, CALLBACKS)
    @given(body=_bytes, plain=st.booleans())
    def check(body: bytes, plain: bool) -> None:
        sent = body.decode("latin-1") if plain else base64.b64encode(body).decode()
        answer = told.send(body=sent, is_base64=not plain)
        # Of no field at all, the signature is right.
        assert_error(answer, 403 if answer.status == 403 else 400, "invalid_request")

    check()


def test_never_5xx_for_any_path(world: World) -> None:
    client = world.workspace.client_with(["*:read"])

    @examples(100)
    @given(path=_text, method=_text, flat=st.booleans())
    def check(path: str, method: str, flat: bool) -> None:
        start = "/api/" if flat else "/v1/"
        answer = client.request(method, start + _encodable(path))
        assert answer.status in {404, 405}
        code = answer.json["error"] if flat else answer.error["code"]
        assert_error(answer, answer.status, code, flat=flat)

    check()


@pytest.mark.slow
def test_never_5xx_for_any_authorization(world: World) -> None:
    token = world.client.token
    assert token

    @examples(100)
    @given(text=_text, scheme=st.sampled_from(["Bearer ", "bearer  ", "Basic ", ""]))
    def check(text: str, scheme: str) -> None:
        for credential in (text, token[:10] + text, f"{text[:1]}{token}"):
            event, function = http_event("GET", "/v1/whoami", {}, None, False)
            event["headers"] = {"authorization": scheme + credential}
            raw = load(function).handler(event, Context())
            answer = Answer(raw["statusCode"], raw["headers"], raw["body"])
            if answer.status == 200:
                assert (scheme.strip().lower(), credential.strip(" ")) == ("bearer", token)
            else:
                assert_error(answer, 401, "invalid_token")

    check()
