"""What clicks are counted into, each once, whatever the stream does."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from linkwright import clock, table, transaction
from linkwright.links import items
from linkwright.links.metrics import counting, rows
from linkwright.table import Item, Table, get, update
from linkwright.workspace import workspaces
from tests import clicks, followers
from tests.factories import Workspace, make_workspace
from tests.integration.in_memory import in_memory
from tests.integration.logs import logged
from tests.simulation.tables import Change, Tables
from tests.stack import Stack

AT = datetime(2026, 11, 3, 10, 30, tzinfo=UTC)
LINK = "lnk_0001"


@pytest.fixture(autouse=True)
def _a_new_process() -> Iterator[None]:
    counting.forget()
    yield
    counting.forget()


def zoned(name: str) -> Workspace:
    return make_workspace(settings={"time_zone": name})


def day(workspace: Workspace, name: str = "20261103", link: str = LINK) -> dict[str, Any]:
    return get(Table.METRICS, items.day_row(items.link_rows(workspace.partition, link), name)) or {}


class Killed(BaseException):
    """The worker's process is gone."""


class Mortal:
    """The tables' driver, of a process that is killed at one of its calls: before or after it."""

    def __init__(self, driver: Any, at: int, *, is_after: bool) -> None:
        self._driver, self._left, self._is_after = driver, at, is_after

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._is_after:
                raise Killed
            answer = getattr(self._driver, name)(*arguments, **options)
            if self._left == 0:
                raise Killed
            return answer

        return call


@pytest.fixture
def tables(stack: Stack) -> Iterator[Tables]:
    with in_memory(stack) as made:
        yield made


