"""Many events at once, for an endpoint that takes all and for one of the same workspace that hangs.

`python -m benchmarks.webhooks --events 10000` on a local cloud of its own: how long the one waits
that has nothing to do with the other.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx

from linkwright import events
from linkwright.webhooks import catalogue
from tools.local_cloud.cloud import Cloud, start_cloud
from tools.local_cloud.deployment import session

# What nothing else of the demo workspace tells of.
TYPE = "usage.threshold"
_PARTITION = "ws_demo"
_SETTLE_S = 0.2
_AT_ONCE = 50


@dataclass
class Receiver:
    """On a port of this machine; one that hangs takes a message and never answers."""

    hangs: bool
    url: str = ""
    messages: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    @property
    def ids(self) -> set[str]:
        return {headers["webhook-id"] for headers, _ in self.messages}


@contextmanager
def receiving(*, hangs: bool) -> Iterator[Receiver]:
    receiver = Receiver(hangs)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802 -- its name in http.server
            body = self.rfile.read(int(self.headers["content-length"]))
            named = {name.lower(): value for name, value in self.headers.items()}
            receiver.messages.append((named, body))
            if receiver.hangs:
                receiver.over.wait()
                self.close_connection = True
                return
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/in"
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def listening(cloud: Cloud, *receivers: Receiver) -> Iterator[list[dict[str, Any]]]:
    """An endpoint of the demo workspace for each."""
    token = {"Authorization": f"Bearer {cloud.demo['TOKEN']}"}
    with httpx.Client(base_url=cloud.base_url, headers=token, timeout=60) as http:
        made = []
        for receiver in receivers:
            answer = http.post("/v1/webhooks", json={"url": receiver.url, "events": [TYPE]})
            answer.raise_for_status()
            made.append(answer.json())
        yield made
        for one in made:
            http.delete(f"/v1/webhooks/{one['id']}")


def happen(cloud: Cloud, count: int) -> set[str]:
    """So many events, as their transactions would write them. Returns their ids."""
    client = session().resource("dynamodb", endpoint_url=cloud.endpoint_url).meta.client
    table = cloud.outputs["CoreTable"]
    made = [
        events.event(_PARTITION, TYPE, catalogue.sample(TYPE), at, "req_benchmark")
        for at in range(1, count + 1)
    ]
    puts = [{"Put": {"TableName": table, "Item": event | {"details": {}}}} for event in made]
    for start in range(0, len(puts), _AT_ONCE):
        client.transact_write_items(TransactItems=puts[start : start + _AT_ONCE])
    return {event["id"] for event in made}


def waited(receiver: Receiver, wanted: set[str], within_s: float) -> float:
    """How many seconds it took until all of them were there. Raises `TimeoutError`."""
    began = time.monotonic()
    while not wanted <= receiver.ids:
        if time.monotonic() - began > within_s:
            missing = len(wanted - receiver.ids)
            raise TimeoutError(f"{missing} of {len(wanted)} events never arrived")
        time.sleep(_SETTLE_S)
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--within", type=float, default=3_600, metavar="SECONDS")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        start_cloud(0, Path(directory)) as cloud,
        receiving(hangs=False) as healthy,
        receiving(hangs=True) as hanging,
        listening(cloud, healthy, hanging),
    ):
        wanted = happen(cloud, asked.events)
        took = waited(healthy, wanted, asked.within)
    sys.stdout.write(
        f"{len(wanted)} events arrived within {took:.0f} s, in {len(healthy.messages)} messages;"
        f" the one that hangs was sent {len(hanging.messages)}\n"
    )


if __name__ == "__main__":
    main()
