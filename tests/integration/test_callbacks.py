"""Who is believed to be the carrier: only whoever signs what arrives, as it arrives.

The tables are in memory: so all of them are looked at before and after each request.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlencode

import pytest

from linkwright.providers import telephony
from linkwright.table import Item, Table
from tests.carrier import PUBLIC_URL, Exchange
from tests.client import Answer, Client, find_route
from tests.factories import make_workspace
from tests.integration.every_route import (
    KINDS,
    UNKNOWN_SID,
    assert_answer,
    assert_error,
    nothing_written,
)
from tests.integration.in_memory import in_memory
from tests.integration.signed import TOKENS, TYPE, Dialled, Fields, Signed, sign, verbs
from tests.simulation.tables import Tables
from tests.stack import Stack

every_kind = pytest.mark.parametrize("kind", KINDS)
CALL_ID = "call_01ARZ3NDEKTSV4RRFFQ69G5FAV"
Mutation = Callable[[Signed], Answer]


@pytest.fixture(scope="module")
def tables(stack: Stack) -> Iterator[Tables]:
    with in_memory(stack) as made:
        yield made


@pytest.fixture
def call(tables: Tables, exchange: Exchange) -> Dialled:
    return Dialled(make_workspace())


class Nothing:
    """Happens: nothing is written, nothing asked of the carrier, and all stays as it was."""

    def __init__(self, stack: Stack, tables: Tables, exchange: Exchange) -> None:
        self._tables, self._names, self._exchange = tables, stack.names, exchange

    @contextmanager
    def happens(self) -> Iterator[None]:
        asked: list[str] = []
        before = self._stored()
        with pytest.MonkeyPatch.context() as patch, nothing_written():
            for board in self._exchange.boards:
                patch.setattr(board, "fetch", lambda url, **_: asked.append(url))
            yield
        assert asked == []
        assert self._stored() == before

    def _stored(self) -> list[list[Item]]:
        names = [f"{one.capitalize()}Table" for one in Table]
        # A write puts another item in its place, and never changes one that is there.
        return [self._tables.rows(self._names[name]) for name in names]


@pytest.fixture
def nothing(stack: Stack, tables: Tables, exchange: Exchange) -> Nothing:
    return Nothing(stack, tables, exchange)


# ---- What is signed ------------------------------------------------------------------------------


@every_kind
def test_2xx_for_what_the_carrier_signed(call: Dialled, kind: str) -> None:
    told = call.signed(kind)
    file, status = KINDS[kind].function.file, KINDS[kind].status
    assert find_route("POST", told.path)[2].file == file
    answer = told.send()
    assert answer.status == status
    if status == 204:
        assert_answer(answer)
        assert answer.raw == ""
    else:
        assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
        assert verbs(answer)


@every_kind
def test_2xx_with_the_port_of_https_in_what_is_signed(call: Dialled, kind: str) -> None:
    told = call.signed(kind)
    with_port = sign(f"{PUBLIC_URL}:443{told.path}", told.fields, told.token)
    assert with_port != told.signature
    assert told.send(signature=with_port).status == KINDS[kind].status


@every_kind
def test_2xx_with_a_query_as_it_was_signed(call: Dialled, kind: str) -> None:
    told = call.signed(kind)
    signature = sign(f"{told.url}?b=2&a=%31", told.fields, told.token)
    answer = told.send(path=f"{told.path}?b=2&a=%31", signature=signature)
    assert answer.status == KINDS[kind].status


def _percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest.mark.parametrize(
    "encode",
    [
        lambda fields: urlencode(fields[::-1]),
        lambda fields: urlencode(fields, quote_via=quote),
        lambda fields: "&".join(f"{_percent(name)}={_percent(value)}" for name, value in fields),
    ],
    ids=["in another order", "blanks as %20", "every byte in percents"],
)
def test_200_however_the_same_is_encoded(call: Dialled, encode: Callable[[Fields], str]) -> None:
    told = call.signed("turn/1", SpeechResult="כן, זה זמן טוב & more = +1?")
    assert encode(told.fields) != urlencode(told.fields)
    answer = told.send(body=encode(told.fields))
    assert [verb.tag for verb in verbs(answer)] == ["Gather"]


def test_403_for_the_token_of_the_other_mode(tables: Tables, nothing: Nothing) -> None:
    for mode, other in (("live", "test"), ("test", "live")):
        call = Dialled(make_workspace(mode=mode))
        with nothing.happens():
            for kind in KINDS:
                told = call.signed(kind)
                answer = told.send(signature=sign(told.url, told.fields, TOKENS[other]))
                assert_error(answer, 403, "invalid_request")
        assert told.token == TOKENS[mode]
        assert call.tell("status").status == 204
        assert call.show()["status"] == "ringing"


# ---- What is not ---------------------------------------------------------------------------------


def _signed_for(base: str) -> Mutation:
    return lambda told: told.send(signature=sign(base + told.path, told.fields, told.token))


def _path(part: int, change: Callable[[str], str]) -> Mutation:
    """Another part of the path, which has those of /callbacks/twilio/partition/call/attempt."""

    def send(told: Signed) -> Answer:
        parts = told.path.split("/")
        parts[part] = change(parts[part])
        return told.send(path="/".join(parts))

    return send


def _fields(change: Callable[[Fields], Fields]) -> Mutation:
    return lambda told: told.send(fields=change(list(told.fields)))


def _signature(change: Callable[[str], str]) -> Mutation:
    def send(told: Signed) -> Answer:
        changed = change(told.signature)
        assert changed != told.signature
        return told.send(signature=changed)

    return send


def _token(token: str) -> Mutation:
    return lambda told: told.send(signature=sign(told.url, told.fields, token))


def _query_in_another_order(told: Signed) -> Answer:
    signature = sign(f"{told.url}?a=1&b=2", told.fields, told.token)
    return told.send(path=f"{told.path}?b=2&a=1", signature=signature)


def _encoded_twice(told: Signed) -> Answer:
    once = [(_percent(name), _percent(value)) for name, value in told.fields]
    return told.send(body=urlencode(once))


def _unsigned(told: Signed) -> Answer:
    headers = {"Content-Type": TYPE}
    return Client().post(told.path, body=urlencode(told.fields), headers=headers)


def _of_another_callback(told: Signed) -> Answer:
    base, _, kind = told.path.partition("/1/")
    other = "machine" if kind == "status" else "status"
    return told.send(signature=Signed(f"{base}/1/{other}", told.fields, told.token).signature)


def _of_another_form(told: Signed) -> Answer:
    other = [*told.fields[:-1], (told.fields[-1][0], "7")]
    return told.send(signature=Signed(told.path, other, told.token).signature)


MUTATIONS: dict[str, Mutation] = {
    "another partition": _path(3, lambda _: "ws_other"),
    "the other mode": _path(3, lambda partition: f"{partition}.test"),
    "another call": _path(4, lambda _: CALL_ID),
    "another attempt": _path(5, lambda _: "2"),
    "another host": _signed_for("https://api.linkwright.test.evil.example"),
    "a host behind ours": _signed_for("https://api.linkwright.test@evil.example"),
    "our host in capitals": _signed_for("https://API.linkwright.test"),
    "no host": _signed_for(""),
    "plain http": _signed_for("http://api.linkwright.test"),
    "plain http at the port of https": _signed_for("http://api.linkwright.test:443"),
    "another port": _signed_for("https://api.linkwright.test:8443"),
    "the port of http": _signed_for("https://api.linkwright.test:80"),
    "a query added": lambda told: told.send(path=f"{told.path}?a=1"),
    "a query in another order": _query_in_another_order,
    "a field added": _fields(lambda fields: [*fields, ("Direction", "inbound")]),
    "an empty field added": _fields(lambda fields: [*fields, ("Digits", "")]),
    "a field removed": _fields(lambda fields: fields[:-1]),
    "a field changed": _fields(lambda fields: [*fields[:-1], (fields[-1][0], "completed")]),
    "a field twice": _fields(lambda fields: [*fields, (fields[-1][0], "completed")]),
    "a name in small letters": _fields(lambda fields: [("callsid", fields[0][1]), *fields[1:]]),
    "the body encoded twice": _encoded_twice,
    "the token of somebody else": _token("a-token-of-somebody-else"),
    "no token": _token(""),
    "a signature cut by one": _signature(lambda signature: signature[:-1]),
    "half a signature": _signature(lambda signature: signature[: len(signature) // 2]),
    "an empty signature": _signature(lambda _: ""),
    "a signature in capitals": _signature(str.upper),
    "a signature twice": _signature(lambda signature: f"{signature},{signature}"),
    "a signature after a blank": _signature(lambda signature: f" {signature}"),
    "a signature with Hebrew in it": _signature(lambda signature: f"א{signature}"),
    "a signature with half a pair in it": _signature(lambda signature: f"\ud800{signature}"),
    "no signature": _unsigned,
    "the signature of another callback": _of_another_callback,
    "the signature of another form": _of_another_form,
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_403_for_anything_else_than_what_was_signed(
    call: Dialled, nothing: Nothing, mutation: str
) -> None:
    with nothing.happens():
        for kind in KINDS:
            answer = MUTATIONS[mutation](call.signed(kind))
            assert_error(answer, 403, "invalid_request")
            assert "WWW-Authenticate" not in answer.headers
    for kind, route in KINDS.items():
        answer = call.tell(kind)
        assert answer.status == route.status, "what is mutated is not accepted itself"


def test_403_while_there_is_no_account(
    call: Dialled, nothing: Nothing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is signed with: there is no secret that it could be made of."""
    monkeypatch.setattr(telephony, "carrier_account", lambda _: None)
    with nothing.happens():
        for kind in KINDS:
            told = call.signed(kind)
            for token in ("", told.token, "None"):
                answer = told.send(signature=sign(told.url, told.fields, token))
                assert_error(answer, 403, "invalid_request")


