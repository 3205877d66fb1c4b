"""Attempts: begun by one worker, on conditions; ordered once; bound to one call at the carrier."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from linkwright import clock, jobs, pace, settings, usage
from linkwright.plans import PLANS
from linkwright.table import ConditionFailed, Item, Key
from linkwright.transaction import Transaction
from linkwright.voice.calls import items, places
from linkwright.voice.calls.items import CallItem, Superseded
from linkwright.voice.dialling import claims
from linkwright.voice.dialling.claims import NoMinutes, Refused, Taken
from tests.unit.calls import CALLEE, NOW, stored, written

PLAN = PLANS["free"]
LEASE = NOW + timedelta(seconds=60)
PERIOD = "2026-11-01"
OWN, THEIRS = "+972771112222", "+972773334444"
# Where a call is found when it is due, and when it is looked at: not all in one shard.
DUE, LOOK = (
    jobs.due(jobs.CALL, stored("queued")["sk"], NOW, is_look=is_look)["gsi2pk"]
    for is_look in (False, True)
)


class Store:
    """What is committed and written alone, and what is there; the first commits are refused."""

    def __init__(self) -> None:
        self.commits: list[Transaction] = []
        self.refuses: list[Exception] = []
        self.updates: list[tuple[Key, str, dict[str, Any]]] = []
        self.stored: dict[Key, Item] = {}

    def commit(self, tx: Transaction) -> None:
        self.commits.append(tx)
        if self.refuses:
            raise self.refuses.pop(0)

    def get(self, _: object, key: Key) -> Item | None:
        return self.stored.get(key)

    def update(self, _: object, key: Key, expression: str, **told: Any) -> Item:
        self.updates.append((key, expression, told))
        if self.refuses:
            raise self.refuses.pop(0)
        return {"as": "stored"}


@pytest.fixture
def store(environment: pytest.MonkeyPatch) -> Store:
    store = Store()
    environment.setenv("DIALS_PER_SECOND", "7")
    settings.settings.cache_clear()
    environment.setattr(clock, "now", lambda: NOW)
    environment.setattr(Transaction, "commit", lambda tx: store.commit(tx))
    for module in (claims, items, usage, places):
        environment.setattr(module, "get", store.get)
    environment.setattr(items, "update", store.update)
    return store


def _agent(**changes: Any) -> Any:
    agent = {"id": "agt_1", "version": 3, "max_duration_s": 600, "language": "he-IL"}
    rest = {"phone_number": None, "concurrency": None, "recording": False}
    return SimpleNamespace(**{**agent, **rest, "recording_consent": True, **changes})


TENANT: Any = SimpleNamespace(
    plan=PLAN,
    anchor_day=1,
    settings=SimpleNamespace(model="gpt", calls_per_callee_per_day=5),
)
CARRIER: Any = SimpleNamespace(account="AC1", phone_number=OWN, caller_id=lambda number: number)


def _waiting(**facts: Any) -> CallItem:
    return stored("queued", 0, {"attempts": [], "attempt": 0}, **facts)


def _claim(item: CallItem | None = None, **agent: Any) -> CallItem:
    return claims.claim(item or _waiting(), LEASE, _agent(**agent), TENANT, CARRIER)


def _refusals(tx: Transaction) -> dict[str, Callable[[], Exception]]:
    """What is told where the condition on an item fails, by the item's partition."""
    wheres = [one.get("key") or one["item"] for one in tx._operations]
    pairs = zip(wheres, tx._otherwise, strict=True)
    return {f"{where['pk']} {where['sk']}": told for where, told in pairs if told}


# ---- begun --------------------------------------------------------------------------------------


def test_an_attempt_has_its_agents_version_a_lease_and_nothing_at_the_carrier(
    store: Store,
) -> None:
    after = _claim()
    facts = written(store.commits[0])
    assert (facts["view"]["status"], facts["view"]["attempt"]) == ("dialing", 1)
    assert facts["view"]["agent_version"] == 3
    assert (facts["next_at"], facts["gsi2pk"]) == (clock.timestamp(LEASE), LOOK)
    assert (facts["ordered_at"], facts["sid"]) == ("", "")
    assert facts["claim"].startswith("clm_")
    assert (facts["model"], facts["language"], facts["zone"]) == ("gpt", "he", "Asia/Jerusalem")
    assert facts["country"] == "IL"
    assert (facts["longest_s"], facts["slots"]) == (600, ["all", CALLEE])
    assert "reserved" not in facts
    assert after["claim"] == facts["claim"]


