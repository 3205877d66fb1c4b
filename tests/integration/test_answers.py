"""What answers and logs hold: text as it was sent, and nothing that is not meant for them."""

import json
from typing import Any

import pytest

from linkwright import auth, table, transaction
from linkwright.errors import Unavailable
from linkwright.table import Key, Table, update
from tests.client import Answer, Client
from tests.factories import CALLEE
from tests.integration.every_route import ROUTES, World, assert_answer, assert_error, make_world
from tests.integration.logs import logged
from tests.stack import Stack

CANARY = "canary-3f9c1b7e"

# Composed and decomposed, right to left, marks, outside the basic plane, and what JSON escapes.
TEXTS = [
    "שלום עולם",
    "שָׁלוֹם",
    "مرحبا بالعالم",
    "العَرَبِيَّة",
    "caf\u00e9 cafe\u0301",
    "\u212b \u00c5 A\u030a",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇮🇱",
    "𝒳 𐍈 \U0010ffff",
    "\u200f\u200e\u202eabc\u202c \u2066x\u2069",
    'a "quote" \\ / </script> & \u2028\u2029',
    "line\nfeed\ttab",
    " ",
    "",
    "x" * 500,
    "א" * 500,
    "🔥" * 500,
]


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    return make_world()


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_metadata_comes_back_as_it_was_sent(world: World, text: str) -> None:
    metadata = {"text": text, (text.replace("\n", "")[:40] or "empty"): "מפתח"}
    for sent in (
        json.dumps({"agent_id": world.ids["agt"], "to": CALLEE, "metadata": metadata}),
        json.dumps(
            {"agent_id": world.ids["agt"], "to": CALLEE, "metadata": metadata}, ensure_ascii=False
        ),
    ):
        placed = world.client.post("/v1/voice/calls", body=sent)
        assert placed.status == 201
        shown = [placed, world.client.get(placed.headers["Location"])]
        listed = world.client.get("/v1/voice/calls?limit=1")
        for answer in (*shown, listed):
            assert_answer(answer)
            assert json.dumps(text, ensure_ascii=False)[1:-1].encode() in answer.raw.encode()
        for call in (*(answer.json for answer in shown), listed.json["data"][0]):
            assert call["metadata"] == metadata


def test_metadata_is_bounded(world: World) -> None:
    agent = world.ids["agt"]
    for good in (
        {str(at): "" for at in range(50)},
        {"k" * 40: "v" * 500},
        {"🔥" * 40: "🔥" * 500},
    ):
        assert world.workspace.place(agent, metadata=good).json["metadata"] == good
    for bad in (
        {str(at): "" for at in range(51)},
        {"k" * 41: ""},
        {"": "v"},
        {"k": "v" * 501},
        {"🔥" * 41: ""},
        [],
        "x",
        1,
        None,
    ):
        answer = world.workspace.place(agent, metadata=bad)
        assert_error(answer, 400, "validation_failed", "metadata")
    for value in (1, None, True, [], {}, 1.5):
        answer = world.workspace.place(agent, metadata={"k": value})
        assert_error(answer, 400, "validation_failed", "metadata.k")


def test_an_attribute_that_is_only_stored_is_never_shown(stack: Stack, world: World) -> None:
    partition = world.workspace.partition
    for key in (
        Key(f"W#{partition}#AGT", world.ids["agt"]),
        Key(f"W#{partition}#CALL", world.ids["call"]),
    ):
        expression = "SET #canary = :canary, #view.#canary = :canary"
        update(Table.CORE, key, expression, values={"canary": CANARY})
    own = Key(f"W#{partition}", "META")
    update(Table.CORE, own, "SET #canary = :canary", values={"canary": CANARY})
    assert world.client.token
    credential = auth.api_key(world.client.token)
    update(Table.ACCESS, credential, "SET #canary = :canary", values={"canary": CANARY})
    reads = [route for route in ROUTES if route.method == "GET"]
    assert reads
    for route in reads:
        answer = route.ask(world.client, world.ids)
        assert answer.status == route.status
        assert CANARY not in answer.raw + str(answer.headers)
        assert "canary" not in answer.raw
        assert world.client.token not in answer.raw


