"""An event becomes one delivery to each endpoint that wants it, however often that is begun."""

from typing import Any

import pytest

from linkwright import jobs
from linkwright.errors import Unavailable
from linkwright.jobs import AlreadyDone, Work
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction
from linkwright.webhooks import deliveries, endpoints, fan_out

WORK = Work(jobs.EVENT, "W#ws_1.test#EVT", "evt_1")


class Store:
    """The event, the endpoints and their deliveries; commits go wrong as they are told to."""

    def __init__(self) -> None:
        self.event: Item | None = {
            **{"pk": WORK.pk, "sk": WORK.sk, "id": "evt_1", "type": "call.ended"},
            **{"object": {"id": "call_1"}, "request_id": "req_1"},
            **jobs.requested(jobs.EVENT, "evt_1"),
        }
        self.endpoints: list[Item] = []
        self.refuses: list[type[Exception] | None] = []
        self.commits: list[Transaction] = []
        self.delivered: set[str] = set()
        self.looks = 0

    def commit(self, tx: Transaction) -> None:
        error = self.refuses.pop(0) if self.refuses else None
        if error is not None:
            raise error
        assert tx.partition == "ws_1.test"
        self.commits.append(tx)
        self.delivered |= {webhook for webhook, _ in _deliveries(tx)}

    def find(self, of: str, webhook_id: str, delivery_id: str) -> Item | None:
        self.looks += 1
        assert of == "ws_1.test"
        assert delivery_id == deliveries.id_of("evt_1", webhook_id)
        return {"sk": delivery_id} if webhook_id in self.delivered else None

    def all_told(self) -> list[str]:
        """To whom the event was sent; more than once if it was."""
        return [webhook for tx in self.commits for webhook, _ in _deliveries(tx)]


def _items(tx: Transaction) -> list[Item]:
    return [one["item"] for one in tx._operations if one["type"] == "put"]


def _deliveries(tx: Transaction) -> list[tuple[str, str]]:
    """Endpoint and event of each delivery that is put."""
    views = [item["view"] for item in _items(tx) if "view" in item]
    return [(view["webhook_id"], view["event_id"]) for view in views]


def _changed(tx: Transaction) -> list[Key]:
    """The items that are changed: endpoints that are rung for, the job that is done."""
    keys = [one["key"] for one in tx._operations if one["type"] == "update"]
    return [Key(key["pk"], key["sk"]) for key in keys]


@pytest.fixture
def store(environment: pytest.MonkeyPatch) -> Store:
    store = Store()

    def get(table: Table, key: Key) -> Item | None:
        assert (table, key) == (Table.CORE, WORK.key)
        return store.event

    def of(partition: str) -> list[Item]:
        assert partition == "ws_1.test"
        return store.endpoints

    environment.setattr(fan_out, "get", get)
    environment.setattr(endpoints, "of", of)
    environment.setattr(deliveries, "find", store.find)
    environment.setattr(Transaction, "commit", lambda tx: store.commit(tx))
    return store


def _endpoint(webhook_id: str, *events: str, status: str = "enabled") -> Item:
    return {"sk": webhook_id, "status": status, "view": {"events": list(events or "*")}}


def _many(count: int) -> list[Item]:
    return [_endpoint(f"wh_{at}") for at in range(count)]


def _rung(webhook_id: str) -> Key:
    return Key("W#ws_1.test#WH", webhook_id)


def test_who_wants_it_has_it_and_is_rung_for_in_the_change_that_ends_the_job(store: Store) -> None:
    store.endpoints = [
        *(_endpoint("wh_1"), _endpoint("wh_2", "call.queued"), _endpoint("wh_3", "call.ended")),
        *(_endpoint("wh_4", status="disabled"), _endpoint("wh_5", status="paused")),
    ]
    fan_out.deliver(WORK)
    (tx,) = store.commits
    assert _deliveries(tx) == [("wh_1", "evt_1"), ("wh_3", "evt_1"), ("wh_5", "evt_1")]
    assert _changed(tx) == [*map(_rung, ("wh_1", "wh_3", "wh_5")), WORK.key]
    assert tx.request_id == "req_1"
    # Nothing is asked of each: mostly there is none.
    assert store.looks == 0