def test_each_attempt_has_a_claim_of_its_own(store: Store) -> None:
    assert _claim()["claim"] != _claim()["claim"]


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        (f"W#ws_1#DNC {CALLEE}", "do_not_call"),
        (f"NUMBER#{THEIRS} OWNER", "number_not_registered"),
    ],
)
def test_a_rule_that_forbids_the_call_ends_it_by_its_name(
    store: Store, where: str, reason: str
) -> None:
    _claim(phone_number=THEIRS)
    refusals = _refusals(store.commits[0])
    (found,) = [told for place, told in refusals.items() if place == where]
    refused = found()
    assert isinstance(refused, Refused)
    assert refused.reason == reason


@pytest.mark.parametrize("number", [None, OWN])
def test_the_accounts_own_number_is_everybodys(store: Store, number: str | None) -> None:
    _claim(phone_number=number)
    assert not [where for where in _refusals(store.commits[0]) if where.startswith("NUMBER#")]


def test_it_counts_as_a_dial_of_the_plan_and_of_the_callee(store: Store) -> None:
    _claim()
    refusals = _refusals(store.commits[0])
    (dials,) = [told for where, told in refusals.items() if "2026-11-28" in where]
    assert cast(Refused, dials()).reason == "plan_limit"
    number = places.key("ws_1", CALLEE)
    hours = int(NOW.timestamp())
    store.stored[number] = {"dials": [hours] * 5}
    assert cast(Refused, refusals[f"{number.pk} {number.sk}"]()).reason == "callee_limit"
    store.stored[number] = {"dials": [hours] * 4}
    assert isinstance(refusals[f"{number.pk} {number.sk}"](), places.Busy)


def test_it_takes_a_place_on_the_phone(store: Store) -> None:
    _claim(concurrency=2)
    most = {
        one["key"]["sk"]: one["expression_attribute_values"].get(":most")
        for one in store.commits[0]._operations
        if "ADD #active" in one.get("update_expression", "")
    }
    assert most == {"all": PLAN.concurrent_calls, "agt_1": 2, CALLEE: None}


def test_it_takes_its_turn_at_the_carriers_account(store: Store) -> None:
    pace.known.cache_clear()
    _claim()
    (turn,) = [
        one for one in store.commits[0]._operations if one.get("key", {}).get("pk") == "PACE#AC1"
    ]
    assert turn["key"]["sk"] == "bucket"
    now, values = clock.epoch_ms(), turn["expression_attribute_values"]
    # Seven a second.
    assert (values[":now"], values[":tat"]) == (now, now + 143)


# ---- for how many minutes -----------------------------------------------------------------------


def _paid(reserved: int = 1, period: str = PERIOD) -> CallItem:
    return _waiting(reserved=reserved, period=period)


def _uses(committed: int) -> dict[Key, Item]:
    return {usage.key("ws_1", PERIOD, usage.CALL_MINUTES): {"committed": committed}}


def test_as_many_minutes_are_reserved_as_it_may_last(store: Store) -> None:
    _claim(_paid(), max_duration_s=601)
    facts = written(store.commits[0])
    assert (facts["reserved"], facts["longest_s"], facts["period"]) == (11, 601, PERIOD)
    (more,) = [
        one["expression_attribute_values"]
        for one in store.commits[0]._operations
        if one.get("key", {}).get("pk") == "W#ws_1#USE"
    ]
    assert more[":amount"] == 10