ELSEWHERE = "evil.example"
HEADERS = [
    {"Host": ELSEWHERE},
    {"Host": ""},
    {"Host": "api.linkwright.test:8443"},
    {"X-Forwarded-Host": ELSEWHERE},
    {"X-Forwarded-Proto": "http"},
    {"X-Forwarded-Port": "80"},
    {"X-Forwarded-Prefix": "/v2", "X-Forwarded-Path": "/elsewhere"},
    {"Forwarded": f"host={ELSEWHERE};proto=http"},
    {"X-Original-URL": f"https://{ELSEWHERE}/", "X-Rewrite-URL": "/elsewhere"},
    {"X-Twilio-Signature-Url": f"https://{ELSEWHERE}/", "X-HTTP-Method-Override": "GET"},
    {"User-Agent": "curl/8.0", "Origin": f"https://{ELSEWHERE}", "Authorization": "Bearer x"},
]


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: ", ".join(headers))
def test_headers_change_no_verdict(
    call: Dialled, nothing: Nothing, headers: dict[str, str]
) -> None:
    for kind, route in KINDS.items():
        told = call.signed(kind)
        assert told.send(headers=headers).status == route.status
        with nothing.happens():
            for scheme in ("https", "http"):
                forged = sign(f"{scheme}://{ELSEWHERE}{told.path}", told.fields, told.token)
                answer = told.send(signature=forged, headers=headers)
                assert_error(answer, 403, "invalid_request")


