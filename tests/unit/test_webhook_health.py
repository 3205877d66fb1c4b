"""What attempts make of an endpoint: when it rests, when it is disabled, and who is told."""

from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, jobs
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.webhooks import health
from linkwright.webhooks.health import Failed
from tests.unit.calls import NOW

NOW_MS = clock.epoch_ms(NOW)
ATTEMPT = {"at": "2026-11-28T09:00:00Z", "status": 503, "error": None, "duration_ms": 7}
EVENT_AT, BEFORE = "2026-11-28T08:59:57Z", "2026-11-28T08:59:00Z"
LATER = {"at": "2026-11-28T09:05:00Z", "status": None, "error": "timeout", "duration_ms": 9}


class Gone(Exception):
    pass


@pytest.fixture(autouse=True)
def _stopped(environment: pytest.MonkeyPatch) -> None:
    environment.setattr(clock, "now", lambda: NOW)


def _endpoint(**facts: Any) -> Item:
    view = {"id": "wh_1", "url": "https://hooks.example/in", "events": ["*"]}
    where = {"pk": "W#ws_1#WH", "sk": "wh_1", "v": 4, "leased_until": 77}
    return {**where, "status": "enabled", "view": view, **facts}


def _evidence(ago: timedelta, event_id: str = "evt_1") -> Item:
    return {"at": clock.timestamp(NOW - ago), "event_id": event_id}


def _failed(count: int) -> Item:
    endpoint = _endpoint()
    for _ in range(count):
        endpoint = health.after_failure(endpoint, Failed(ATTEMPT, EVENT_AT))
    return endpoint


# ---- rests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "rest_s"),
    [(1, 0), (2, 0), (3, 30), (4, 60), (5, 120), (6, 300), (7, 300), (8, 300)],
)
def test_it_rests_for_longer_after_each_failure_from_the_third_on(
    failures: int, rest_s: int
) -> None:
    endpoint = _failed(failures)
    assert health.rests_until(endpoint) == NOW_MS + rest_s * 1000


def test_it_is_left_alone_for_as_long_as_it_asks_or_by_the_schedule_if_that_is_longer() -> None:
    for count, wait_s, rest_s in ((1, 12.5, 12.5), (3, 31, 31), (3, 5, 30)):
        after = health.after_failure(_failed(count - 1), Failed(ATTEMPT, EVENT_AT, wait_s=wait_s))
        assert health.rests_until(after) == NOW_MS + rest_s * 1000


def test_one_that_never_failed_does_not_rest() -> None:
    assert health.rests_until(_endpoint()) == 0


def test_failures_in_a_row_are_counted_from_the_first_and_shown_by_the_last() -> None:
    once = health.after_failure(_endpoint(), Failed(ATTEMPT, EVENT_AT))
    twice = health.after_failure(once, Failed(LATER, BEFORE))
    assert once["failing"] == {
        **{"since": ATTEMPT["at"], "count": 1, "oldest_event_at": EVENT_AT},
        **{"last_status": 503, "last_error": None},
    }
    assert twice["failing"] == {
        **{"since": ATTEMPT["at"], "count": 2, "oldest_event_at": BEFORE},
        **{"last_status": None, "last_error": "timeout"},
    }
    assert (twice["status"], "evidence" in twice) == ("enabled", False)


def test_a_success_takes_what_failures_left_and_nothing_else() -> None:
    before = _endpoint(bell=2)
    failed = health.after_failure(before, Failed(ATTEMPT, EVENT_AT, "evt_1"))
    assert failed.keys() - before.keys() == {"failing", "rests_until", "evidence"}
    assert health.after_success(failed) == before


# ---- disabled -----------------------------------------------------------------------------------

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ago", "event_id", "is_disabled"),
    [
        (timedelta(hours=12), "evt_1", True),
        (timedelta(hours=12) - MINUTE, "evt_1", False),
        (timedelta(days=5), "evt_1", True),
        (timedelta(days=5) + MINUTE, "evt_1", False),
        (timedelta(days=1), "evt_2", False),
    ],
)
@pytest.mark.parametrize("is_expired", [False, True])
def test_two_events_are_evidence_if_half_a_day_to_five_days_apart(
    ago: timedelta, event_id: str, is_disabled: bool, is_expired: bool
) -> None:
    before = _endpoint(evidence=_evidence(ago, event_id))
    if is_expired:
        after = health.after_expiry(before, "evt_2")
    else:
        after = health.after_failure(before, Failed(ATTEMPT, EVENT_AT, "evt_2"))
    assert (after["status"] == "disabled") == is_disabled
    assert after.get("disabled_reason") == ("failing" if is_disabled else None)


