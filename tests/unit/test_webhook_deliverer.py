"""A run of an endpoint: what is sent, what is not, and what each answer comes to."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from linkwright import clock, deadline, jobs, level
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.table import Item, Key
from linkwright.transaction import Transaction
from linkwright.webhooks import deliverer, deliveries, health, queue, receivers
from linkwright.webhooks.deliveries import Moved
from linkwright.webhooks.logs import event_log
from linkwright.webhooks.sending import Outcome
from tests.receiver import InTurn
from tests.unit.calls import NOW

PARTITION = "ws_1.test"
WORK = Work(jobs.WEBHOOK, f"W#{PARTITION}#WH", "wh_1")
FAILED: Item = {"at": clock.timestamp(NOW), "status": 503, "error": None, "duration_ms": 7}
MINUTE = timedelta(minutes=1)


class World:
    """An endpoint, what waits for it by looks, and what becomes of it."""

    def __init__(self) -> None:
        self.endpoint: Item | None = {
            **{"pk": WORK.pk, "sk": WORK.sk, "v": 4, "status": "enabled", "leased_until": 77},
            "view": {
                **{"id": "wh_1", "type": "https", "url": "https://hooks.example/in"},
                "events": ["*"],
            },
        }
        self.looks: list[list[Item]] = []
        self.deliveries: dict[str, Item] = {}
        self.events: dict[str, Item] = {}
        self.outcomes: dict[str, Outcome | Exception] = {}
        self.left_s = 60.0
        self.bells = 0
        self.sent: list[str] = []
        self.ends: list[Any] = []
        self.commits: list[Transaction] = []
        self.refuses: list[type[Exception] | None] = []
        self.counted: list[str] = []

    def waits(self, name: str, due: datetime = NOW, **facts: Any) -> Item:
        """One that waits, as its row of the queue."""
        delivery_id, event_id = f"dlv_{name}", f"evt_{name}"
        place = queue.place(due, delivery_id)
        view = {"id": delivery_id, "webhook_id": "wh_1", "event_id": event_id, "status": "pending"}
        view |= {"event_type": "call.ended", "created_at": clock.timestamp(NOW)}
        where = {"pk": deliveries.partition(PARTITION, "wh_1"), "sk": delivery_id}
        facts = {"place": place, "tried": 0, "v": 1, "ttl": 9, **facts}
        self.deliveries[delivery_id] = {**where, "view": view | facts.pop("view", {}), **facts}
        happened = {"type": "call.ended", "created_at": clock.timestamp(NOW - MINUTE)}
        self.events[event_id] = {"id": event_id, **happened}
        return queue.key(PARTITION, "wh_1", place).attributes()

    def prepared(self, endpoint: Item, event: Item, asked: int) -> deliverer.Send:
        waits = self.deliveries[event["id"].replace("evt", "dlv")]
        assert asked == waits["v"] - waits["tried"]

        def send() -> Outcome:
            self.sent.append(event["id"])
            outcome = self.outcomes.get(event["id"], Outcome({"status": 204}, is_taken=True))
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return send

    def first(self, partition: str, webhook_id: str, count: int) -> list[Item]:
        assert (partition, webhook_id) == (PARTITION, "wh_1")
        return (self.looks.pop(0) if self.looks else [])[:count]

    def rest(self, _: Item, until: datetime | None) -> bool:
        self.ends.append(until)
        self.bells -= 1
        return self.bells < 0

    def event(self, partition: str, event_id: str) -> Item | None:
        assert partition == PARTITION
        return self.events.get(event_id)

    def find(self, of: str, webhook_id: str, delivery_id: str) -> Item | None:
        assert (of, webhook_id) == (PARTITION, "wh_1")
        return self.deliveries.get(delivery_id)

    def commit(self, tx: Transaction) -> None:
        assert tx.partition == PARTITION
        if self.refuses and (error := self.refuses.pop(0)):
            raise error
        self.commits.append(tx)

    def written(self, name: str) -> list[Item]:
        """What is written of a delivery."""
        return self._changes(Key(deliveries.partition(PARTITION, "wh_1"), f"dlv_{name}"))

    def of_endpoint(self) -> list[Item]:
        return self._changes(WORK.key)

    def _changes(self, key: Key) -> list[Item]:
        return [
            {name.removeprefix(":"): value for name, value in values.items()}
            for tx in self.commits
            for one in tx._operations
            if one["type"] == "update"
            and one["key"] == key.attributes()
            and (values := one.get("expression_attribute_values"))
        ]

    def told(self) -> list[Item]:
        """The events that are put."""
        items = [one["item"] for tx in self.commits for one in tx._operations if "item" in one]
        return [item for item in items if item.get("outbox") == jobs.EVENT]

    def left(self) -> list[str]:
        """The places in the queue that are empty then."""
        pk = queue.key(PARTITION, "wh_1", "").pk
        gone = [one for tx in self.commits for one in tx._operations if one["type"] == "delete"]
        return [one["key"]["sk"] for one in gone if one["key"]["pk"] == pk]


@pytest.fixture
def world(environment: pytest.MonkeyPatch) -> World:
    world = World()
    environment.setattr(clock, "now", lambda: NOW)
    environment.setattr(deadline, "seconds_left", lambda: world.left_s)
    environment.setattr(level, "_begin", lambda key: world.endpoint if key == WORK.key else None)
    environment.setattr(level, "look", lambda run: world.endpoint if run["sk"] == "wh_1" else None)
    environment.setattr(queue, "first", world.first)
    environment.setattr(level, "rest", world.rest)
    environment.setattr(level, "hand_over", lambda _: world.ends.append("handed over"))
    environment.setattr(level, "_let_go", lambda _: world.ends.append("let go"))
    environment.setattr(deliveries, "find", world.find)
    environment.setattr(receivers, "prepared", world.prepared)
    environment.setattr(event_log, "stored", world.event)
    environment.setattr(deliverer, "_pool", InTurn)
    environment.setattr(deliverer, "count", world.counted.append)
    environment.setattr(Transaction, "commit", lambda tx: world.commit(tx))
    return world


def _is(world: World, **facts: Any) -> None:
    """The endpoint is so from now on."""
    world.endpoint = {**(world.endpoint or {}), **facts}


# ---- how a run goes on, and ends ----------------------------------------------------------------


def test_what_is_due_is_sent_two_at_a_time_until_there_is_nothing(world: World) -> None:
    rows = [world.waits(name) for name in "abc"]
    world.looks = [rows, rows[2:]]
    deliverer.run(WORK)
    assert sorted(world.sent[:2]) == ["evt_a", "evt_b"]
    assert world.sent[2:] == ["evt_c"]
    assert world.ends == [None]
    assert world.counted == ["webhooks_sent"] * 3


def test_two_are_on_the_way_at_once_with_the_time_of_the_run(
    world: World, environment: pytest.MonkeyPatch
) -> None:
    rows = [world.waits(name) for name in "ab"]
    both, run = Barrier(2), ContextVar("run", default="")
    seen: list[str] = []

    def prepared(*_: Item) -> deliverer.Send:
        def send() -> Outcome:
            both.wait(timeout=30)
            seen.append(run.get())
            return Outcome({"status": 204}, is_taken=True)

        return send

    environment.setattr(receivers, "prepared", prepared)
    world.looks = [rows]
    run.set("this one")
    with ThreadPoolExecutor(deliverer.AT_ONCE) as pool:
        environment.setattr(deliverer, "_pool", lambda: pool)
        deliverer.run(WORK)
    assert seen == ["this one"] * 2


def test_to_one_that_fails_one_is_sent_at_a_time(world: World) -> None:
    rows = [world.waits(name) for name in "ab"]
    _is(world, failing={"count": 1})
    world.looks = [rows]
    deliverer.run(WORK)
    assert world.sent == ["evt_a"]


def test_nothing_is_sent_before_it_is_due(world: World) -> None:
    world.looks = [[world.waits("a"), world.waits("b", NOW + MINUTE)]]
    deliverer.run(WORK)
    assert world.sent == ["evt_a"]


def test_a_run_rests_until_the_next_is_due(world: World) -> None:
    world.looks = [[world.waits("a", NOW + MINUTE), world.waits("b", NOW + 2 * MINUTE)]]
    deliverer.run(WORK)
    assert (world.sent, world.ends) == ([], [NOW + MINUTE])


@pytest.mark.parametrize(("rest", "until"), [(2 * MINUTE, 2 * MINUTE), (MINUTE / 2, MINUTE)])
def test_a_run_rests_as_long_as_the_endpoint_does(
    world: World, rest: timedelta, until: timedelta
) -> None:
    _is(world, rests_until=clock.epoch_ms(NOW + rest))
    world.looks = [[world.waits("a", NOW + MINUTE)]]
    deliverer.run(WORK)
    assert (world.sent, world.ends) == ([], [NOW + until])


def test_a_paused_one_is_sent_nothing_and_what_waits_stays(world: World) -> None:
    _is(world, status="paused")
    world.looks = [[world.waits("a")]]
    deliverer.run(WORK)
    assert (world.sent, world.commits, world.ends) == ([], [], [None])


@pytest.mark.parametrize("is_due", [True, False])
def test_a_bell_that_rang_meanwhile_has_it_look_again(world: World, is_due: bool) -> None:
    world.bells = 1
    late = world.waits("b")
    world.looks = [[] if is_due else [world.waits("a", NOW + MINUTE)], [late]]
    deliverer.run(WORK)
    assert world.sent == ["evt_b"]


@pytest.mark.parametrize(("left_s", "is_sent"), [(20, True), (19.9, False)])
def test_nothing_is_begun_that_there_is_no_time_for(
    world: World, left_s: float, is_sent: bool
) -> None:
    world.left_s = left_s
    world.looks = [[world.waits("a")]]
    deliverer.run(WORK)
    assert world.sent == (["evt_a"] if is_sent else [])
    assert world.ends == ([None] if is_sent else ["handed over"])


def test_another_run_of_it_does_nothing(world: World) -> None:
    world.looks = [[world.waits("a")]]
    world.endpoint = None
    deliverer.run(WORK)
    assert (world.sent, world.ends) == ([], [])


def test_a_run_that_lost_it_sends_nothing(world: World, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(level, "look", lambda _: None)
    world.looks = [[world.waits("a")]]
    deliverer.run(WORK)
    assert (world.sent, world.ends) == ([], [])


def test_a_run_that_fails_lets_it_go(world: World) -> None:
    world.outcomes["evt_a"] = Unavailable()
    world.looks = [[world.waits("a")]]
    with pytest.raises(Unavailable):
        deliverer.run(WORK)
    assert world.ends == ["let go"]


# ---- what is not sent ---------------------------------------------------------------------------


def test_what_waits_for_a_disabled_one_fails_twenty_at_a_time_and_nobody_is_told(
    world: World,
) -> None:
    _is(world, status="disabled")
    rows = [world.waits(str(at)) for at in range(21)]
    world.looks = [rows, rows[20:]]
    deliverer.run(WORK)
    assert (world.sent, len(world.commits), world.ends) == ([], 21, [None])
    for at in range(21):
        (written,) = world.written(str(at))
        assert (written["view"]["status"], written["view"]["ended_reason"]) == (
            *("failed", "webhook_disabled"),
        )
    assert (world.told(), world.of_endpoint()) == ([], [])
    required = [tx._operations[0] for tx in world.commits]
    assert {one["type"] for one in required} == {"condition_check"}
    assert {one["expression_attribute_values"][":seen"] for one in required} == {4}


def test_no_more_is_ended_of_one_that_was_enabled_meanwhile(world: World) -> None:
    _is(world, status="disabled")
    rows = [world.waits(name) for name in "abc"]
    world.looks = [rows, rows[1:]]
    world.refuses = [None, deliverer._Lost]
    world.deliveries["dlv_c"]["place"] = "sent"
    looks = iter(["disabled"])

    def look(_: Item) -> Item | None:
        _is(world, status=next(looks, "enabled"))
        return world.endpoint

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(level, "look", look)
        deliverer.run(WORK)
    assert [one["view"]["ended_reason"] for one in world.written("a")] == ["webhook_disabled"]
    assert world.sent == ["evt_b"]


@pytest.mark.parametrize(
    ("tried", "status", "reason"),
    [(0, "pending", None), (1, "pending", None), (2, "failed", "exhausted")],
)
def test_a_sample_is_tried_three_times_and_says_nothing_of_the_endpoint(
    world: World, tried: int, status: str, reason: str | None
) -> None:
    row = world.waits("a", tried=tried)
    world.events["evt_a"]["only"] = "wh_1"
    world.outcomes["evt_a"] = Outcome(FAILED, wait_s=60)
    world.looks = [[row]]
    deliverer.run(WORK)
    (written,) = world.written("a")
    assert (written["view"]["status"], written["view"].get("ended_reason")) == (status, reason)
    assert (world.told(), world.of_endpoint()) == ([], [])


@pytest.mark.parametrize("tried", [0, deliveries.ATTEMPTS - 1])
def test_what_is_our_fault_is_not_held_against_the_endpoint(world: World, tried: int) -> None:
    """As a secret that does not open: each endpoint would be disabled, and its owners mailed."""
    world.outcomes["evt_a"] = Outcome({**FAILED, "status": None, "error": "internal"})
    world.looks = [[world.waits("a", tried=tried)]]
    deliverer.run(WORK)
    (written,) = world.written("a")
    assert written["view"]["status"] == ("pending" if tried == 0 else "failed")
    assert [one["type"] for one in world.told()] == ["webhook.delivery_exhausted"] * bool(tried)
    assert world.of_endpoint() == []


@pytest.mark.parametrize(
    "facts", [{"tried": 0}, {"tried": 1, "only": "wh_1"}], ids=["never tried", "a sample"]
)
def test_what_is_too_old_and_says_nothing_of_the_endpoint(world: World, facts: Item) -> None:
    old = clock.timestamp(NOW - deliveries.LONGEST - MINUTE)
    row = world.waits("a", view={"created_at": old}, tried=facts["tried"])
    world.events["evt_a"] |= facts
    world.looks = [[row]]
    deliverer.run(WORK)
    assert (world.sent, world.of_endpoint()) == ([], [])
    assert len(world.told()) == ("only" not in facts)


def test_of_what_tells_of_webhooks_nobody_is_told_that_it_was_not_delivered(world: World) -> None:
    old = clock.timestamp(NOW - deliveries.LONGEST - MINUTE)
    view = {"created_at": old, "event_type": "webhook.delivery_exhausted"}
    world.looks = [[world.waits("a", view=view, tried=1)]]
    deliverer.run(WORK)
    assert world.written("a")[0]["view"]["ended_reason"] == "expired"
    assert world.told() == []
    assert world.of_endpoint()[0]["evidence"]["event_id"] == "evt_a"


@pytest.mark.parametrize("is_known", [True, False], ids=["too late", "without its event"])
def test_what_is_too_old_fails_and_is_told_as_if_by_all_attempts(
    world: World, is_known: bool
) -> None:
    old = clock.timestamp(NOW - deliveries.LONGEST - MINUTE)
    row = world.waits("a", tried=1, view={"created_at": old} if is_known else {})
    if not is_known:
        world.events.clear()
    world.looks = [[row]]
    deliverer.run(WORK)
    assert world.sent == []
    (written,) = world.written("a")
    assert (written["view"]["ended_reason"], "attempts" in written["view"]) == ("expired", False)
    (told,) = world.told()
    assert (told["type"], told["object"]) == ("webhook.delivery_exhausted", written["view"])
    assert told["sequence"] == 2
    (endpoint,) = world.of_endpoint()
    assert endpoint["evidence"]["event_id"] == "evt_a"
    assert "failing" not in endpoint


@pytest.mark.parametrize("status", ["enabled", "disabled"])
@pytest.mark.parametrize("place", ["elsewhere", None], ids=["moved", "gone"])
def test_a_row_that_nothing_waits_at_is_taken_away(
    world: World, status: str, place: str | None
) -> None:
    _is(world, status=status)
    row = world.waits("a", place=place)
    if place is None:
        world.deliveries.clear()
    world.looks = [[row, world.waits("b")]]
    deliverer.run(WORK)
    assert world.left() == [row["sk"], world.deliveries["dlv_b"]["place"]]
    assert world.written("a") == []
    assert world.sent == (["evt_b"] if status == "enabled" else [])


# ---- what an answer comes to --------------------------------------------------------------------


def _settled(world: World, outcome: Outcome, **facts: Any) -> Item:
    """What is written of a delivery whose attempt came out so."""
    world.looks = [[world.waits("a", **facts)]]
    world.outcomes["evt_a"] = outcome
    deliverer.run(WORK)
    (written,) = world.written("a")
    assert written["view"]["attempts"][-1] == outcome.attempt
    assert len(world.commits) == 1
    return written


def test_what_is_taken_succeeds_and_the_endpoint_works(world: World) -> None:
    _is(world, failing={"count": 2}, evidence={"event_id": "evt_0"})
    written = _settled(world, Outcome({"status": 204}, is_taken=True))
    assert (written["view"]["status"], "place" in written) == ("succeeded", False)
    (endpoint,) = world.of_endpoint()
    # Nothing is set: what failures left is removed.
    assert endpoint.keys() == {"seen", "lease"}
    assert world.told() == []
    assert world.counted == ["webhooks_sent"]


def test_what_it_does_not_want_fails_and_the_endpoint_works(world: World) -> None:
    _is(world, failing={"count": 2})
    written = _settled(world, Outcome(FAILED, is_aborted=True))
    assert (written["view"]["status"], written["view"]["ended_reason"]) == ("failed", "aborted")
    (endpoint,) = world.of_endpoint()
    assert endpoint.keys() == {"seen", "lease"}
    assert (world.told(), world.counted) == ([], ["webhooks_failed"])


def test_one_that_is_gone_is_disabled(world: World) -> None:
    written = _settled(world, Outcome(FAILED, is_gone=True))
    assert (written["view"]["status"], written["view"]["ended_reason"]) == ("failed", "gone")
    (endpoint,) = world.of_endpoint()
    assert (endpoint["status"], endpoint["disabled_reason"]) == ("disabled", "gone")
    assert endpoint["failing"]["last_status"] == 503
    assert [told["type"] for told in world.told()] == ["webhook.disabled"]


@pytest.mark.parametrize(("tried", "planned_s"), list(enumerate(deliveries.SCHEDULE_S)))
def test_what_failed_is_tried_again_by_the_schedule(
    world: World, environment: pytest.MonkeyPatch, tried: int, planned_s: int
) -> None:
    environment.setattr(random, "uniform", lambda low, high: (low + 3 * high) / 4)
    written = _settled(world, Outcome(FAILED), tried=tried)
    # Within a tenth of it: here, in the last quarter.
    due = clock.parse(written["view"]["next_attempt_at"])
    assert (due - NOW).total_seconds() == int(planned_s * 1.05)
    assert queue.due_at(written["place"]) == due
    assert (written["view"]["status"], world.told()) == ("pending", [])
    (endpoint,) = world.of_endpoint()
    assert endpoint["failing"]["count"] == 1


@pytest.mark.parametrize(("wait_s", "due_s"), [(3600, 3600), (1, 5)])
def test_it_is_not_tried_before_the_receiver_asks_for_it(
    world: World, environment: pytest.MonkeyPatch, wait_s: float, due_s: int
) -> None:
    environment.setattr(random, "uniform", lambda low, high: 1.0)
    written = _settled(world, Outcome(FAILED, wait_s=wait_s))
    assert clock.parse(written["view"]["next_attempt_at"]) == NOW + timedelta(seconds=due_s)
    (endpoint,) = world.of_endpoint()
    assert health.rests_until(endpoint) == clock.epoch_ms(NOW) + wait_s * 1000


def test_the_last_attempt_that_fails_is_told_and_is_evidence(world: World) -> None:
    written = _settled(world, Outcome(FAILED, wait_s=40), tried=deliveries.ATTEMPTS - 1)
    assert (written["view"]["status"], written["view"]["ended_reason"]) == ("failed", "exhausted")
    (told,) = world.told()
    assert (told["type"], told["object"]) == ("webhook.delivery_exhausted", written["view"])
    assert told["sequence"] == 2
    (endpoint,) = world.of_endpoint()
    assert endpoint["evidence"]["event_id"] == "evt_a"
    assert endpoint["failing"]["last_status"] == 503
    assert health.rests_until(endpoint) == clock.epoch_ms(NOW) + 40_000


# ---- while others write -------------------------------------------------------------------------


def test_two_that_fail_at_once_are_two_failures_in_a_row(world: World) -> None:
    world.outcomes = {"evt_a": Outcome(FAILED), "evt_b": Outcome(FAILED)}
    world.looks = [[world.waits("a"), world.waits("b")]]
    deliverer.run(WORK)
    assert [one["failing"]["count"] for one in world.of_endpoint()] == [1, 2]


def test_an_endpoint_that_was_changed_meanwhile_is_read_anew(world: World) -> None:
    world.looks = [[world.waits("a")]]
    world.outcomes["evt_a"] = Outcome(FAILED)
    world.refuses = [deliverer._Lost]
    deliverer.run(WORK)
    assert len(world.written("a")) == 1


def test_what_a_run_that_lost_the_endpoint_was_told_is_not_noted(
    world: World, environment: pytest.MonkeyPatch
) -> None:
    """Whoever has it now sends those again."""
    looks = [world.endpoint]
    environment.setattr(level, "look", lambda _: looks.pop() if looks else None)
    world.looks = [[world.waits("a"), world.waits("b")]]
    world.refuses = [deliverer._Lost]
    deliverer.run(WORK)
    assert len(world.sent) == 2
    assert (world.commits, world.ends) == ([], [])


def test_a_delivery_that_is_anothers_by_now_is_left_and_the_next_is_noted(world: World) -> None:
    world.looks = [[world.waits("a"), world.waits("b")]]
    world.refuses = [Moved]
    deliverer.run(WORK)
    assert (world.written("a"), len(world.written("b"))) == ([], 1)


def test_an_outcome_is_written_only_by_the_run_that_has_the_endpoint(world: World) -> None:
    _settled(world, Outcome(FAILED))
    (tx,) = world.commits
    refusals = [
        otherwise
        for one, otherwise in zip(tx._operations, tx._otherwise, strict=True)
        if one["type"] == "update"
    ]
    assert refusals == [Moved, deliverer._Lost] or refusals == [deliverer._Lost, Moved]
