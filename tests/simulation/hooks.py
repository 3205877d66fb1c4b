"""Webhook endpoints of customers: receivers that fail for a while, and what comes of each event."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from linkwright import clock, egress, jobs, level
from linkwright.egress import Answer
from linkwright.table import Item
from linkwright.webhooks import event_types, fan_out
from tests.factories import Workspace
from tests.simulation.clockwork import Scheduler
from tests.simulation.cloud import CORE, Cloud
from tests.simulation.invariants import Watch
from tests.simulation.tables import Change, Tables

HOST = "hooks.example.com"
_WANTED = (["*"], ["call.ended"], ["call.queued", "call.ended", "call.analyzed"])
_TAKES = "takes"
_MOODS = (_TAKES, _TAKES, "fails", "hangs", "asks", "is gone", "aborts")
# What is under way when an endpoint is switched off may still arrive.
_UNDER_WAY = timedelta(milliseconds=level.LEASE_MS) + timedelta(seconds=15)
# From its event to a receiver that takes all, where nothing goes wrong.
_PROMPT = timedelta(minutes=2)


@dataclass
class _Receiver:
    """Out of its mood it takes everything."""

    mood: str
    until: datetime

    @property
    def does(self) -> str:
        return self.mood if clock.now() < self.until else _TAKES


class Hooks:
    def __init__(
        self, scheduler: Scheduler, cloud: Cloud, tables: Tables, watch: Watch, seed: int
    ) -> None:
        self._scheduler = scheduler
        self._cloud = cloud
        self._tables = tables
        self._watch = watch
        # Of its own: so seeds stay what they were for everybody else.
        self._random = random.Random(seed)
        self._receivers: dict[str, _Receiver] = {}
        self._owners: list[tuple[Workspace, str]] = []
        # Since when nothing is to be sent there, and who was ever switched off.
        self._off_since: dict[str, datetime] = {}
        self._ever_off: set[str] = set()
        self._since: dict[str, str] = {}
        self.arrived: set[tuple[str, str]] = set()
        tables.listeners.append(self._see)

    def furnish(self, workspaces: list[Workspace]) -> None:
        for workspace in workspaces:
            if self._random.random() < 0.5:
                mood = self._random.choice(_MOODS)
                until = clock.now() + timedelta(hours=self._random.choice((0.2, 2, 9)))
                url = f"https://{HOST}/{len(self._receivers)}"
                self._receivers[url] = _Receiver(mood, until)
                wanted = self._random.choice(_WANTED)
                webhook_id = workspace.webhook(url=url, events=wanted)
                self._since[webhook_id] = clock.timestamp()
                self._owners.append((workspace, webhook_id))

    def begin(self, acting: timedelta) -> None:
        """Owners pause, test, enable, replay and delete while the customers act."""
        for workspace, webhook_id in self._owners:
            path = f"/v1/webhooks/{webhook_id}"
            acts: list[tuple[str, str, Item | None]] = [
                ("PATCH", path, {"status": "paused"}),
                ("POST", f"{path}/test", {"type": "ping"}),
                ("POST", f"{path}/replay", {"since": "2020-01-01T00:00:00Z"}),
                ("POST", f"{path}/rotate-secret", {}),
                ("DELETE", path, None),
            ]
            for _ in range(self._random.randint(0, 2)):
                at = self._random.uniform(0, acting.total_seconds() + 600)
                act = self._random.choices(acts, weights=(4, 4, 3, 2, 1))[0]
                self._scheduler.spawn(at, partial(self._ask, workspace, *act))
                if act[2] == {"status": "paused"}:
                    enable = partial(self._ask, workspace, "PATCH", path, {"status": "enabled"})
                    self._scheduler.spawn(at + self._random.uniform(1, 4_000), enable)

    def _ask(self, workspace: Workspace, method: str, url: str, body: Item | None) -> None:
        headers = {"Authorization": f"Bearer {workspace.client.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if method == "POST":
            headers["Idempotency-Key"] = f"hook-{self._random.random()}"
        text = None if body is None else json.dumps(body)
        for _ in range(5):
            answer = self._cloud.request(method, url, headers, text)
            status = answer["statusCode"] if answer else 503
            self._watch.note(f"{method} {url}: {status}")
            if status == 500:
                self._watch.problem(f"{method} {url} answered {status}")
            if status not in {429, 503}:
                return
            self._scheduler.sleep(2)

    # ---- the receivers --------------------------------------------------------------------------

    def perform(self, url: str, *, headers: Mapping[str, str], body: bytes, **_: Any) -> Answer:
        event = json.loads(body)
        receiver, does = self._receivers[url], self._receivers[url].does
        self._watch.note(f"{url} gets {event['type']} {event['id']}, and {does}")
        if headers["webhook-id"] != event["id"]:
            self._watch.problem(f"{event['id']} is sent as {headers['webhook-id']}")
        off = self._off_since.get(url)
        if off is not None and clock.now() - off > _UNDER_WAY:
            self._watch.problem(f"{event['id']} is sent to {url}, which is off since {off}")
        if does == _TAKES:
            self._take(url, event, receiver)
        if does == "hangs":
            raise egress.TooSlow("the time was up")
        status = {"fails": 503, "asks": 429, "is gone": 410, "aborts": 400}.get(does, 204)
        told = {"asks": {"retry-after": "120"}, "aborts": {"webhook-delivery": "abort-message"}}
        return Answer(status, told.get(does, {}), b"", url)

    def _take(self, url: str, event: Item, receiver: _Receiver) -> None:
        is_new = (url, event["id"]) not in self.arrived
        self.arrived.add((url, event["id"]))
        waited = clock.now() - clock.parse(event["created_at"])
        is_steady = receiver.mood == _TAKES and url not in self._ever_off and self._watch.is_calm
        if is_new and is_steady and waited > _PROMPT:
            self._watch.problem(f"{event['id']} waited {waited} for {url}, which takes all")

    # ---- at every write -------------------------------------------------------------------------

    def _see(self, changes: list[Change]) -> None:
        for change in changes:
            item = change.after or change.before or {}
            if change.table == CORE and item["pk"].endswith("#WH") and "view" in item:
                was = (change.before or item)["view"]["url"]
                if change.after is None or change.after["status"] != "enabled":
                    self._off_since.setdefault(was, clock.now())
                    self._ever_off.add(was)
                else:
                    self._off_since.pop(was, None)

    # ---- when all is over -----------------------------------------------------------------------

    def problems(self) -> Iterator[str]:
        rows = self._tables.rows(CORE)
        endpoints = {row["sk"]: row for row in rows if _is_endpoint(row)}
        asked = set()
        for row in rows:
            if "#WH#" in row["pk"] and (endpoint := endpoints.get(row["view"]["webhook_id"])):
                asked.add((row["view"]["webhook_id"], row["view"]["event_id"]))
                yield from self._of_a_delivery(row, endpoint)
        for event in rows:
            if event["pk"].endswith("#EVT") and "only" not in event:
                for webhook_id, endpoint in endpoints.items():
                    if self._is_due(event, endpoint) and (webhook_id, event["id"]) not in asked:
                        yield f"{event['type']} {event['id']} was never meant for {webhook_id}"

    def _is_due(self, event: Item, endpoint: Item) -> bool:
        """Whether it is to have been delivered, or to have failed."""
        if "given_up_at" in event or endpoint["view"]["url"] in self._ever_off:
            return False
        # Who takes nothing for long is not told of others.
        of_others = event["type"].startswith(event_types.OF_WEBHOOKS)
        if of_others and self._receivers[endpoint["view"]["url"]].mood != _TAKES:
            return False
        is_later = event["created_at"] > self._since[endpoint["sk"]]
        of_it = jobs.partition_of(event["pk"]) == jobs.partition_of(endpoint["pk"])
        return of_it and is_later and fan_out.is_wanted(endpoint, event)

    def _of_a_delivery(self, row: Item, endpoint: Item) -> Iterator[str]:
        view, url = row["view"], endpoint["view"]["url"]
        if view["status"] == "pending" and endpoint["status"] != "paused":
            yield f"{row['sk']} waits for ever: {view}"
        if view["status"] == "succeeded" and (url, view["event_id"]) not in self.arrived:
            yield f"{view['event_id']} never arrived at {url}"
        if view["status"] == "pending" and "place" not in row:
            yield f"{row['sk']} waits nowhere"


def _is_endpoint(row: Item) -> bool:
    return bool(row["pk"].endswith("#WH") and "view" in row)
