"""A stack in memory: what the layer uses of its clients, with nothing behind it.

Fast, and strict where an emulator is kind: who does not ask for a consistent read sees nothing that
was written since the function began that asks.
"""

import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from botocore.exceptions import ClientError

from linkwright import aws, clock, deadline
from linkwright.client import core
from linkwright.settings import settings
from linkwright.table import Item, Key
from tests import carrier, planted
from tests.client import Context
from tests.postbox import Postbox
from tests.sealer import Sealer
from tests.simulation.tables import Tables
from tests.simulation.values import copied
from tests.stack import Stack, declared, is_of

_KINDS = ("DynamoDB::Table", "SQS::Queue", "S3::Bucket", "SecretsManager::Secret", "KMS::Key")


class MemoryStack(Sealer, Postbox, Stack):
    # Where nobody listens.
    endpoint = "http://127.0.0.1:1"

    def __init__(self) -> None:
        self.names = {name: f"memory-{name}" for kind in _KINDS for name, _ in declared(kind)}
        self.secret = carrier.SECRET
        self.empty()

    def rows(self, name: str, workspace: str = "") -> list[Item]:
        found = self.tables.rows(self.names[name])
        return [copied(item) for item in found if not workspace or f"#{workspace}" in item["pk"]]

    def put(self, name: str, *items: Item) -> None:
        for item in items:
            put = {"type": "put", "table": self.names[name], "item": item}
            self.tables.sync_transact_write([put])

    def delete(self, name: str, *keys: Key) -> None:
        for key in keys:
            gone = {"type": "delete", "table": self.names[name], "key": key.attributes()}
            self.tables.sync_transact_write([gone])

    def received(self, queue: str, workspace: str) -> list[str]:
        return self.taken(self.names[queue], lambda body: is_of(body, workspace))

    def taken(self, url: str, is_wanted: Callable[[str], bool]) -> list[str]:
        """The messages that a queue does not hold back any more; they are off it from now on."""
        found, kept = [], []
        for moment, body in self.queues[url]:
            is_there = moment <= clock.now() and is_wanted(body)
            (found if is_there else kept).append((moment, body))
        self.queues[url] = kept
        return [body for _, body in found]

    def keep_secret(self, text: str) -> None:
        planted.plant(text)
        self.secret = text

    def opened(self, url: str) -> tuple[str, bytes]:
        bucket, _, key = urlsplit(url).path[1:].partition("/")
        assert bucket == self.names["MediaBucket"]
        return self.objects[unquote(key)]

    def empty(self) -> None:
        self.tables = Tables(self.names, now=_moment, lag=_lag)
        # When each message is to be seen, and the message.
        self.queues: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        # By key: the type of the content, and the content.
        self.objects: dict[str, tuple[str, bytes]] = {}
        self.clear_letters()

    # ---- the clients of queues, buckets and secrets ---------------------------------------------

    def send_message_batch(self, QueueUrl: str, Entries: list[Item]) -> Item:  # noqa: N803 -- boto3's names
        for entry in Entries:
            planted.look("a message", entry["MessageBody"])
            # SQS refuses more; MiniStack does not.
            assert 0 <= entry["DelaySeconds"] <= 900  # noqa: PLR2004
            moment = clock.now() + timedelta(seconds=entry["DelaySeconds"])
            self.queues[QueueUrl].append((moment, entry["MessageBody"]))
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def put_object(self, Bucket: str, Key: str, Body: bytes, ContentType: str) -> Item:  # noqa: N803
        self.objects[Key] = ContentType, Body
        return {"ETag": "etag"}

    def delete_object(self, Bucket: str, Key: str) -> Item:  # noqa: N803
        self.objects.pop(Key, None)
        return {"ResponseMetadata": {"HTTPStatusCode": 204}}

    def get_object(self, Bucket: str, Key: str) -> Item:  # noqa: N803
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key][1])}

    def get_secret_value(self, SecretId: str) -> Item:  # noqa: N803
        return {"SecretString": self.secret}


class _OneAtATime:
    """The client of the tables: a stack's tables are for threads that take turns."""

    def __init__(self, stack: MemoryStack) -> None:
        self._stack = stack
        self._turn = Lock()

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            with self._turn:
                return getattr(self._stack.tables, name)(*arguments, **options)

        return call


@contextmanager
def memory() -> Iterator[MemoryStack]:
    """For as long as it is there, whoever is pointed at its endpoint has its clients."""
    stack = MemoryStack()

    def in_place_of(make: Callable[..., Any], ours: object) -> Callable[..., Any]:
        def made(*arguments: Any, **options: Any) -> Any:
            # Whoever names an endpoint may do so before there are settings.
            asked = options.get("endpoint_url") or settings().dynamodb_endpoint
            return ours if asked == stack.endpoint else make(*arguments, **options)

        return made

    with pytest.MonkeyPatch.context() as patch:
        for where, name, ours in (
            (core, "DynamoDBClient", _OneAtATime(stack)),
            (aws, "_client", stack),
            (aws, "SecretsManager", stack),
            (aws, "SQS", stack),
            (aws, "KMS", stack),
            (aws, "SES", stack),
        ):
            patch.setattr(where, name, in_place_of(getattr(where, name), ours))
        yield stack


def _moment() -> float:
    """Time as the lag counts it: it passes between functions, and none while one runs."""
    return Context.begun if _is_in_function() else Context.begun + 1


def _lag() -> float:
    return 1 if _is_in_function() else 0


def _is_in_function() -> bool:
    return deadline.seconds_left() < float("inf")