@pytest.mark.parametrize(
    ("left", "item", "minutes"),
    [(3, _paid(), 4), (0, _paid(), 1), (3, _paid(1, "2026-10-01"), 3), (99, _paid(), 9)],
)
def test_where_the_plan_has_less_left_it_may_last_as_long_as_that(
    store: Store, left: int, item: CallItem, minutes: int
) -> None:
    """With what the call itself has reserved of this cycle; and never so long as was refused."""
    store.refuses = [usage.Exhausted()]
    store.stored = _uses(PLAN.call_minutes - left)
    _claim(item)
    facts = written(store.commits[1])
    assert (facts["reserved"], facts["longest_s"]) == (minutes, minutes * 60)


def test_without_a_minute_left_it_is_not_dialled(store: Store) -> None:
    store.refuses = [usage.Exhausted()]
    store.stored = _uses(PLAN.call_minutes)
    with pytest.raises(NoMinutes):
        _claim(_paid(1, "2026-10-01"))
    assert len(store.commits) == 1


def test_each_refusal_takes_a_minute_at_least(store: Store) -> None:
    """Others may use what was left, again and again."""
    store.refuses = [usage.Exhausted() for _ in range(20)]
    store.stored = _uses(0)
    with pytest.raises(NoMinutes):
        _claim(_paid(), max_duration_s=180)
    assert len(store.commits) == 3


# ---- taken over, taken back, ordered ------------------------------------------------------------


def test_whoever_takes_over_has_a_claim_of_its_own_and_a_lease(store: Store) -> None:
    item = stored("dialing", claim="clm_1")
    assert claims.take_over(item, LEASE) == {"as": "stored"}
    ((where, _, told),) = store.updates
    assert where == Key("W#ws_1#CALL", "call_1")
    assert (told["values"]["v"], told["values"]["seen"]) == (5, 4)
    assert told["values"]["claim"] != "clm_1"
    assert told["values"]["claim"].startswith("clm_")
    assert (told["values"]["next_at"], told["values"]["gsi2pk"]) == (clock.timestamp(LEASE), LOOK)
    assert told["condition"] == "#v = :seen OR (#claim = :claim AND #v = :v)"


def test_only_who_has_the_claim_orders_and_it_is_written_when(store: Store) -> None:
    claims.order(stored("dialing", claim="clm_1"))
    ((_, _, told),) = store.updates
    now = clock.timestamp(NOW)
    assert told["values"] == {"claim": "clm_1", "ordered_at": now, "v": 4, "seen": 4}
    assert told["condition"] == "#v = :seen AND #claim = :claim"


@pytest.mark.parametrize(
    "move", [lambda item: claims.take_over(item, LEASE), claims.order], ids=["take over", "order"]
)
def test_whose_call_it_is_no_more_is_told_so(
    store: Store, move: Callable[[CallItem], object]
) -> None:
    store.refuses = [ConditionFailed()]
    with pytest.raises(Superseded):
        move(stored("dialing", claim="clm_1"))


def test_an_attempt_that_is_taken_back_waits_until_then_and_is_due_since_ever(
    store: Store,
) -> None:
    due = clock.timestamp(NOW - timedelta(hours=1))
    after = claims.undo(stored("dialing", due_at=due, claim="clm_1"), LEASE)
    facts = written(store.commits[0])
    assert (facts["view"]["status"], facts["view"]["attempt"]) == ("queued", 0)
    assert (facts["next_at"], facts["gsi2pk"]) == (clock.timestamp(LEASE), DUE)
    assert "due_at" not in facts
    assert after["due_at"] == due


# ---- bound to a call of the carrier's -----------------------------------------------------------


def _owner(tx: Transaction) -> Item:
    (owner,) = (one for one in tx._operations if one.get("item", {}).get("pk") == "CARRIER#AC1")
    return dict(owner)