def _killed_at_times(
    batch: Sequence[Item], tables: Tables, chance: random.Random, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Now and then, and then the batch comes again; returns how often that was."""
    killed = 0
    if chance.random() < 0.1:
        mortal = Mortal(tables, chance.randint(1, 30), is_after=chance.random() < 0.5)
        with monkeypatch.context() as patch:
            for module in (table, transaction):
                patch.setattr(module, "driver", lambda: mortal)
            try:
                clicks.count(batch)
            except Killed:
                killed += 1
                counting.forget()
    assert clicks.count(batch) == {"batchItemFailures": []}
    return killed


@pytest.mark.slow
def test_what_20000_redirects_wrote_is_counted_once_each_by_days_and_hours_of_any_zone(
    stack: Stack, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the night in which clocks go back, with batches redelivered and recut, and kills.

    The visitors know by themselves what they did.
    """
    chance = random.Random(9)  # noqa: S311 -- not a secret
    names = ("Asia/Jerusalem", "Asia/Kathmandu", "UTC", "America/New_York")
    tenants = [zoned(name) for name in names]
    zones = {one.partition: ZoneInfo(name) for one, name in zip(tenants, names, strict=True)}
    written: list[Item] = []
    tables.listeners.append(lambda changes: written.extend(_inserted(changes)))
    seen = followers.follow(
        tenants, datetime(2026, 10, 24, 18, tzinfo=UTC), 20_000, chance, monkeypatch
    )
    killed = sum(
        _killed_at_times(batch, tables, chance, monkeypatch)
        for batch in clicks.delivered(written, chance)
    )
    assert killed > 3
    assert len(written) > 10_000
    found = clicks.counted(tables.rows(stack.names["MetricsTable"]))
    assert found == clicks.brute_force(seen, zones)
    marked = [row["counted"] for row in tables.rows(stack.names["ClicksTable"]) if "count" in row]
    assert marked == [True] * len(written)


def _inserted(changes: list[Change]) -> list[Item]:
    """What the filter of the stream lets through."""
    news = (change.after for change in changes if change.before is None)
    return [item for item in news if item is not None and "count" in item]


@pytest.mark.slow
def test_clicks_of_any_kind_are_counted_once_each_whatever_becomes_of_batches_and_workers(
    stack: Stack, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By countries and with conversions too, and while a link goes from campaign to campaign."""
    chance = random.Random(5)  # noqa: S311 -- not a secret
    tenants = [zoned("Asia/Jerusalem"), zoned("Asia/Kathmandu")]
    zones = {one.partition: ZoneInfo(zone_of(one)) for one in tenants}
    written = clicks.made_up(tenants, datetime(2026, 10, 24, 20, tzinfo=UTC), 1, 2_000, chance)
    tables.load(stack.names["ClicksTable"], written)
    for batch in clicks.delivered(written, chance):
        _killed_at_times(batch, tables, chance, monkeypatch)
    found = clicks.counted(tables.rows(stack.names["MetricsTable"]))
    assert found == clicks.brute_force(written, zones)


def zone_of(workspace: Workspace) -> str:
    return str(workspaces.existing(workspace.id)["settings"]["time_zone"])


@pytest.mark.slow
def test_two_workers_on_overlapping_batches_count_each_click_once(
    stack: Stack, workspace: Workspace
) -> None:
    """At the same time, as after resharding."""
    chance = random.Random(4)  # noqa: S311 -- not a secret
    written = clicks.made_up([workspace], AT - timedelta(hours=2), 1, 120, chance)
    stack.put("ClicksTable", *written)
    batches = [written[:90], written[40:], written[20:100]]
    answers: list[Any] = []

    def work(batch: Any) -> None:
        # What met another worker comes again, as a stream's batch does.
        for _ in range(30):
            answer = clicks.count(batch)
            if answer == {"batchItemFailures": []}:
                answers.append(answer)
                return

    threads = [Thread(target=work, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(batches)
    found = clicks.counted(stack.rows("MetricsTable", workspace.id))
    assert found == clicks.brute_force(written, {workspace.partition: ZoneInfo("UTC")})


def test_a_record_that_cannot_be_read_holds_no_other_up(stack: Stack, workspace: Workspace) -> None:
    good = [clicks.click(workspace, LINK, AT) for _ in range(3)]
    stack.put("ClicksTable", *good)
    poison = [
        {"pk": "LNK#lnk_0001#0", "sk": "clk_x", "count": 1},
        {**clicks.click(workspace, LINK, AT), "at": "yesterday"},
        {**clicks.click(workspace, LINK, AT), "partition": "ws_nobody"},
        {**clicks.conversion(good[0], "order", AT, 1, "USD"), "value": "a lot"},
    ]
    stack.put("ClicksTable", poison[3])
    with logged() as log:
        answer = clicks.count([poison[0], good[0], *poison[1:], *good[1:]])
    assert answer == {"batchItemFailures": []}
    assert day(workspace)["clicks"] == 3
    assert "conversions" not in day(workspace)
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    broken = [line["message"] for line in told if line.get("level") == "ERROR"]
    assert broken == ["not counted"] * len(poison)
    assert [line["clicks_broken"] for line in told if "clicks_broken" in line] == [
        [1.0] * len(poison)
    ]


def test_a_click_that_is_gone_is_counted_nowhere_and_written_anew_nowhere(
    stack: Stack, workspace: Workspace
) -> None:
    gone, there = clicks.click(workspace, LINK, AT), clicks.click(workspace, LINK, AT)
    assert clicks.count([gone]) == {"batchItemFailures": []}
    stack.put("ClicksTable", there)
    assert clicks.count([gone, there]) == {"batchItemFailures": []}
    assert day(workspace)["clicks"] == 1
    assert gone["sk"] not in {row["sk"] for row in stack.rows("ClicksTable")}


def test_clicks_of_a_link_that_was_deleted_are_counted(stack: Stack, workspace: Workspace) -> None:
    """Nothing is asked of the link: there is none."""
    item = clicks.click(workspace, LINK, AT)
    stack.put("ClicksTable", item)
    assert clicks.count([item]) == {"batchItemFailures": []}
    assert day(workspace)["clicks"] == 1


def test_a_click_counts_for_the_campaign_that_its_link_was_in_then(
    stack: Stack, workspace: Workspace
) -> None:
    written = [
        clicks.click(workspace, LINK, AT, campaign=campaign)
        for campaign in ("lcmp_old", "lcmp_old", "lcmp_new")
    ]
    stack.put("ClicksTable", *written)
    clicks.count(written)

    def of(campaign: str) -> int:
        name = items.campaign_rows(workspace.partition, campaign)
        return int((get(Table.METRICS, items.day_row(name, "20261103")) or {})["clicks"])

    assert (of("lcmp_old"), of("lcmp_new"), day(workspace)["clicks"]) == (2, 1, 3)


def test_a_new_zone_of_the_workspace_is_that_of_what_is_counted_from_then_on(
    stack: Stack, workspace: Workspace
) -> None:
    late = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
    before, after = clicks.click(workspace, LINK, late), clicks.click(workspace, LINK, late)
    stack.put("ClicksTable", before, after)
    clicks.count([before])
    settings = workspaces.existing(workspace.id)["settings"] | {"time_zone": "Asia/Kathmandu"}
    update(
        Table.CORE,
        workspaces.key(workspace.id),
        "SET #settings = :settings",
        values={"settings": settings},
    )
    clicks.count([before, after])
    assert (day(workspace)["h23"], day(workspace, "20261104")["h05"]) == (1, 1)


def test_test_mode_is_counted_by_its_own_zone_and_apart(stack: Stack) -> None:
    tenant = make_workspace(mode="test", settings={"time_zone": "Asia/Kathmandu"})
    item = clicks.click(tenant, LINK, datetime(2026, 11, 3, 23, 30, tzinfo=UTC))
    stack.put("ClicksTable", item)
    clicks.count([item])
    assert day(tenant, "20261104")["clicks"] == 1
    assert {row["pk"].split("#")[1] for row in stack.rows("MetricsTable", tenant.id)} == {
        tenant.partition
    }


def test_a_row_has_so_many_referrers_and_the_rest_is_other(
    stack: Stack, workspace: Workspace
) -> None:
    """In whichever batch and process they come, and those that it has go on to be counted."""
    hosts = [f"site-{at:03}.example" for at in range(rows.MOST_NAMES + 30)]
    for few in (hosts[:40], hosts[30:70], hosts[60:], hosts):
        written = [clicks.click(workspace, LINK, AT, referrer=host) for host in few]
        stack.put("ClicksTable", *written)
        assert clicks.count(written) == {"batchItemFailures": []}
        counting.forget()
    found = {name: n for name, n in day(workspace).items() if name.startswith("referrer#")}
    assert len(found) == rows.MOST_NAMES + 1
    total = 40 + 40 + len(hosts[60:]) + len(hosts)
    assert sum(found.values()) == total == day(workspace)["clicks"]
    assert found[f"referrer#{hosts[0]}"] == 2
    assert found["referrer#other"] > 30


def test_names_of_conversions_and_their_currencies_are_as_many(
    stack: Stack, workspace: Workspace
) -> None:
    """What is worth something in a currency too many is no sum of anything."""
    one = clicks.click(workspace, LINK, AT)
    codes = [f"{a}{b}X" for a in "ABCDEFGH" for b in "ABCDEFGH"]
    written = [
        clicks.conversion(one, f"event-{at}", AT, 100, code) for at, code in enumerate(codes)
    ]
    stack.put("ClicksTable", *written)
    assert clicks.count(written) == {"batchItemFailures": []}
    found = day(workspace)
    assert found["conversions"] == len(codes)
    assert found["conversion#other"] == len(codes) - rows.MOST_NAMES
    assert sum(name.startswith("value#") for name in found) == rows.MOST_NAMES
    assert "value#other" not in found


def test_an_hours_row_is_kept_for_90_days_and_a_days_row_for_good(
    stack: Stack, workspace: Workspace
) -> None:
    item = clicks.click(workspace, LINK, AT)
    stack.put("ClicksTable", item)
    clicks.count([item])
    hour = get(
        Table.METRICS, items.hour_row(items.link_rows(workspace.partition, LINK), "20261103", 10)
    )
    assert hour is not None
    assert hour["ttl"] == int((AT + timedelta(days=90, minutes=30)).timestamp())
    assert "ttl" not in day(workspace)


def test_what_cannot_be_written_comes_again_and_what_could_be_is_done(
    stack: Stack, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace()
    written = [clicks.click(workspace, f"lnk_000{at}", AT) for at in (1, 2)]
    tables.load(stack.names["ClicksTable"], written)
    write = Tables.sync_transact_write

    def refused(self: Tables, operations: Any, **options: Any) -> None:
        if any("lnk_0001" in str(operation["key"]) for operation in operations):
            raise ConnectionError
        write(self, operations, **options)

    monkeypatch.setattr(clock, "sleep", lambda _: None)
    with monkeypatch.context() as patch:
        patch.setattr(Tables, "sync_transact_write", _unavailable(refused))
        assert clicks.count(written) == {"batchItemFailures": [{"itemIdentifier": "1000"}]}
    assert (day(workspace, link="lnk_0001"), day(workspace, link="lnk_0002")["clicks"]) == ({}, 1)
    assert clicks.count(written) == {"batchItemFailures": []}
    assert [day(workspace, link=f"lnk_000{at}")["clicks"] for at in (1, 2)] == [1, 1]


def _unavailable(call: Any) -> Any:
    def failing(self: Tables, operations: Any, **options: Any) -> None:
        try:
            call(self, operations, **options)
        except ConnectionError:
            raise table.core.ConnectionException("away") from None

    return failing


def test_more_clicks_than_a_transaction_takes_are_counted_in_several(
    stack: Stack, workspace: Workspace
) -> None:
    written = [clicks.click(workspace, LINK, AT, qr=True, campaign="lcmp_1") for _ in range(200)]
    stack.put("ClicksTable", *written)
    assert clicks.count([*written, *written[:50]]) == {"batchItemFailures": []}
    assert (day(workspace)["clicks"], day(workspace)["q10"]) == (200, 200)
