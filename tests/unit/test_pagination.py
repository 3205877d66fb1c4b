"""Cursors, limits and the merging of partitions."""

import base64
import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from linkwright import pagination
from linkwright.auth import Account
from linkwright.errors import InvalidRequest
from linkwright.pagination import Fetch, ListQuery, Place, Placed, merged, paged
from linkwright.table import Item, Table
from tests.unit.accounts import ACCOUNT

# Made before a cursor could hold two keys; with the key above, they go on being accepted.
OLD_CURSOR = "WyIxIiwiY2FsbF8zIl16Xv1fXVWAbe0wvSnfs2iv"
OLD_CURSOR_OF_ROED = "WyIxIiwiY2FsbF8zIl3HwI8yuvC2tzI7W7iVwAOL"
OLD_CURSOR_OF_RED = "WyIxIiwiY2FsbF8zIl2ZiZRGjuHebsvBgdBcETop"


class Row(BaseModel):
    id: str


class Filtered(ListQuery):
    colour: str | None = None


def _show(item: Item) -> Row:
    return Row(id=item["sk"])


def _listing(keys: list[str], most: int = 1_000) -> Fetch:
    """A partition of these keys; a read that would need more than `most` rows stops there."""
    return _sorted([Place(key, key) for key in keys], most)


def _sorted(places: list[Place], most: int = 1_000) -> Fetch:
    descending = sorted(places, reverse=True)

    def fetch(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
        left = [place for place in descending if after is None or place < after]
        rows: list[Placed] = [(place, {"sk": place.sk}) for place in left[: min(count, most)]]
        stopped = len(rows) < min(count, len(left))
        return rows, rows[-1][0] if stopped else None

    return fetch


def _walk(fetch: Fetch, limit: int) -> list[str]:
    seen: list[str] = []
    cursor = None
    for _ in range(1_000):
        page = paged(ACCOUNT, "r", ListQuery(limit=limit, cursor=cursor), fetch, _show)
        seen += [row.id for row in page.data]
        cursor = page.next_cursor
        if cursor is None:
            return seen
    raise AssertionError("the list has no end")


def _cursor(account: Account = ACCOUNT, route: str = "r", query: ListQuery | None = None) -> str:
    fetch = _listing(["call_1", "call_2", "call_3"])
    query = query or ListQuery(limit=1)
    cursor = paged(account, route, query, fetch, _show).next_cursor
    assert cursor is not None
    return cursor


def _accepted(
    cursor: str,
    account: Account = ACCOUNT,
    route: str = "r",
    query: type[ListQuery] = ListQuery,
    **filters: str,
) -> bool:
    try:
        asked = query.model_validate({"limit": 1, "cursor": cursor, **filters})
        page = paged(account, route, asked, _listing(["call_1", "call_2", "call_3"]), _show)
    except InvalidRequest as refusal:
        return refusal.field != "cursor"
    except ValidationError:
        return False  # too long to be looked at
    return [row.id for row in page.data] == ["call_2"]


# ---- Cursors -----------------------------------------------------------------------------------


def test_a_cursor_goes_on_where_the_page_ended() -> None:
    assert _accepted(_cursor())


def test_the_same_state_gives_the_same_cursor_without_a_secret_in_it() -> None:
    assert _cursor() == _cursor()
    assert ACCOUNT.cursor_key not in _cursor()
    assert ACCOUNT.workspace_id not in _cursor()


def test_an_old_cursor_goes_on_where_its_page_ended() -> None:
    assert _accepted(OLD_CURSOR)
    assert _accepted(OLD_CURSOR_OF_RED, query=Filtered, colour="red")
    assert _accepted(OLD_CURSOR_OF_ROED, query=Filtered, colour="rød")
    assert not _accepted(OLD_CURSOR_OF_RED)
    # A list by its rows' own keys writes them once, as ever.
    assert (_cursor(), _cursor(query=Filtered(limit=1, colour="red"))) == (
        OLD_CURSOR,
        OLD_CURSOR_OF_RED,
    )


def test_an_old_cursor_names_both_keys_of_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []

    def query(*_: object, **options: object) -> tuple[list[Item], None]:
        starts.append(options["start_after"])
        return [], None

    monkeypatch.setattr(pagination, "query", query)
    asked = ListQuery(limit=1, cursor=OLD_CURSOR)
    for index, base in (("", ""), ("gsi1", "W#ws_1#CALL")):
        fetch = pagination.partition(Table.CORE, "W#ws_1#LIST", index=index, base=base)
        paged(ACCOUNT, "r", asked, fetch, _show)
    listed = {"gsi1pk": "W#ws_1#LIST", "gsi1sk": "call_3"}
    assert starts == [
        {"pk": "W#ws_1#LIST", "sk": "call_3"},
        {"pk": "W#ws_1#CALL", "sk": "call_3", **listed},
    ]


@pytest.mark.parametrize("length", range(1, 7))
def test_a_cursor_goes_into_a_url_as_it_is(length: int) -> None:
    places = [Place("k" * length, f"call_{at}") for at in range(3)]
    cursor = paged(ACCOUNT, "r", ListQuery(limit=1), _sorted(places), _show).next_cursor
    assert cursor is not None
    assert re.fullmatch("[A-Za-z0-9_-]+", cursor)
    assert _walk(_sorted(places), 1) == ["call_2", "call_1", "call_0"]


def test_a_cursor_holds_the_keys_of_its_row_and_nothing_else() -> None:
    places = [Place("Ärger 😀", "call_1"), Place("Zoe", "call_2")]
    cursor = paged(ACCOUNT, "r", ListQuery(limit=1), _sorted(places), _show).next_cursor
    assert cursor is not None
    payload = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[:-16]
    assert json.loads(payload) == ["1", "call_1", "Ärger 😀"]
    assert _walk(_sorted(places), 1) == ["call_1", "call_2"]


@pytest.mark.parametrize("letter", ["a", "א", "語", "😀"])
def test_a_cursor_of_two_long_keys_is_short_enough_to_come_back(letter: str) -> None:
    name = letter * (660 // len(letter.encode()))
    places = [Place(name, f"call_{at:035}") for at in range(3)]
    assert _walk(_sorted(places), 1) == [place.sk for place in reversed(places)]


def test_a_cursor_that_could_not_come_back_is_not_given() -> None:
    longest, longer = (
        [Place("a" * length, f"call_{at}") for at in range(2)] for length in (735, 736)
    )
    cursor = paged(ACCOUNT, "r", ListQuery(limit=1), _sorted(longest), _show).next_cursor
    assert cursor is not None
    assert len(cursor) == 1024
    assert _walk(_sorted(longest), 1) == ["call_1", "call_0"]
    with pytest.raises(ValueError, match="the keys of this list"):
        paged(ACCOUNT, "r", ListQuery(limit=1), _sorted(longer), _show)


def test_no_altered_cursor_is_accepted() -> None:
    cursor = _cursor()
    generator = random.Random(1)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    altered = {
        cursor[:at] + letter + cursor[at + 1 :] for at in range(len(cursor)) for letter in letters
    }
    altered |= {cursor[:at] + cursor[at + 1 :] for at in range(len(cursor))}
    altered |= {"".join(generator.choices(letters, k=generator.randint(0, 90))) for _ in range(500)}
    altered |= {cursor + "=", cursor + "==", cursor + "\n", " " + cursor, cursor + "%", cursor * 2}
    altered |= {cursor.replace("_", "/").replace("-", "+") + "=", "é" + cursor, "\ud800"}
    altered.discard(cursor)
    assert len(altered) > 2_000
    assert [other for other in altered if _accepted(other)] == []


def test_no_cursor_is_accepted_elsewhere() -> None:
    cursor = _cursor()
    assert not _accepted(cursor, route="another")
    assert not _accepted(cursor, ACCOUNT._replace(workspace_id="ws_2"))
    assert not _accepted(cursor, ACCOUNT._replace(mode="test"))
    assert not _accepted(cursor, ACCOUNT._replace(cursor_key="11" * 32))
    assert not _accepted(cursor, query=Filtered, colour="red")
    red = _cursor(query=Filtered(limit=1, colour="red"))
    assert _accepted(red, query=Filtered, colour="red")
    assert not _accepted(red, query=Filtered, colour="blue")
    assert not _accepted(red, query=Filtered)
    assert _accepted(cursor, query=Filtered)


def test_a_cursor_is_of_the_workspace_and_not_of_the_credential() -> None:
    assert _accepted(_cursor(), ACCOUNT._replace(credential_id="key_2", role="viewer"))


# ---- Limits ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("raw", "limit"), [("1", 1), ("25", 25), ("100", 100), ("007", 7), (3, 3)])
def test_a_limit(raw: object, limit: int) -> None:
    assert ListQuery.model_validate({"limit": raw}).limit == limit


def test_the_limit_is_25_unless_told_otherwise() -> None:
    assert ListQuery().limit == 25


@pytest.mark.parametrize(
    "raw",
    [
        *("0", "-1", "101", "x", "", "1e2", "١٠", " 10", "10 ", "+5", "9" * 5_000, "1_0", "10\n"),
        *("1.0", "0x1", "²", "１", None, 1.5, [], ["1"], {}, 0, 101, -1),
    ],
    ids=lambda raw: repr(raw)[:12],
)
def test_no_limit(raw: object) -> None:
    with pytest.raises(ValidationError, match="must be an integer from 1 to 100"):
        ListQuery.model_validate({"limit": raw})


# ---- Pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 13, 14, 15, 300])
def test_each_row_once_and_null_at_the_end(count: int) -> None:
    keys = [f"call_{at:04}" for at in range(count)]
    assert _walk(_listing(keys), 7) == sorted(keys, reverse=True)
    if count:
        page = paged(ACCOUNT, "r", ListQuery(limit=min(count, 100)), _listing(keys), _show)
        assert (page.next_cursor is None) == (count <= 100)


def test_a_page_has_what_fits_and_at_least_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [f"call_{at}" for at in range(9)]
    # {"id":"call_1"} has 15 characters, and four quotes that are escaped once more.
    for room, rows in ((19 * 3 + 18, 3), (19 * 3, 3), (19 * 3 - 1, 2), (1, 1)):
        monkeypatch.setattr(pagination, "MAX_PAGE_BYTES", room)
        page = paged(ACCOUNT, "r", ListQuery(), _listing(keys), _show)
        assert len(page.data) == rows
        assert _walk(_listing(keys), 25) == sorted(keys, reverse=True)
    monkeypatch.setattr(pagination, "MAX_PAGE_BYTES", 19 * 9)
    assert paged(ACCOUNT, "r", ListQuery(), _listing(keys), _show).next_cursor is None


_partitions = st.lists(
    st.tuples(st.sets(st.integers(0, 60), max_size=25), st.integers(1, 6)), min_size=1, max_size=4
)


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(
    keys=st.lists(st.integers(0, 5), max_size=25), limit=st.integers(1, 9), most=st.integers(1, 6)
)
@pytest.mark.slow
def test_a_list_by_another_key_shows_each_row_once(keys: list[int], limit: int, most: int) -> None:
    """Also those that have one key."""
    places = [Place(f"name {key}", f"call_{at:02}") for at, key in enumerate(keys)]
    expected = [place.sk for place in sorted(places, reverse=True)]
    assert _walk(_sorted(places, most), limit) == expected


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(partitions=_partitions, limit=st.integers(1, 9))
@pytest.mark.slow
def test_merging_loses_no_row_though_reads_stop_early(
    partitions: list[tuple[set[int], int]], limit: int
) -> None:
    listings, keys = [], []
    for at, (numbers, most) in enumerate(partitions):
        own = [f"call_{number:02}_{at}" for number in numbers]
        keys += own
        listings.append(_listing(own, most))
    assert _walk(merged(listings), limit) == sorted(keys, reverse=True)


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(
    sizes=st.lists(st.integers(0, 200), min_size=1, max_size=11),
    seed=st.randoms(use_true_random=False),
    limit=st.integers(1, 100),
)
@pytest.mark.slow
def test_merging_reads_at_most_twice_what_it_shows(
    sizes: list[int], seed: random.Random, limit: int
) -> None:
    """However the rows are spread: all of a partition may come before all of another."""
    owners = [at for at, size in enumerate(sizes) for _ in range(size)]
    if seed.random() < 0.7:
        seed.shuffle(owners)
    keys = [[f"{at:04}" for at, owner in enumerate(owners) if owner == part] for part in range(11)]
    read = []

    def counted(listing: Fetch) -> Fetch:
        def fetch(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
            rows, reached = listing(after, count)
            read.append(len(rows))
            return rows, reached

        return fetch

    rows, _ = merged([counted(_listing(own)) for own in keys[: len(sizes)]])(None, limit)
    assert [row["sk"] for _, row in rows] == [f"{at:04}" for at in range(len(owners))][::-1][:limit]
    assert sum(read) <= 2 * len(rows) + len(sizes)


def test_a_range_that_holds_nothing_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def query(*_: object, **__: object) -> None:
        raise AssertionError("DynamoDB refuses a range whose end comes before its beginning")

    monkeypatch.setattr(pagination, "query", query)
    fetch = pagination.partition(Table.CORE, "W#ws_1#CALL", between=("call_2", "call_1"))
    assert fetch(None, 26) == ([], None)


def test_a_page_takes_a_bounded_number_of_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []

    def query(*_: object, **options: object) -> tuple[list[Item], Item]:
        reads.append(options["start_after"])
        return [], {"pk": "W#ws_1#CALL", "sk": f"call_{9 - len(reads)}"}

    monkeypatch.setattr(pagination, "query", query)
    fetch = pagination.partition(Table.CORE, "W#ws_1#CALL")
    rows, place = fetch(None, 26)
    last = f"call_{9 - pagination.MAX_READS}"
    assert (rows, place, len(reads)) == (
        [],
        Place(last, last),
        pagination.MAX_READS,
    )
    page = paged(ACCOUNT, "r", ListQuery(), fetch, _show)
    assert page.data == []
    assert page.next_cursor is not None
