"""A write is one transaction: what it says, how often it is tried, and which refusal is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from linkwright import clock, deadline, jobs, transaction
from linkwright.audit import Actor
from linkwright.client import core
from linkwright.errors import ServerError, Unavailable
from linkwright.jobs import AlreadyDone, Work
from linkwright.table import Item, Key, Table
from linkwright.transaction import Contended, RecordExists, Transaction
from tests.clocks import Left
from tests.simulation.tables import cancelled

AT = Key("W#ws_1#CALL", "call_1")
FAULT = core.PydynoxException("InternalServerError")


class Absent(Exception):
    """The item is not there."""


class Full(Exception):
    """The limit would be passed."""


@dataclass
class Driver:
    """Raises these in turn, and takes what comes after them; each call takes so many seconds."""

    raises: list[Exception] = field(default_factory=list)
    takes_s: float = 0
    operations: list[list[Item]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    # The bounds of each wait between two tries.
    waits: list[tuple[float, float]] = field(default_factory=list)
    now_s: float = 100

    def sync_transact_write(self, operations: list[Item], *, client_request_token: str) -> None:
        self.now_s += self.takes_s
        self.operations.append(list(operations))
        self.tokens.append(client_request_token)
        if self.raises:
            raise self.raises.pop(0)

    def uniform(self, least: float, most: float) -> float:
        self.waits.append((least, most))
        return least


@pytest.fixture
def driver(environment: pytest.MonkeyPatch) -> Driver:
    driver = Driver()
    environment.setattr(transaction, "driver", lambda: driver)
    environment.setattr(transaction, "random", SimpleNamespace(uniform=driver.uniform))
    environment.setattr(clock, "monotonic", lambda: driver.now_s)
    environment.setattr(clock, "sleep", lambda seconds: None)
    return driver


@pytest.fixture
def tx(environment: pytest.MonkeyPatch) -> Transaction:
    return Transaction("ws_1", "req_1")


def _change(tx: Transaction) -> Transaction:
    tx.update(Table.CORE, AT, "SET #n = :n", values={"n": 1})
    return tx


# ---- what is written ----------------------------------------------------------------------------


def test_each_operation_says_what_it_does_and_on_which_condition(
    tx: Transaction, driver: Driver
) -> None:
    item = {"pk": "W#ws_1#CALL", "sk": "call_2", "n": 1}
    tx.put(Table.CORE, item)
    tx.put(Table.IDEM, item, condition="#n < :n", values={"n": 2})
    tx.update(Table.CORE, AT, "SET #n = :n", condition="#m = :m", values={"n": 1, "m": 2})
    tx.delete(Table.ACCESS, AT)
    tx.delete(Table.IDEM, AT, condition="attribute_exists(#n)")
    tx.require(Table.CORE, Key("p", "s"), otherwise=Absent)
    tx.require(Table.CORE, Key("p", "t"), "#n > :n", values={"n": 3}, otherwise=Absent)
    tx.commit()
    key, there = {"pk": "W#ws_1#CALL", "sk": "call_1"}, {"#pk": "pk"}
    put, kept, update, gone, part, check, more = (
        {name.removeprefix("expression_attribute_"): value for name, value in one.items()}
        for one in driver.operations[0]
    )
    assert put == {
        **{"type": "put", "table": "local", "item": item, "names": there},
        "condition_expression": "attribute_not_exists(#pk)",
    }
    assert (kept["condition_expression"], kept["values"]) == ("#n < :n", {":n": 2})
    assert update == {
        **{"type": "update", "table": "local", "key": key, "update_expression": "SET #n = :n"},
        **{"condition_expression": "#m = :m", "names": {"#m": "m", "#n": "n"}},
        "values": {":n": 1, ":m": 2},
    }
    exists = "attribute_exists(#pk)"
    assert gone == {
        **{"type": "delete", "table": "local", "key": key},
        **{"condition_expression": exists, "names": there},
    }
    assert part["condition_expression"] == "attribute_exists(#n)"
    assert check == {
        **{"type": "condition_check", "table": "local", "key": {"pk": "p", "sk": "s"}},
        **{"condition_expression": exists, "names": there},
    }
    assert (more["condition_expression"], more["values"]) == ("#n > :n", {":n": 3})


def test_an_entry_of_the_audit_log_says_who_did_what_and_is_kept_for_good(
    environment: pytest.MonkeyPatch, driver: Driver
) -> None:
    environment.setattr(clock, "timestamp", lambda: "2026-11-28T12:00:00Z")
    tx = Transaction("ws_1.test", "req_1", Actor("session", "usr_1"))
    tx.audit("settings.changed", "ws_1", {"version": 2})
    tx.audit("call.erased", "call_2")
    tx.commit()
    made, erased = (operation["item"] for operation in driver.operations[0])
    first = made["view"]["id"]
    assert made == {
        **{"pk": "W#ws_1.test#AUD", "sk": first, "gsi1sk": first},
        "gsi1pk": "W#ws_1.test#AUD#ws_1",
        "gsi3pk": "W#ws_1.test#AUD#BY#usr_1",
        "gsi4pk": "W#ws_1.test#AUD#DID#settings.changed",
        "view": {
            **{"id": first, "action": "settings.changed", "object": "ws_1", "request_id": "req_1"},
            "actor": {"type": "session", "id": "usr_1"},
            "at": "2026-11-28T12:00:00Z",
            "details": {"version": 2},
        },
    }
    assert driver.operations[0][0]["condition_expression"] == "attribute_not_exists(#pk)"
    assert (erased["view"]["details"], erased["view"]["id"] == first) == ({}, False)


@pytest.mark.parametrize("action", ["key.created", "key.revoked", "member.changed"])
def test_an_entry_about_what_both_modes_share_is_in_the_log_of_live_mode(
    driver: Driver, action: str
) -> None:
    tx = Transaction("ws_1.test", "req_1", Actor("api_key", "key_2"))
    tx.audit(action, "one")
    tx.commit()
    entry = driver.operations[0][0]["item"]
    for name, rest in {"pk": "", "gsi1pk": "#one", "gsi4pk": f"#DID#{action}"}.items():
        assert entry[name] == f"W#ws_1#AUD{rest}"


def test_nothing_is_audited_that_nobody_did(tx: Transaction) -> None:
    with pytest.raises(ValueError, match="actor"):
        tx.audit("key.created", "key_1")


def test_an_event_is_the_workspaces_and_tells_of_the_request(
    tx: Transaction, driver: Driver
) -> None:
    tx.emit("call.ended", {"id": "call_1"}, sequence=3, details={"reason": "busy"})
    tx.emit("call.placed", {"id": "call_1"}, sequence=1)
    tx.commit()
    told, bare = (operation["item"] for operation in driver.operations[0])
    assert (told["pk"], told["type"], told["object"]) == (
        "W#ws_1#EVT",
        "call.ended",
        {"id": "call_1"},
    )
    assert (told["sequence"], told["request_id"], told["details"]) == (
        3,
        "req_1",
        {"reason": "busy"},
    )
    assert bare["details"] == {}


def test_a_job_that_is_finished_waits_for_nothing_and_was_not_done_before(
    tx: Transaction, driver: Driver
) -> None:
    tx.finish(AT)
    driver.raises = [cancelled(["ConditionalCheckFailed"])]
    with pytest.raises(AlreadyDone):
        tx.commit()
    (update,) = driver.operations[0]
    assert (update["type"], update["key"]) == ("update", AT.attributes())
    removed = update["update_expression"].removeprefix("REMOVE ").split(", ")
    assert {"#outbox", "#gsi2pk", "#gsi2sk", "#attempts", "#next_at"} <= set(removed)
    assert update["condition_expression"] == "attribute_exists(#gsi2pk)"


@pytest.mark.parametrize("kind", [jobs.HANG_UP, jobs.CALL], ids=["a job", "more than a job"])
@pytest.mark.parametrize("kept", [None, {"sid": "CA1", "at": 3}], ids=["bare", "with facts"])
def test_a_job_that_gives_up_is_found_as_that_and_kept_for_a_time_if_it_is_no_more(
    tx: Transaction, driver: Driver, monkeypatch: pytest.MonkeyPatch, kind: str, kept: Item | None
) -> None:
    moment = datetime(2026, 11, 28, 9, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    tx.give_up(Work(kind, AT.pk, AT.sk), kept)
    driver.raises = [cancelled(["ConditionalCheckFailed"])]
    with pytest.raises(AlreadyDone):
        tx.commit()
    (update,) = driver.operations[0]
    now = "2026-11-28T09:00:00Z"
    facts = {"gsi2pk": jobs.given_up_partition(kind), "gsi2sk": now, "given_up_at": now}
    if kind == jobs.HANG_UP:
        facts |= {"ttl": clock.epoch() + jobs.RETENTION.total_seconds()}
    facts = {**(kept or {}), **facts}
    assert update["key"] == AT.attributes()
    assert update["expression_attribute_values"] == {f":{name}": at for name, at in facts.items()}
    written, _, removed = update["update_expression"].partition(" REMOVE ")
    assert written == "SET " + ", ".join(f"#{name} = :{name}" for name in facts)
    assert removed == "#outbox, #next_at, #swept"
    # What it must know is written once; and one that was asked for since has not given up.
    unknown = [f"attribute_not_exists(#{name})" for name in kept or ()]
    assert update["condition_expression"].split(" AND ") == [
        *("attribute_exists(#gsi2pk)", "#gsi2pk <> :gsi2pk"),
        *unknown,
    ]


def test_what_says_nothing_is_not_written(tx: Transaction, driver: Driver) -> None:
    tx.commit()
    assert driver.operations == []


def test_an_item_has_one_operation(tx: Transaction) -> None:
    _change(tx)
    for again in (
        lambda: _change(tx),
        lambda: tx.delete(Table.CORE, AT),
        lambda: tx.require(Table.CORE, AT, otherwise=Absent),
        lambda: tx.put(Table.CORE, AT.attributes()),
    ):
        with pytest.raises(ValueError, match="one operation"):
            again()
    tx.delete(Table.IDEM, AT)
    tx.delete(Table.CORE, Key(AT.pk, "call_2"))
    tx.delete(Table.CORE, Key("W#ws_2#CALL", AT.sk))
    assert len(tx._operations) == 4


def test_a_transaction_takes_a_hundred_operations(tx: Transaction, driver: Driver) -> None:
    for number in range(100):
        tx.delete(Table.CORE, Key("p", f"{number}"))
    with pytest.raises(ValueError, match="100 operations"):
        tx.delete(Table.CORE, Key("p", "100"))
    tx.commit()
    assert len(driver.operations[0]) == 100


# ---- how often it is tried ----------------------------------------------------------------------


@pytest.mark.parametrize("faults", range(5))
def test_what_may_pass_is_tried_five_times(tx: Transaction, driver: Driver, faults: int) -> None:
    driver.raises = [FAULT] * faults
    _change(tx).commit()
    assert len(driver.operations) == faults + 1


def test_all_tries_have_one_token_and_each_wait_may_be_twice_as_long(
    tx: Transaction, driver: Driver
) -> None:
    driver.raises = [FAULT] * 9
    with pytest.raises(Unavailable):
        _change(tx).commit()
    assert len(driver.operations) == 5
    assert len(set(driver.tokens)) == 1
    assert len(driver.tokens[0]) == 32
    assert driver.waits == [(0, 0.04), (0, 0.08), (0, 0.16), (0, 0.32)]


def test_who_meets_others_tries_for_as_long_as_the_budget_lasts(
    tx: Transaction, driver: Driver
) -> None:
    """Nothing was done of it, and a crowd takes its time."""
    driver.raises, driver.takes_s = [cancelled(["TransactionConflict"])] * 40, 0.1
    with pytest.raises(Contended):
        _change(tx).commit()
    assert len(driver.operations) == 21
    assert driver.waits[:5] == [(0, 0.04), (0, 0.08), (0, 0.16), (0, 0.32), (0, 0.5)]
    assert set(driver.waits[4:]) == {(0, 0.5)}


def test_who_meets_others_tries_thirty_times(tx: Transaction, driver: Driver) -> None:
    driver.raises = [cancelled(["TransactionConflict"])] * 31
    with pytest.raises(Contended):
        _change(tx).commit()
    assert len(driver.operations) == 30
    driver.raises = [cancelled(["TransactionConflict"])] * 29
    _change(Transaction("ws_1", "req_2")).commit()
    assert len(driver.operations) == 60


def test_a_fault_among_others_ends_it_after_five(tx: Transaction, driver: Driver) -> None:
    driver.raises = [cancelled(["TransactionConflict"])] * 4 + [FAULT] * 9
    with pytest.raises(Unavailable):
        _change(tx).commit()
    assert len(driver.operations) == 5


def test_no_two_transactions_have_one_token(driver: Driver, tx: Transaction) -> None:
    for _ in range(2):
        _change(Transaction("ws_1", "req_1")).commit()
    assert len(set(driver.tokens)) == 2


@pytest.mark.parametrize(("takes_s", "tries"), [(1.0, 3), (1.01, 2), (2.0, 2), (2.01, 1)])
def test_after_two_seconds_it_is_not_tried_again(
    tx: Transaction, driver: Driver, takes_s: float, tries: int
) -> None:
    driver.raises, driver.takes_s = [FAULT] * 9, takes_s
    with pytest.raises(Unavailable):
        _change(tx).commit()
    assert len(driver.operations) == tries


def test_who_has_less_time_left_does_not_wait_beyond_it(
    tx: Transaction, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(seconds: float) -> None:
        driver.now_s += 0.06

    monkeypatch.setattr(clock, "sleep", sleep)
    with deadline.of(Left(100)), pytest.raises(Unavailable):
        _change(tx).commit()
    # There was no time for a call, and after two waits none for a third.
    assert (driver.operations, len(driver.waits)) == ([], 2)


@pytest.mark.parametrize(
    "reason",
    [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
    ],
)
def test_a_cancellation_that_may_pass_is_tried_again(
    tx: Transaction, driver: Driver, reason: str
) -> None:
    driver.raises = [cancelled([reason])]
    _change(tx).commit()
    assert len(driver.operations) == 2


# ---- which refusal is told ----------------------------------------------------------------------


def _refused(tx: Transaction) -> Transaction:
    """Three operations: what must exist, what nobody expects to fail, and a limit."""
    tx.require(Table.CORE, AT, otherwise=Absent)
    tx.put(Table.CORE, {"pk": "p", "sk": "s"})
    tx.update(Table.CORE, Key("p", "u"), "ADD #n :n", values={"n": 1}, otherwise=Full)
    return tx


FAILED = "ConditionalCheckFailed"


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        ([FAILED, "None", "None"], Absent),
        (["None", "None", FAILED], Full),
        ([FAILED, "None", FAILED], Absent),
        (["None", FAILED, FAILED], ServerError),
        (["ValidationError", "None", "None"], ServerError),
        (["ValidationError", "None", FAILED], Full),
        ([], ServerError),
    ],
)
def test_the_first_condition_that_failed_is_told_at_once(
    tx: Transaction, driver: Driver, reasons: list[str], told: type[Exception]
) -> None:
    driver.raises = [cancelled(reasons)]
    with pytest.raises(told):
        _refused(tx).commit()
    assert len(driver.operations) == 1


def test_of_a_cancellation_without_reasons_nothing_is_known(
    tx: Transaction, driver: Driver
) -> None:
    driver.raises = [core.TransactionCanceledException("Transaction cancelled")]
    with pytest.raises(ServerError):
        _refused(tx).commit()


def test_a_condition_that_met_a_conflict_is_looked_at_again(
    tx: Transaction, driver: Driver
) -> None:
    """The other one may be about to make it true."""
    driver.raises = [cancelled([FAILED, "None", "TransactionConflict"])]
    _refused(tx).commit()
    assert len(driver.operations) == 2


@pytest.mark.parametrize("also", ["TransactionConflict", FAILED, "None"])
def test_the_record_comes_first_whatever_else_is_wrong(
    tx: Transaction, driver: Driver, also: str
) -> None:
    _refused(tx).record({"pk": "I", "sk": "I"}, "#n < :n", {"n": 1})
    driver.raises = [cancelled([FAILED, also, "None", "None"])]
    with pytest.raises(RecordExists):
        tx.commit()
    first, *others = driver.operations[0]
    assert (first["type"], first["item"]) == ("put", {"pk": "I", "sk": "I"})
    assert [one["type"] for one in others] == ["condition_check", "put", "update"]


def test_with_a_record_the_others_keep_their_refusals(tx: Transaction, driver: Driver) -> None:
    _refused(tx).record({"pk": "I", "sk": "I"}, "#n < :n", {"n": 1})
    driver.raises = [cancelled(["None", FAILED, "None", "None"])]
    with pytest.raises(Absent):
        tx.commit()
    driver.raises = [cancelled(["None", "None", "None", FAILED])]
    with pytest.raises(Full):
        tx.commit()


def test_what_only_the_condition_of_a_put_may_tell(tx: Transaction, driver: Driver) -> None:
    there: Callable[[], Any] = Full
    tx.put(Table.CORE, {"pk": "p", "sk": "s"}, otherwise=there)
    tx.delete(Table.CORE, AT, otherwise=Absent)
    for reasons, told in (([FAILED, "None"], Full), (["None", FAILED], Absent)):
        driver.raises = [cancelled(reasons)]
        with pytest.raises(told):
            tx.commit()
