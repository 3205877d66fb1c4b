"""What is for MiniStack's tables and queues goes there directly, and is answered as it was."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack import app as ministack
from ministack.services import dynamodb, sqs

from tools.local_cloud import emulator_direct

_OF_MINISTACK = [(b"x-from", b"MiniStack")]


@pytest.fixture
def table() -> Iterator[str]:
    name = "direct-table"
    wanted = {
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    assert _told("DynamoDB_20120810.CreateTable", wanted)[0] == 200
    yield name
    assert _told("DynamoDB_20120810.DeleteTable", {"TableName": name})[0] == 200


def _sent(
    messages: list[dict[str, Any]], *headers: tuple[bytes, bytes], kind: str = "http"
) -> list[dict[str, Any]]:
    """What somebody gets who sends them."""
    answers: list[dict[str, Any]] = []
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": _OF_MINISTACK})

    scope = {"type": kind, "method": "POST", "path": "/", "headers": list(headers)}
    asyncio.run(emulator_direct.directly(app)(scope, receive, send))
    return answers


def _told(operation: str, wanted: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    body = json.dumps(wanted).encode()
    parts = [{"type": "http.request", "body": part, "more_body": True} for part in (body, b"")]
    parts[-1]["more_body"] = False
    start, content = _sent(parts, (b"x-amz-target", operation.encode()))
    assert (b"content-length", b"%d" % len(content["body"])) in start["headers"]
    return start["status"], json.loads(content["body"])


def test_what_is_for_tables_is_answered_by_them(table: str) -> None:
    item = {"pk": {"S": "a"}, "of": {"L": [{"M": {"n": {"N": "1"}}}]}}
    assert _told("DynamoDB_20120810.PutItem", {"TableName": table, "Item": item}) == (200, {})
    got = _told("DynamoDB_20120810.GetItem", {"TableName": table, "Key": {"pk": item["pk"]}})
    assert got == (200, {"Item": item})


def test_a_refusal_is_told_as_such(table: str) -> None:
    status, told = _told("DynamoDB_20120810.GetItem", {"TableName": table, "Key": {}})
    assert (status, told["__type"].rpartition("#")[2]) == (400, "ValidationException")


def test_what_is_for_queues_is_answered_by_them() -> None:
    status, made = _told("AmazonSQS.CreateQueue", {"QueueName": "direct-queue"})
    assert status == 200
    queue = {"QueueUrl": made["QueueUrl"]}
    assert _told("AmazonSQS.SendMessage", queue | {"MessageBody": "one"})[0] == 200
    _, got = _told("AmazonSQS.ReceiveMessage", queue)
    assert [message["Body"] for message in got["Messages"]] == ["one"]


@pytest.mark.parametrize(
    "headers", [[], [(b"x-amz-target", b"DynamoDBStreams_20120810.ListStreams")], [(b"x", b"y")]]
)
def test_all_else_is_for_ministack(headers: list[tuple[bytes, bytes]]) -> None:
    (start,) = _sent([], *headers)
    assert start["headers"] == _OF_MINISTACK


def test_so_is_all_where_roles_are_enforced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ministack, "AUTH", True)
    (start,) = _sent([], (b"x-amz-target", b"DynamoDB_20120810.GetItem"))
    assert start["headers"] == _OF_MINISTACK


def test_who_is_gone_gets_nothing_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "handle_request", None)
    target = (b"x-amz-target", b"DynamoDB_20120810.GetItem")
    half = {"type": "http.request", "body": b"{", "more_body": True}
    assert _sent([half, {"type": "http.disconnect"}], target) == []


def test_500_where_it_breaks_for_one_request_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(sqs, "handle_request", broken)
    status, told = _told("AmazonSQS.ReceiveMessage", {})
    assert (status, told["__type"]) == (500, "InternalError")
    assert "a secret" not in str(told)


def test_a_copy_is_equal_and_its_own() -> None:
    item = {"a": {"L": [{"S": "x"}, {"M": {"b": {"NULL": True}}}]}, "c": {"SS": ["y"]}}
    made = emulator_direct.copied(item)
    assert made == item
    made["a"]["L"][1]["M"]["b"]["NULL"] = False
    made["c"]["SS"].append("z")
    assert item == {"a": {"L": [{"S": "x"}, {"M": {"b": {"NULL": True}}}]}, "c": {"SS": ["y"]}}


def test_so_is_that_of_what_is_no_json() -> None:
    odd = {"a": ({"b"}, [1])}
    made = emulator_direct.copied(odd)
    assert made == odd
    made["a"][1].append(2)
    assert odd == {"a": ({"b"}, [1])}
