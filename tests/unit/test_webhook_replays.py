"""What a replay means, in parts, and that it asks for each once however often it is begun."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from linkwright import audit, clock, deadline, events, ids, jobs, table
from linkwright.clock import NotYet
from linkwright.errors import Conflict, ResourceNotFound, ValidationFailed
from linkwright.jobs import Work
from linkwright.table import Item, Key, Table
from linkwright.transaction import Outrun, Transaction
from linkwright.webhooks import deliveries, endpoints, queue, replays
from linkwright.webhooks.logs import event_log
from linkwright.webhooks.replay_models import Replay, ReplayWebhook
from tests.unit.calls import NOW

PARTITION = "ws_1.test"
ACCOUNT: Any = SimpleNamespace(partition=PARTITION)
WEBHOOK = "wh_0001"
HOUR = timedelta(hours=1)
_NUMBERS = count()
DUE = queue.place(NOW, "dlv_1")


class World:
    """What is stored, by pages of two, or of one where it is read strongly; a commit writes, or is
    refused.
    """

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}
        self.commits: list[Transaction] = []
        self.before_commit: Callable[[], None] = lambda: None
        self.strong: list[tuple[str, bool]] = []
        self.lowest: list[str] = []
        self.endpoint: Item = {
            **queue.endpoint_key(PARTITION, WEBHOOK).attributes(),
            **{"status": "enabled", "view": {"id": WEBHOOK, "events": ["*"]}},
        }
        self.put(self.endpoint)

    def put(self, item: Item) -> Item:
        self.items[Key(item["pk"], item["sk"])] = item
        return item

    def get(self, _: object, key: Key) -> Item | None:
        return self.items.get(key)

    def query(
        self,
        table: Table,
        partition: str,
        *,
        index: str = "",
        between: tuple[str, str],
        start_after: Item | None = None,
        limit: int,
        newest_first: bool = True,
        strong: bool = False,
    ) -> tuple[list[Item], Item | None]:
        assert table is Table.CORE
        low, high = between
        self.strong.append((partition, strong))
        self.lowest.append(low)
        found = [item for item in self.items.values() if item.get(f"{index}pk") == partition]
        found = sorted(item["sk"] for item in found if low <= item["sk"] <= high)
        if newest_first:
            found.reverse()
        if start_after:
            found = found[found.index(start_after["sk"]) + 1 :]
        by_sk = {item["sk"]: item for item in self.items.values() if item.get(f"{index}pk")}
        rows = [by_sk[sk] for sk in found[: min(limit, 1 if strong else 2)]]
        return rows, rows[-1] if len(found) > len(rows) else None

    def commit(self, tx: Transaction) -> None:
        before_commit, self.before_commit = self.before_commit, lambda: None
        before_commit()
        self.commits.append(tx)
        for one in tx._operations:
            if one["type"] == "put":
                self.put(one["item"])
            elif one["type"] == "update":
                item = self.items[Key(one["key"]["pk"], one["key"]["sk"])]
                if one["update_expression"].startswith("REMOVE"):
                    for name in jobs.ATTRIBUTES:
                        item.pop(name, None)
                values = one.get("expression_attribute_values", {})
                if ":reached" in values:
                    item["reached"] = values[":reached"]

    # ---- what there is

    def event(self, moment: datetime = NOW - HOUR, kind: str = "call.ended", **facts: Any) -> str:
        """One that happened at a moment; returns its id."""
        number = f"{next(_NUMBERS):016d}"
        event_id = f"{ids.first_at('evt', moment)[:14]}{number}"
        where = events.key(PARTITION, event_id).attributes()
        told = {"id": event_id, "type": kind, "object": {"id": "call_1"}}
        self.put({**where, **told, "request_id": "req_1", **facts})
        return event_id

    def delivery(self, event_id: str, status: str, **facts: Any) -> str:
        delivery_id = deliveries.id_of(event_id, WEBHOOK)
        view = {"id": delivery_id, "webhook_id": WEBHOOK, "event_id": event_id, "status": status}
        kind = self.items[events.key(PARTITION, event_id)]["type"]
        self.put(
            {
                **deliveries.key(PARTITION, WEBHOOK, delivery_id).attributes(),
                "gsi3pk": deliveries.status_partition(PARTITION, WEBHOOK, status),
                **{"v": 3, "view": {**view, "event_type": kind}, **facts},
            }
        )
        return delivery_id

    def asked(self) -> list[str]:
        """The events that are asked for, as often as they are."""
        return [
            one["item"]["view"]["event_id"]
            for tx in self.commits
            for one in tx._operations
            if one["type"] == "put" and "place" in one["item"]
        ]


@pytest.fixture
def world(environment: pytest.MonkeyPatch) -> World:
    world = World()
    environment.setattr(clock, "now", lambda: NOW)
    environment.setattr(deadline, "seconds_left", lambda: 60.0)
    environment.setattr(table, "query", world.query)
    for module in (jobs, endpoints, deliveries, event_log):
        environment.setattr(module, "get", world.get)
    environment.setattr(Transaction, "commit", lambda tx: world.commit(tx))
    return world


def _request(**wanted: Any) -> tuple[Replay, Transaction]:
    tx = Transaction(PARTITION, "req_1", audit.OPERATOR)
    told = ReplayWebhook.model_validate(wanted)
    return replays.request(ACCOUNT, WEBHOOK, told, tx), tx


def _since(moment: datetime) -> str:
    return clock.timestamp(moment)


def _job(world: World, **facts: Any) -> Work:
    item: Item = {
        **Key(f"W#{PARTITION}#RPL", "rpl_0001").attributes(),
        **{"webhook_id": WEBHOOK, "since": _since(NOW - 24 * HOUR), "until": _since(NOW)},
        **{"types": ["*"], "only": "all", "reached": "", **facts},
        **jobs.requested(jobs.REPLAY, "rpl_0001"),
    }
    world.put(item)
    return Work(jobs.REPLAY, item["pk"], item["sk"])


def _chosen(world: World, **facts: Any) -> list[str]:
    item = world.items[_job(world, **facts).key]
    return [one.event["id"] for one in replays.chosen(PARTITION, world.endpoint, item)]


# ---- asked for ----------------------------------------------------------------------------------


def test_those_of_a_time_are_counted_and_become_a_job(world: World) -> None:
    for kind in ("call.ended", "call.queued", "call.ended"):
        world.event(kind=kind)
    replay, tx = _request(since=_since(NOW - 2 * HOUR), types=["call.ended"], only="all")
    assert replay.model_dump(mode="json") == {
        **{"webhook_id": WEBHOOK, "count": 2, "only": "all", "since": _since(NOW - 2 * HOUR)},
        # What happens in this very second is meant too.
        "until": _since(NOW + timedelta(seconds=1)),
    }
    job, entry = [one["item"] for one in tx._operations]
    assert jobs.requested(jobs.REPLAY, job["sk"]).items() <= job.items()
    assert (job["pk"], job["sk"][:4]) == (f"W#{PARTITION}#RPL", "rpl_")
    facts = ("webhook_id", "since", "until", "types", "only", "reached")
    assert {name: job[name] for name in facts} == {
        **{"webhook_id": WEBHOOK, "since": _since(NOW - 2 * HOUR), "types": ["call.ended"]},
        **{"until": _since(NOW + timedelta(seconds=1)), "only": "all", "reached": ""},
    }
    assert job["ttl"] == clock.epoch() + events.RETENTION.total_seconds()
    view = entry["view"]
    assert (view["action"], view["object"]) == ("webhook.replayed", WEBHOOK)
    assert view["details"] == {"count": 2, "only": "all"}


def test_what_was_not_taken_is_meant_unless_it_is_said_and_of_every_type(world: World) -> None:
    failed, taken = world.event(), world.event(kind="call.queued")
    world.delivery(failed, "failed")
    world.delivery(taken, "succeeded")
    replay, tx = _request(since=_since(NOW - 2 * HOUR), until=_since(NOW))
    job = tx._operations[0]["item"]
    assert (replay.count, replay.only, job["only"], job["types"]) == (
        1,
        "missing",
        "missing",
        ["*"],
    )
    assert job["until"] == _since(NOW)


def test_where_nothing_is_meant_there_is_no_job(world: World) -> None:
    replay, tx = _request(since=_since(NOW - 2 * HOUR))
    assert (replay.count, tx._operations) == (0, [])


@pytest.mark.parametrize(("most", "is_refused"), [(3, False), (2, True)])
def test_more_than_can_be_counted_are_refused(
    world: World, environment: pytest.MonkeyPatch, most: int, is_refused: bool
) -> None:
    environment.setattr(replays, "MOST", most)
    for _ in range(3):
        world.event()
    if not is_refused:
        assert _request(since=_since(NOW - 2 * HOUR), only="all")[0].count == 3
        return
    with pytest.raises(ValidationFailed) as refused:
        _request(since=_since(NOW - 2 * HOUR), only="all")
    assert refused.value.field == "since"


def test_a_disabled_or_unknown_endpoint_is_sent_nothing_again(world: World) -> None:
    world.endpoint["status"] = "disabled"
    with pytest.raises(Conflict):
        _request(event_id=world.event())
    world.items.clear()
    with pytest.raises(ResourceNotFound):
        _request(since=_since(NOW))


def _put(tx: Transaction) -> list[str]:
    """The events that a change has sent."""
    items = [one["item"] for one in tx._operations if one["type"] == "put"]
    return [item["view"]["event_id"] for item in items if "place" in item]


@pytest.mark.parametrize("status", [None, "succeeded", "failed"])
def test_one_event_is_asked_for_whatever_became_of_it(world: World, status: str | None) -> None:
    event_id = world.event()
    if status:
        world.delivery(event_id, status)
    replay, tx = _request(event_id=event_id)
    assert (replay.webhook_id, replay.count, replay.since) == (WEBHOOK, 1, None)
    assert _put(tx) == [event_id]
    rung = [one["key"]["sk"] for one in tx._operations if one["type"] == "update"]
    assert rung == [WEBHOOK]
    # Another one that asks for it at once has this made anew; one that deletes the endpoint, not.
    assert Outrun in tx._otherwise
    assert endpoints.not_found in tx._otherwise


def test_one_that_waits_already_is_not_asked_for_and_the_endpoint_is_rung_for(
    world: World,
) -> None:
    event_id = world.event()
    world.delivery(event_id, "pending", place=DUE)
    replay, tx = _request(event_id=event_id)
    assert (replay.count, _put(tx)) == (1, [])
    assert [one["type"] for one in tx._operations] == ["update"]


def test_one_that_waits_for_a_while_is_sent_now_in_its_place(world: World) -> None:
    event_id = world.event()
    later = queue.place(NOW + HOUR, "dlv_1")
    world.delivery(event_id, "pending", place=later)
    _, tx = _request(event_id=event_id)
    assert _put(tx) == [event_id]
    left = [one["key"] for one in tx._operations if one["type"] == "delete"]
    assert left == [queue.key(PARTITION, WEBHOOK, later).attributes()]


@pytest.mark.parametrize(("after_s", "is_refused"), [(0, False), (1, True)])
def test_a_time_to_come_is_refused(world: World, after_s: int, is_refused: bool) -> None:
    since = _since(NOW + timedelta(seconds=after_s))
    if not is_refused:
        assert _request(since=since)[0].count == 0
        return
    with pytest.raises(ValidationFailed) as refused:
        _request(since=since)
    assert refused.value.field == "since"


def test_an_event_that_was_a_test_is_only_its_endpoints(world: World) -> None:
    own, others = world.event(only=WEBHOOK), world.event(only="wh_0002")
    assert _put(_request(event_id=own)[1]) == [own]
    for event_id in (others, "evt_0000"):
        with pytest.raises(ResourceNotFound) as refused:
            _request(event_id=event_id)
        assert refused.value.field == "event_id"


# ---- what is meant ------------------------------------------------------------------------------


@pytest.mark.parametrize("only", ["all", "failed", "missing"])
def test_what_is_meant_is_of_the_time_and_oldest_first_over_all_pages(
    world: World, only: str
) -> None:
    moments = [NOW - HOUR * hours for hours in (24, 20, 10, 3, 2, 1)]
    meant = [world.event(moment) for moment in moments]
    before, after = world.event(NOW - 25 * HOUR), world.event(NOW)
    if only == "failed":
        for event_id in (*meant, before, after):
            world.delivery(event_id, "failed")
    assert _chosen(world, only=only) == meant


@pytest.mark.parametrize("only", ["all", "failed"])
def test_it_goes_on_behind_the_place_that_it_has_come_to(world: World, only: str) -> None:
    meant = [world.event(NOW - HOUR * hours) for hours in (3, 2, 1)]
    places = meant
    if only == "failed":
        places = [world.delivery(event_id, "failed") for event_id in meant]
    assert _chosen(world, only=only, reached=places[0]) == meant[1:]
    assert _chosen(world, only=only, reached=places[2]) == []


def test_missing_are_those_that_are_not_taken_and_not_on_their_way_now(world: World) -> None:
    all_of_them = [world.event(NOW - HOUR * hours) for hours in range(9, 0, -1)]
    for event_id, status in zip(all_of_them, ("failed", "pending", "succeeded"), strict=False):
        world.delivery(event_id, status)
    world.delivery(all_of_them[-1], "succeeded")
    assert _chosen(world, only="missing") == [all_of_them[0], *all_of_them[3:-1]]
    # A read that is not consistent would have what this very replay asked for missing.
    assert all(
        is_strong == (partition == deliveries.partition(PARTITION, WEBHOOK))
        for partition, is_strong in world.strong
    )
    assert _chosen(world, only="all") == all_of_them


def test_missing_are_those_of_one_moment_too(world: World) -> None:
    known, missing = world.event(NOW - HOUR), world.event(NOW - HOUR)
    world.delivery(known, "succeeded")
    assert _chosen(world, only="missing") == [missing]
    # No delivery is read that was made before.
    assert world.lowest[-1] == ids.first_at("dlv", NOW - HOUR)


def test_only_what_the_endpoint_wants_is_meant(world: World) -> None:
    world.endpoint["view"]["events"] = ["call.ended"]
    meant = world.event()
    world.event(kind="call.queued")
    world.event(object={"id": WEBHOOK})
    assert _chosen(world) == [meant]
    assert _chosen(world, types=["call.queued"]) == []


def test_of_what_failed_only_the_types_that_were_asked_for(world: World) -> None:
    ended, queued = world.event(), world.event(kind="call.queued")
    for event_id in (ended, queued):
        world.delivery(event_id, "failed")
    assert _chosen(world, only="failed", types=["call.queued"]) == [queued]
    assert sorted(_chosen(world, only="failed")) == [ended, queued]


# ---- gone through -------------------------------------------------------------------------------


def _is_done(world: World, work: Work) -> bool:
    return not jobs.is_due(world.items[work.key])


def test_thirty_are_asked_for_in_a_change_with_the_place_that_is_come_to(world: World) -> None:
    meant = [world.event(NOW - HOUR + timedelta(seconds=at)) for at in range(31)]
    work = _job(world)
    replays.carry_on(work)
    assert world.asked() == meant
    assert [len(_put(tx)) for tx in world.commits] == [30, 1, 0]
    assert world.items[work.key]["reached"] == meant[-1]
    assert _is_done(world, work)
    first = world.commits[0]
    rung, moved = [one for one in first._operations if one["type"] == "update"]
    assert rung["key"]["sk"] == WEBHOOK
    assert moved["condition_expression"] == "#reached = :seen"
    values = moved["expression_attribute_values"]
    assert (values[":reached"], values[":seen"]) == (meant[29], "")
    # Each delivery, the bell and the place.
    assert first._otherwise.count(replays._Moved) == 32
    assert len(first._operations) <= 100


def test_what_failed_is_gone_through_by_its_deliveries(world: World) -> None:
    meant = [world.event(NOW - HOUR * hours) for hours in (3, 2, 1)]
    places = [world.delivery(event_id, "failed") for event_id in meant]
    work = _job(world, only="failed", reached=places[0])
    replays.carry_on(work)
    assert world.asked() == meant[1:]
    assert world.items[work.key]["reached"] == places[2]
    assert _is_done(world, work)


def test_a_change_that_another_run_was_faster_with_is_made_anew(world: World) -> None:
    meant = [world.event() for _ in range(3)]
    work = _job(world)

    def others() -> None:
        world.delivery(meant[0], "pending", place=DUE)
        raise replays._Moved

    world.before_commit = others
    replays.carry_on(work)
    assert world.asked() == meant[1:]
    assert _is_done(world, work)


def test_a_job_that_is_over_does_nothing(world: World) -> None:
    world.event()
    work = _job(world)
    for name in jobs.ATTRIBUTES:
        world.items[work.key].pop(name, None)
    replays.carry_on(work)
    assert world.commits == []


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("only", ["all", "failed"])
def test_a_replay_of_an_endpoint_that_is_disabled_or_deleted_ends(
    world: World, is_there: bool, only: str
) -> None:
    world.delivery(world.event(), "failed")
    work = _job(world, only=only)
    world.endpoint["status"] = "disabled"
    if not is_there:
        del world.items[queue.endpoint_key(PARTITION, WEBHOOK)]
    replays.carry_on(work)
    assert (world.asked(), _is_done(world, work)) == ([], True)


@pytest.mark.parametrize(("left_s", "is_begun"), [(15.0, True), (14.9, False)])
def test_without_time_the_next_message_goes_on_at_once(
    world: World, environment: pytest.MonkeyPatch, left_s: float, is_begun: bool
) -> None:
    event_id, work = world.event(), _job(world)
    environment.setattr(deadline, "seconds_left", lambda: left_s)
    if is_begun:
        replays.carry_on(work)
        assert world.asked() == [event_id]
        return
    with pytest.raises(NotYet) as told:
        replays.carry_on(work)
    assert (told.value.until, world.asked()) == (NOW, [])


@pytest.mark.parametrize(
    ("only", "is_asked"),
    [
        ("all", {"succeeded": True, "failed": True, "pending": False}),
        ("failed", {"succeeded": False, "failed": True, "pending": False}),
        ("missing", {"succeeded": False, "failed": True, "pending": False}),
    ],
)
@pytest.mark.parametrize("status", ["succeeded", "failed", "pending"])
def test_what_became_of_a_delivery_since_it_was_chosen_decides(
    world: World, only: str, is_asked: dict[str, bool], status: str
) -> None:
    event_id = world.event()
    world.delivery(event_id, status, **({"place": DUE} if status == "pending" else {}))
    tx = Transaction(PARTITION, "")
    event = world.items[events.key(PARTITION, event_id)]
    replays._ask(tx, world.endpoint, event, only, replays._Moved)
    assert _put(tx) == ([event_id] if is_asked[status] else [])
    if is_asked[status]:
        again = [one["item"] for one in tx._operations if "place" in one.get("item", {})]
        assert again[0]["v"] == 4
        assert replays._Moved in tx._otherwise