# ---- What cannot be read -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "application/json",
        "text/plain",
        "text/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencodedx",
        "application/x-www-form-urlencoded, application/json",
        "xapplication/x-www-form-urlencoded",
    ],
)
def test_415_for_what_is_no_form(call: Dialled, nothing: Nothing, media_type: str) -> None:
    with nothing.happens():
        for kind in KINDS:
            answer = call.signed(kind).send(headers={"Content-Type": media_type})
            assert_error(answer, 415, "invalid_request")


@pytest.mark.parametrize(
    "media_type",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded;charset=utf-8",
        "Application/X-WWW-Form-URLEncoded ; charset=UTF-8",
    ],
)
def test_204_for_a_form_by_whichever_spelling(call: Dialled, media_type: str) -> None:
    assert call.signed("status").send(headers={"Content-Type": media_type}).status == 204


@pytest.mark.parametrize(
    "rest",
    [
        "1/nothing",
        "1/turn",
        "1/turn/",
        "1/turn/0",
        "1/turn/01",
        "1/turn/1000",
        "1/turn/-1",
        "1/turn/x",
        "1/turn/1/2",
        "1/status/1",
        "1/Status",
        "1/status/",
        "1",
        "0/status",
        "01/status",
        "100/status",
        "x/status",
        "%D9%A1/status",
    ],
)
def test_404_for_a_path_that_no_carrier_was_given(
    call: Dialled, nothing: Nothing, rest: str
) -> None:
    told = call.signed("status")
    path = f"/callbacks/twilio/{call.workspace.partition}/{call.id}/{rest}"
    with nothing.happens():
        answer = Signed(path, told.fields, told.token).send()
    assert_error(answer, 404, "resource_not_found")


