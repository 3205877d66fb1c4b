"""AWS as a world has it: in memory, where thousands of runs take a minute, or on the emulator.

`test_clouds.py` shows that it makes no difference to what requests and their calls come to.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydynox.pydynox_core import DynamoDBClient

from linkwright import aws, table
from linkwright.table import Item
from tests.faults import wiring
from tests.memory import MemoryStack
from tests.stack import EmulatedStack, Stack

Items = Mapping[str, Sequence[Item]]


@dataclass(frozen=True)
class Clients:
    """What the layer's own clients are replaced by, for the faults to be put before."""

    driver: Any
    sqs: Any
    s3: Any
    secrets_manager: Any
    kms: Any
    ses: Any


class Cloud(Protocol):
    stack: Stack
    clients: Clients

    def rows(self, name: str) -> list[Item]:
        """All that is in a table."""

    def reset(self, items: Items) -> None:
        """These items in the tables, and nothing else anywhere."""

    def received(self, queue: str) -> list[str]:
        """Messages that are off the queue from now on."""

    def objects(self) -> dict[str, str]:
        """The keys of all that is in the buckets, and a digest of each."""


# ---- in memory ----------------------------------------------------------------------------------


class Memory:
    def __init__(self) -> None:
        self._held = MemoryStack()
        self.stack: Stack = self._held

    @property
    def clients(self) -> Clients:
        held = self._held
        return Clients(held.tables, held, held, held, held, held)

    def rows(self, name: str) -> list[Item]:
        return self._held.tables.rows(self.stack.names[name])

    def reset(self, items: Items) -> None:
        self._held.empty()
        for name, rows in items.items():
            self._held.tables.load(self.stack.names[name], rows)

    def received(self, queue: str) -> list[str]:
        return self._held.taken(self.stack.names[queue], lambda body: True)

    def objects(self) -> dict[str, str]:
        return {key: _digest(body) for key, (_, body) in self._held.objects.items()}


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


# ---- on the emulator ----------------------------------------------------------------------------


class Emulated:
    """A stack of its own, which the layer uses: nobody else has its tables, queues and buckets."""

    def __init__(self, stack: EmulatedStack) -> None:
        self.stack: Stack = stack
        self.clients = Clients(
            table.driver(), aws.sqs(), aws.s3(), aws.secrets_manager(), aws.kms(), aws.ses()
        )
        self._store: Any = DynamoDBClient(endpoint_url=stack.endpoint)
        self._sqs, self._s3 = stack.client("sqs"), stack.client("s3")

    def rows(self, name: str) -> list[Item]:
        found: list[Item] = []
        start = None
        while True:
            rows, start, _ = self._store.sync_scan_page(
                self.stack.names[name], exclusive_start_key=start, consistent_read=True
            )
            found += rows
            if start is None:
                return found

    def reset(self, items: Items) -> None:
        for name in wiring.tables():
            self._restore(name, items.get(name, []))
        for name in wiring.queues():
            self._sqs.purge_queue(QueueUrl=self.stack.names[name])
        for name in wiring.buckets():
            for key in self._listed(name):
                self._s3.delete_object(Bucket=self.stack.names[name], Key=key)

    def received(self, queue: str) -> list[str]:
        url = self.stack.names[queue]
        answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        if got := answer.get("Messages", []):
            taken = [
                {"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]}
                for at, message in enumerate(got)
            ]
            self._sqs.delete_message_batch(QueueUrl=url, Entries=taken)
        return [message["Body"] for message in got]

    def objects(self) -> dict[str, str]:
        return {
            key: _digest(self._s3.get_object(Bucket=self.stack.names[name], Key=key)["Body"].read())
            for name in wiring.buckets()
            for key in self._listed(name)
        }

    def _restore(self, name: str, items: Sequence[Item]) -> None:
        wanted = {(item["pk"], item["sk"]): item for item in items}
        strangers = []
        for item in self.rows(name):
            key = (item["pk"], item["sk"])
            if wanted.get(key) == item:
                del wanted[key]
            elif key not in wanted:
                strangers.append({"pk": item["pk"], "sk": item["sk"]})
        if wanted or strangers:
            self._store.sync_batch_write(self.stack.names[name], list(wanted.values()), strangers)

    def _listed(self, name: str) -> list[str]:
        found = self._s3.list_objects_v2(Bucket=self.stack.names[name])
        return [one["Key"] for one in found.get("Contents", [])]