def test_the_job_ends_where_nobody_wants_it(store: Store) -> None:
    store.endpoints = [_endpoint("wh_1", "call.queued")]
    fan_out.deliver(WORK)
    (tx,) = store.commits
    assert _changed(tx) == [WORK.key]
    assert _items(tx) == []


def test_one_that_takes_nothing_is_told_of_no_other_and_of_all_else(store: Store) -> None:
    dead = {"failing": {"since": "2026-01-01T00:00:00Z"}}
    store.endpoints = [_endpoint("wh_1"), _endpoint("wh_2") | dead]
    event = store.event or {}
    fan_out.deliver(WORK)
    store.event = {**event, "type": "webhook.failing", "object": {"id": "wh_9"}}
    fan_out.deliver(WORK)
    assert [_deliveries(tx) for tx in store.commits] == [
        [("wh_1", "evt_1"), ("wh_2", "evt_1")],
        [("wh_1", "evt_1")],
    ]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_job_that_is_over_or_gone_tells_nobody(store: Store, is_there: bool) -> None:
    store.endpoints = _many(1)
    event = store.event or {}
    store.event = {**event, "gsi2pk": jobs.given_up_partition(jobs.EVENT)} if is_there else None
    fan_out.deliver(WORK)
    assert store.commits == []


@pytest.mark.parametrize(
    "object", [{"id": "wh_1"}, {"id": "dlv_1", "webhook_id": "wh_1"}], ids=["it", "a delivery"]
)
def test_an_endpoint_is_not_told_of_itself(store: Store, object: Item) -> None:
    store.endpoints = _many(2)
    store.event = {**(store.event or {}), "object": object}
    fan_out.deliver(WORK)
    assert store.all_told() == ["wh_0"]


@pytest.mark.parametrize(
    ("count", "sizes"), [(30, [30]), (31, [30, 1]), (60, [30, 30]), (61, [30, 30, 1])]
)
def test_many_are_told_in_parts_and_the_last_part_ends_the_job(
    store: Store, count: int, sizes: list[int]
) -> None:
    store.endpoints = _many(count)
    fan_out.deliver(WORK)
    assert [len(_deliveries(tx)) for tx in store.commits] == sizes
    assert sorted(store.all_told()) == sorted(one["sk"] for one in store.endpoints)
    assert [WORK.key in _changed(tx) for tx in store.commits] == [False] * (len(sizes) - 1) + [True]
    # Somebody may have come as far as the first part.
    assert store.looks == (0 if count == 30 else count)


def test_who_was_told_by_a_run_that_was_killed_is_not_told_again(store: Store) -> None:
    store.endpoints = _many(70)
    store.refuses = [None, Unavailable]
    with pytest.raises(Unavailable):
        fan_out.deliver(WORK)
    fan_out.deliver(WORK)
    assert sorted(store.all_told()) == sorted(one["sk"] for one in store.endpoints)


def test_where_one_has_it_already_the_others_get_it(store: Store) -> None:
    store.endpoints, store.delivered = _many(3), {"wh_1"}
    store.refuses = [fan_out._Moved]
    fan_out.deliver(WORK)
    assert store.all_told() == ["wh_0", "wh_2"]
    assert store.looks == 3


@pytest.mark.parametrize(("refused", "is_done"), [(4, True), (5, False)])
def test_endpoints_that_change_faster_are_tried_another_time(
    store: Store, refused: int, is_done: bool
) -> None:
    store.endpoints, store.refuses = _many(1), [fan_out._Moved] * refused
    if is_done:
        fan_out.deliver(WORK)
        assert store.all_told() == ["wh_0"]
    else:
        with pytest.raises(Unavailable):
            fan_out.deliver(WORK)
        assert store.all_told() == []


def test_a_job_that_another_run_ended_is_no_failure(store: Store) -> None:
    store.endpoints, store.refuses = _many(1), [AlreadyDone]
    fan_out.deliver(WORK)
    assert store.commits == []
    assert store.refuses == []


def test_one_that_is_deleted_or_has_it_meanwhile_has_the_change_made_anew(store: Store) -> None:
    store.endpoints = _many(1)
    fan_out.deliver(WORK)
    (tx,) = store.commits
    told: list[Any] = [
        otherwise
        for one, otherwise in zip(tx._operations, tx._otherwise, strict=True)
        if "condition_expression" in one
    ]
    assert told == [fan_out._Moved, fan_out._Moved, AlreadyDone]