@pytest.mark.parametrize("is_guess", [True, False])
def test_a_call_of_the_carriers_is_one_attempts(store: Store, is_guess: bool) -> None:
    item = stored("dialing")
    after = claims.bind(item, "AC1", "CA1", is_guess=is_guess)
    assert after["sid"] == "CA1"
    facts = written(store.commits[0])
    assert (facts["sid"], facts["view"]) == ("CA1", item["view"])
    assert facts["next_at"] == clock.timestamp(NOW + timedelta(minutes=2))
    assert facts["gsi2pk"] == LOOK
    owner = _owner(store.commits[0])
    assert owner["item"] == {
        **{"pk": "CARRIER#AC1", "sk": "CA1", "owner": ["W#ws_1#CALL", "call_1"]},
        **{"guess": is_guess, "ttl": int(NOW.timestamp()) + 7 * 24 * 3600},
    }
    assert owner["condition_expression"] == "attribute_not_exists(#pk)"
    assert _refusals(store.commits[0])["CARRIER#AC1 CA1"] is Taken


def test_what_is_bound_already_is_not_written_again(store: Store) -> None:
    item = stored("dialing", sid="CA1")
    assert claims.bind(item, "AC1", "CA1") == item
    assert store.commits == []


@pytest.mark.parametrize(
    "item",
    [stored("dialing", sid="CA2"), stored("queued"), stored("completed")],
    ids=["of another", "waits", "over"],
)
def test_what_is_over_or_anothers_is_not_bound(store: Store, item: CallItem) -> None:
    with pytest.raises(Superseded):
        claims.bind(item, "AC1", "CA1")
    assert store.commits == []


def test_the_next_attempt_is_not_bound_to_the_call_of_the_last(store: Store) -> None:
    store.refuses = [Superseded()]
    store.stored[Key("W#ws_1#CALL", "call_1")] = dict(stored("dialing", 2))
    with pytest.raises(Superseded):
        claims.bind(stored("dialing", 1), "AC1", "CA1")
    assert len(store.commits) == 1


GUESSER = Key("W#ws_1#CALL", "call_2")


def _guessed(store: Store, sid: str = "CA1", guess: bool = True) -> None:
    """Another attempt has taken the carrier's call for its own."""
    store.refuses = [Taken()]
    owner = {"pk": "CARRIER#AC1", "sk": "CA1", "owner": list(GUESSER), "guess": guess}
    store.stored[Key("CARRIER#AC1", "CA1")] = owner
    other = stored("dialing", sid=sid)
    store.stored[GUESSER] = {**other, "sk": "call_2"}


def test_what_the_carrier_says_beats_a_guess(store: Store) -> None:
    _guessed(store)
    assert claims.bind(stored("dialing"), "AC1", "CA1")["sid"] == "CA1"
    tx = store.commits[1]
    owner = _owner(tx)
    assert owner["condition_expression"] == "#guess = :yes AND #owner = :owner"
    values = owner["expression_attribute_values"]
    assert values == {":yes": True, ":owner": list(GUESSER)}
    assert _refusals(tx)["CARRIER#AC1 CA1"] is Taken
    (other,) = [one for one in tx._operations if one.get("key") == GUESSER.attributes()]
    assert other["expression_attribute_values"][":sid"] == ""


@pytest.mark.parametrize(
    ("guess", "is_guess"), [(False, False), (True, True)], ids=["said", "one guess another"]
)
def test_what_another_attempt_has_stays_its_own(store: Store, guess: bool, is_guess: bool) -> None:
    _guessed(store, guess=guess)
    with pytest.raises(Taken):
        claims.bind(stored("dialing"), "AC1", "CA1", is_guess=is_guess)
    assert len(store.commits) == 1


@pytest.mark.parametrize("sid", ["CA2", None])
def test_of_a_guess_that_was_given_up_there_is_nothing_to_take_back(
    store: Store, sid: str | None
) -> None:
    _guessed(store, sid or "")
    if sid is None:
        del store.stored[GUESSER]
    assert claims.bind(stored("dialing"), "AC1", "CA1")["sid"] == "CA1"
    assert not [
        one for one in store.commits[1]._operations if one.get("key") == GUESSER.attributes()
    ]


def test_what_nobody_has_is_unclaimed(store: Store) -> None:
    store.stored[claims.bound("AC1", "CA2")] = {"owner": []}
    assert claims.unclaimed("AC1", ["CA1", "CA2", "CA3"]) == ["CA1", "CA3"]
    assert claims.unclaimed("AC2", ["CA2"]) == ["CA2"]