@pytest.mark.parametrize(
    ("partition", "call_id"),
    [
        ("", CALL_ID),
        ("ws_x%23y", CALL_ID),
        ("ws_x%2fy", CALL_ID),
        ("w" * 81, CALL_ID),
        ("ws_x.live", CALL_ID),
        ("%20", CALL_ID),
        ("ws_x", ""),
        ("ws_x", "call_"),
        ("ws_x", "x"),
        ("ws_x", "agt_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("ws_x", f"{CALL_ID}%00"),
        ("ws_x", "%2e%2e"),
    ],
)
def test_404_for_what_names_no_partition_or_no_call(
    call: Dialled, nothing: Nothing, partition: str, call_id: str
) -> None:
    with nothing.happens():
        for kind in KINDS:
            told = call.signed(kind)
            path = f"/callbacks/twilio/{partition}/{call_id}/1/{kind}"
            answer = Signed(path, told.fields, told.token).send()
            assert_error(answer, 404, "resource_not_found")


@pytest.mark.parametrize(
    "body",
    [
        "x",
        "CallSid",
        "a=1&b",
        "a=1&&b=2",
        "a=%ff",
        "a=%d7",
        "a=%ed%a0%80",
        "a=שלום",
        "a=\ud800",
        "&".join(f"f{at}=x" for at in range(201)),
        "a=" + "x" * 64 * 1024,
        "a=" + "%41" * 64 * 1024,
        '{"CallSid": "x"}',
    ],
    ids=range(13),
)
def test_400_for_a_form_that_is_none_whoever_signed_it(
    call: Dialled, nothing: Nothing, body: str
) -> None:
    with nothing.happens():
        for kind in KINDS:
            told = call.signed(kind)
            for signature in (told.signature, sign(told.url, [], told.token), ""):
                answer = told.send(body=body, signature=signature)
                assert_error(answer, 400, "invalid_request")


def test_400_for_a_body_that_is_no_base64(call: Dialled, nothing: Nothing) -> None:
    with nothing.happens():
        answer = call.signed("status").send(body="Q2Fsb!!", is_base64=True)
    assert_error(answer, 400, "invalid_request")


def _without(kind: str, name: str) -> tuple[str, Callable[[Fields], Fields]]:
    return kind, lambda fields: [field for field in fields if field[0] != name]


def _with(kind: str, name: str, *values: str) -> tuple[str, Callable[[Fields], Fields]]:
    kept = _without(kind, name)[1]
    return kind, lambda fields: [*kept(fields), *((name, value) for value in values)]


UNREADABLE = [
    *(_without(kind, "CallSid") for kind in KINDS),
    *(_with(kind, "CallSid", "") for kind in KINDS),
    *(_with(kind, "CallSid", f"CA{'g' * 32}") for kind in KINDS),
    *(_with(kind, "CallSid", f"CA{'0' * 33}") for kind in KINDS),
    *(_with(kind, "CallSid", f"CA{'٣' * 32}") for kind in KINDS),
    *(_with(kind, "CallSid", UNKNOWN_SID, UNKNOWN_SID) for kind in KINDS),
    _without("status", "CallStatus"),
    _with("status", "CallStatus", "no answer"),
    _with("status", "CallStatus", "COMPLETED"),
    _with("status", "CallStatus", "x" * 21),
    _with("status", "CallStatus", "ringing", "completed"),
    _with("status", "SequenceNumber", "1", "2"),
    _with("machine", "AnsweredBy", "human", "machine_start"),
    _with("turn/1", "SpeechResult", "כן", "לא"),
    _without("transfer", "DialCallStatus"),
    _without("recording", "RecordingStatus"),
    _without("recording", "RecordingSid"),
    _with("recording", "RecordingSid", "RE1"),
    _with("recording", "RecordingSid", f"CA{'0' * 32}"),
    _with("recording", "RecordingSid", "../../Keys.json"),
]


@pytest.mark.parametrize(("kind", "change"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_400_for_a_form_that_says_too_little_rightly_signed(
    call: Dialled,
    nothing: Nothing,
    kind: str,
    change: Callable[[Fields], Fields],
) -> None:
    told = call.signed(kind)
    with nothing.happens():
        answer = Signed(told.path, change(told.fields), told.token).send()
    assert_error(answer, 400, "invalid_request")


@every_kind
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
def test_405_for_another_method(call: Dialled, nothing: Nothing, kind: str, method: str) -> None:
    told = call.signed(kind)
    with nothing.happens():
        answer = Client().request(method, told.path, headers=told.headers)
    assert_error(answer, 405, "invalid_request")
    assert answer.headers["Allow"] == "POST"