def test_what_is_too_old_is_no_evidence_and_the_next_event_is() -> None:
    before = _endpoint(evidence=_evidence(timedelta(days=6)))
    assert health.after_expiry(before, "evt_2")["evidence"] == _evidence(timedelta(), "evt_2")
    kept = _endpoint(evidence=_evidence(timedelta(hours=1)))
    assert health.after_expiry(kept, "evt_2") == kept


def test_the_first_event_is_noted_and_disables_nothing() -> None:
    after = health.after_expiry(_endpoint(), "evt_1")
    assert after == _endpoint(evidence=_evidence(timedelta()))


def test_one_that_says_that_it_is_gone_is_disabled_at_once() -> None:
    after = health.after_failure(_endpoint(), Failed(ATTEMPT, EVENT_AT, is_gone=True))
    assert (after["status"], after["disabled_reason"]) == ("disabled", "gone")
    assert after["failing"]["count"] == 1


# ---- written and told ---------------------------------------------------------------------------


def _written(before: Item, after: Item) -> tuple[Item, list[Item]]:
    """The endpoint as it is returned, and the operations."""
    tx = Transaction("ws_1", "req_1")
    return health.write(tx, before, after, Gone), tx._operations


def test_what_changes_nothing_is_not_written() -> None:
    assert _written(_endpoint(), _endpoint()) == (_endpoint(), [])


def test_a_change_is_written_alone_on_what_was_read_and_by_the_run_that_has_it() -> None:
    before = _endpoint()
    after = health.after_failure(before, Failed(ATTEMPT, EVENT_AT))
    returned, (written,) = _written(before, after)
    assert returned == after
    assert written["key"] == {"pk": "W#ws_1#WH", "sk": "wh_1"}
    assert written["update_expression"] == ("SET #failing = :failing, #rests_until = :rests_until")
    assert written["condition_expression"] == "#v = :seen AND #leased_until = :lease"
    values = {":failing": after["failing"], ":rests_until": NOW_MS, ":seen": 4, ":lease": 77}
    assert written["expression_attribute_values"] == values


def test_what_a_success_takes_is_removed() -> None:
    before = _failed(1)
    _, (written,) = _written(before, health.after_success(before))
    assert written["update_expression"] == "REMOVE #failing, #rests_until"


def test_what_is_set_and_what_is_removed_are_one_change() -> None:
    before, after = _failed(1), _endpoint(status="paused")
    _, (written,) = _written(before, after)
    assert written["update_expression"] == "SET #status = :status REMOVE #failing, #rests_until"


def test_one_that_was_changed_since_is_not_written() -> None:
    tx = Transaction("ws_1", "req_1")
    health.write(tx, _endpoint(), _failed(1), Gone)
    (otherwise,) = tx._otherwise
    assert otherwise is Gone


def _told(operations: list[Item]) -> list[tuple[str, Item]]:
    """Events, by their type, and notices, by what they tell; with the object of each."""
    items = [one["item"] for one in operations if "item" in one]
    return [(str(item.get("type") or f"mail {item['told']}"), item["object"]) for item in items]


@pytest.mark.parametrize(("failures", "is_told"), [(1, False), (2, False), (3, True)])
def test_the_third_failure_in_a_row_is_told_and_mailed(failures: int, is_told: bool) -> None:
    before, after = _failed(failures - 1), _failed(failures)
    returned, operations = _written(before, after)
    told = ["webhook.failing", "mail webhook.failing"] if is_told else []
    assert [name for name, _ in _told(operations)] == told
    # Only its owners are told the whole of its address.
    whole, host = "https://hooks.example/in", "https://hooks.example/********"
    for name, shown in _told(operations):
        url = whole if name.startswith("mail") else host
        assert shown == {**health.shown(after), "url": url}
    assert returned.get("mailed_at") == (clock.timestamp(NOW) if is_told else None)
    # The events of an endpoint are numbered by what it is written as.
    assert returned["v"] == (5 if is_told else 4)
    assert [one["item"].get("sequence") for one in operations[1:2]] == ([5] if is_told else [])
    assert operations[0]["expression_attribute_values"].get(":v") == (5 if is_told else None)