class _Broken:
    """A client that fails with a text that nobody outside may read."""

    def __getattr__(self, _name: str) -> Any:  # noqa: ANN401
        def fail(*_args: object, **_options: object) -> None:
            raise RuntimeError(f"Traceback: arn:aws:dynamodb:::table/CoreTable pydynox {CANARY}")

        return fail


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_500_tells_nothing_of_what_failed(
    world: World,
    route: Any,
    monkeypatch: pytest.MonkeyPatch,  # noqa: ANN401
) -> None:
    url, sent = route.url(world.ids), route.sent(world.ids)
    for module in (table, transaction):
        monkeypatch.setattr(module, "driver", _Broken)
    with logged() as lines:
        answer = world.client.request(route.method, url, **sent)
    assert_error(answer, 500, "server_error")
    assert CANARY not in answer.raw + lines.getvalue()


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_503_asks_to_retry(
    world: World,
    route: Any,
    monkeypatch: pytest.MonkeyPatch,  # noqa: ANN401
) -> None:
    def unavailable() -> table.Driver:
        raise Unavailable

    url, sent = route.url(world.ids), route.sent(world.ids)
    for module in (table, transaction):
        monkeypatch.setattr(module, "driver", unavailable)
    answer = world.client.request(route.method, url, **sent)
    assert_error(answer, 503, "server_error")
    assert answer.headers["Retry-After"] == "1"


# ---- Logs --------------------------------------------------------------------------------------


def test_logs_hold_no_credential_number_or_metadata(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    client = world.workspace.client_with(["calls:write", "calls:read", "suppressions:write"])
    assert client.token
    metadata = {"note": CANARY, f"key-{CANARY}": "שם פרטי"}
    headers = {"Idempotency-Key": f"key-{CANARY}", "User-Agent": CANARY, "Cookie": CANARY}
    wanted = {"agent_id": world.ids["agt"], "to": CALLEE, "metadata": metadata}
    capsys.readouterr()
    with logged() as lines:
        answers: list[Answer] = [
            client.post("/v1/voice/calls", json=wanted, headers=headers),
            client.post("/v1/voice/calls", json=wanted, headers=headers),
            client.post("/v1/voice/calls", json={**wanted, "to": f"{CALLEE}x"}),
            client.post("/v1/voice/calls", json={**wanted, CANARY: CANARY}, headers=headers),
            client.post("/v1/voice/calls", body=f"not JSON {CANARY}"),
            client.post("/v1/voice/calls", json={**wanted, "agent_id": CANARY}),
            client.get(f"/v1/voice/calls/{CANARY}"),
            client.get(f"/v1/{CANARY}?{CANARY}={CANARY}"),
            client.get(f"/v1/voice/calls?cursor={CANARY}&{CANARY}=1"),
            Client(f"{client.token}x").get("/v1/whoami"),
            client.get("/v1/voice/agents"),
            client.post("/v1/voice/do-not-call", json={"number": CALLEE, "reason": CANARY}),
            client.request("DELETE", f"/v1/voice/do-not-call/{CALLEE}"),
            client.request("DELETE", f"/v1/voice/do-not-call/{CALLEE}"),
        ]
    printed = lines.getvalue() + "".join(capsys.readouterr())
    assert [answer.status for answer in answers] == [
        *(201, 201, 400, 400, 400, 404, 404, 404, 400, 401, 401),
        *(201, 204, 404),
    ]
    for answer in answers:
        assert answer.headers["Request-Id"] in printed
    for secret in (client.token, client.token[8:30], CALLEE, CALLEE[1:], CANARY, "שם", "\\u05e9"):
        assert secret not in printed


def test_a_log_line_tells_who_asked_what_and_how_it_ended(world: World) -> None:
    with logged() as lines:
        answer = world.client.get(f"/v1/voice/calls/{world.ids['call']}")
    (line,) = (
        json.loads(line) for line in lines.getvalue().splitlines() if '"message":"request"' in line
    )
    told = {name: line[name] for name in ("request_id", "route", "status", "workspace")}
    assert told == {
        "request_id": answer.headers["Request-Id"],
        "route": "GET /v1/voice/calls/{call_id}",
        "status": 200,
        "workspace": world.workspace.id,
    }
    assert line["duration_ms"] >= 0
