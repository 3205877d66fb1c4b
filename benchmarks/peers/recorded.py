"""boto3, and the calls of one of our own requests to make with it."""

from collections.abc import Iterable, Mapping
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer

client = boto3.client("dynamodb")
_plain = TypeDeserializer().deserialize


def rows(calls: Iterable[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Make them in their order; answer what the last one found."""
    answer: Mapping[str, Any] = {}
    for name, arguments in calls:
        answer = getattr(client, name)(**arguments)
    found = [answer["Item"]] if "Item" in answer else answer.get("Items", [])
    return [{name: _plain(value) for name, value in row.items()} for row in found]
