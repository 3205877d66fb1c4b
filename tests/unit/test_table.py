"""What the calls of the client ask for."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from linkwright import clock, table
from linkwright.client import core
from linkwright.errors import Unavailable
from linkwright.table import Key, Table

_READ = SimpleNamespace(consumed_rcu=1.0)


class Asked:
    """A client that finds nothing, and keeps what it was asked."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}

    def sync_get_item(self, *where: object, **options: object) -> tuple[None, object]:
        self.options = options
        return None, _READ

    def sync_batch_get(self, *_: object) -> list[Any]:
        return []

    def sync_query_page(self, *where: object, **options: object) -> tuple[list[Any], None, object]:
        self.options = options
        return [], None, _READ


@pytest.fixture
def asked(environment: pytest.MonkeyPatch) -> Asked:
    asked = Asked()
    environment.setattr(table, "driver", lambda: asked)
    return asked


def test_read_by_id_is_strong(asked: Asked) -> None:
    assert table.get(Table.CORE, Key("W#ws_1#AGT", "agt_1")) is None
    assert asked.options["consistent_read"] is True


@pytest.mark.parametrize("strong", [True, False])
def test_query_is_strong_where_it_is_asked_to(asked: Asked, strong: bool) -> None:
    assert table.query(Table.CORE, "W#ws_1#AGT", limit=1, strong=strong) == ([], None)
    assert asked.options["consistent_read"] is strong


def test_each_page_is_read_when_it_is_asked_for_and_from_where_the_one_before_ended(
    environment: pytest.MonkeyPatch,
) -> None:
    told = [([{"sk": "1"}, {"sk": "2"}], {"sk": "2"}), ([], {"sk": "4"}), ([{"sk": "5"}], None)]
    asked: list[dict[str, Any]] = []

    def query(*where: object, **options: object) -> tuple[list[Any], object]:
        asked.append({"where": where, **options})
        return told[len(asked) - 1]

    environment.setattr(table, "query", query)
    how: dict[str, Any] = {"index": "gsi1", "between": ("1", "9"), "limit": 2, "strong": True}
    read = table.pages(Table.CORE, "W#ws_1#AGT", newest_first=False, **how)
    assert asked == []
    for rows, _ in told:
        assert next(read) == rows
    assert list(read) == []
    every = {"where": (Table.CORE, "W#ws_1#AGT"), "newest_first": False, **how}
    assert asked == [every | {"start_after": after} for after in (None, {"sk": "2"}, {"sk": "4"})]


# ---- an update that meets a transaction ----------------------------------------------------------

_CONFLICT = (400, "TransactionConflictException", "Transaction is ongoing for the item")
_THROTTLED = (400, "ThrottlingException", "Rate exceeded")
_DONE = SimpleNamespace(consumed_wcu=1.0)


class Refusing(BaseHTTPRequestHandler):
    """DynamoDB, as it answers what it does not do."""

    answer = _CONFLICT

    def do_POST(self) -> None:
        status, name, message = self.answer
        told = {"__type": f"com.amazonaws.dynamodb.v20120810#{name}", "message": message}
        body = json.dumps(told).encode()
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        """Nothing is logged."""


@pytest.fixture
def refusing() -> Iterator[Any]:
    """The real client of it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield core.DynamoDBClient(
        region="us-east-1",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        access_key="test",
        secret_key="test",  # noqa: S106 -- nobody's
        max_retries=1,
    )
    server.shutdown()
    thread.join()
    server.server_close()


class Between:
    """A client whose first updates go to one that refuses them."""

    def __init__(self, refusing: Any, refused: int) -> None:
        self.refusing, self.refused, self.asked = refusing, refused, 0

    def sync_update_item(self, *where: Any, **options: Any) -> tuple[dict[str, Any], object]:
        self.asked += 1
        if self.asked <= self.refused:
            self.refusing.sync_update_item(*where, **options)
        return {"n": 1}, _DONE


def _count(
    environment: pytest.MonkeyPatch, refusing: Any, refused: int
) -> tuple[Between, list[float], bool]:
    """Count on an item; returns also for how long it waited, and whether it is done."""
    client, slept = Between(refusing, refused), list[float]()
    environment.setattr(table, "driver", lambda: client)
    environment.setattr(clock, "sleep", slept.append)
    try:
        table.update(Table.ACCESS, Key("KEY#1", "META"), "ADD #n :one", values={"one": 1})
    except Unavailable:
        return client, slept, False
    return client, slept, True


def test_update_that_meets_a_transaction_is_tried_once_more(
    environment: pytest.MonkeyPatch, refusing: Any
) -> None:
    client, slept, is_done = _count(environment, refusing, 1)
    assert (client.asked, len(slept), is_done) == (2, 1, True)
    assert 0 < slept[0] < 0.1


def test_update_that_meets_another_one_is_given_up(
    environment: pytest.MonkeyPatch, refusing: Any
) -> None:
    client, slept, is_done = _count(environment, refusing, 2)
    assert (client.asked, len(slept), is_done) == (2, 1, False)


def test_update_that_failed_otherwise_is_not_tried_again(
    environment: pytest.MonkeyPatch, refusing: Any
) -> None:
    environment.setattr(Refusing, "answer", _THROTTLED)
    client, slept, is_done = _count(environment, refusing, 1)
    assert (client.asked, slept, is_done) == (1, [], False)


def test_an_update_that_something_else_than_the_table_answered_is_not_done(
    environment: pytest.MonkeyPatch,
) -> None:
    client = SimpleNamespace(
        sync_update_item=lambda *_, **__: ({}, SimpleNamespace(consumed_wcu=None))
    )
    environment.setattr(table, "driver", lambda: client)
    with pytest.raises(Unavailable):
        table.update(Table.ACCESS, Key("KEY#1", "META"), "ADD #n :one", values={"one": 1})


def test_nothing_of_many_is_no_answer_of_the_table(asked: Asked) -> None:
    assert table.get_many(Table.CORE, []) == {}
    with pytest.raises(Unavailable):
        table.get_many(Table.CORE, [Key("W#ws_1#EVT", "evt_1")])