def _mailed(ago: timedelta) -> Item:
    return {"mailed_at": clock.timestamp(NOW - ago)}


@pytest.mark.parametrize(
    ("count", "mailed", "since", "told"),
    [
        (3, {}, MINUTE, ["webhook.failing", "mail webhook.failing"]),
        (3, _mailed(2 * MINUTE), MINUTE, ["webhook.failing"]),
        (3, _mailed(health.MAILED_EVERY), MINUTE, ["webhook.failing", "mail webhook.failing"]),
        # One that has flapped, and then fails for good.
        (9, _mailed(health.MAILED_EVERY), MINUTE, ["mail webhook.failing"]),
        (9, _mailed(health.MAILED_EVERY), health.MAILED_EVERY, []),
        (9, _mailed(3 * health.MAILED_EVERY), 4 * health.MAILED_EVERY, []),
    ],
)
def test_a_row_of_failures_is_mailed_once_and_a_day_has_one_mail(
    count: int, mailed: Item, since: timedelta, told: list[str]
) -> None:
    before = _endpoint(
        failing={"since": clock.timestamp(NOW - since), "count": count - 1}, **mailed
    )
    after = {**before, "failing": {**before["failing"], "count": count}}
    assert [name for name, _ in _told(_written(before, after)[1])] == told


def test_what_else_changes_in_a_row_of_failures_is_not_told() -> None:
    before = {**_failed(3), **_mailed(timedelta())}
    assert _told(_written(before, health.after_expiry(before, "evt_1"))[1]) == []


def test_that_it_is_disabled_is_told_once() -> None:
    disabled = _endpoint(status="disabled", disabled_reason="gone")
    assert [name for name, _ in _told(_written(_endpoint(), disabled)[1])] == [
        "webhook.disabled",
        "mail webhook.disabled",
    ]
    assert _told(_written(disabled, {**disabled, "evidence": _evidence(MINUTE)})[1]) == []


def test_a_notice_is_a_job_of_its_own_and_kept_for_a_time() -> None:
    tx = Transaction("ws_1.test", "req_1")
    health.request_notice(tx, "webhook.failing", {"id": "wh_1"})
    (told,) = [one["item"] for one in tx._operations]
    assert (told["pk"], told["sk"][:4]) == ("W#ws_1.test#NTC", "ntc_")
    assert jobs.requested(jobs.NOTICE, told["sk"]).items() <= told.items()
    assert (told["told"], told["object"]) == ("webhook.failing", {"id": "wh_1"})
    assert told["mailed"] == {""}
    assert told["ttl"] == clock.epoch() + jobs.RETENTION.total_seconds()


# ---- shown --------------------------------------------------------------------------------------


def test_what_has_no_value_is_not_shown_and_headers_are_masked() -> None:
    endpoint = _endpoint()
    assert health.shown(endpoint) == {**endpoint["view"], "status": "enabled"}
    named = health.shown({**_failed(1), "header_names": ["X-Key"], "disabled_reason": "gone"})
    assert named["headers"] == {"X-Key": "********"}
    assert named["failure"] == _failed(1)["failing"]
    assert named["disabled_reason"] == "gone"


def test_what_went_wrong_before_is_shown_too_until_a_success() -> None:
    before = {
        **_failed(1)["failing"],
        "oldest_event_at": "2026-01-01T00:00:00Z",
        "last_status": 410,
    }
    endpoint = _endpoint(failed_before=before)
    assert health.shown(endpoint)["failure"] == before
    again = health.after_failure(endpoint, Failed(ATTEMPT, EVENT_AT))
    both = {**again["failing"], "oldest_event_at": "2026-01-01T00:00:00Z"}
    assert again["failing"]["oldest_event_at"] == EVENT_AT
    assert health.shown(again)["failure"] == both
    assert health.after_success(again) == _endpoint()


@pytest.mark.parametrize(
    ("ago", "is_dead"), [(None, False), (health.APART, True), (health.APART - MINUTE, False)]
)
def test_it_is_dead_once_it_has_taken_nothing_for_half_a_day(
    ago: timedelta | None, is_dead: bool
) -> None:
    facts = {"failing": {"since": clock.timestamp(NOW - ago)}} if ago is not None else {}
    assert health.is_dead(_endpoint(**facts)) == is_dead
