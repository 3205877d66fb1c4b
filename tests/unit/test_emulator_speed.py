"""MiniStack reads an expression once, and judges it as it did; it unpacks an archive once."""

import json
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from ministack import app
from ministack.core import persistence
from ministack.services import dynamodb

from tools.local_cloud import emulator_speed

_REPLACED = (
    "_tokenize",
    "_check_redundant_parens",
    "_check_reserved_keyword_usage",
    "_condition_syntax_error",
)
_KEYS = {"pk": "HASH", "sk": "RANGE"}
_VALUES = {":a": {"S": "a"}, ":b": {"S": "b"}}
_NAMES = {"#a": "a"}
_EXPRESSIONS = (
    "#a = :a",
    "begins_with(#a, :a) OR NOT #a BETWEEN :a AND :b",
    "((#a = :a))",
    "name = :a",
    "#a = :a AND",
    "#a == :a",
    "#a BETWEEN :b AND :a",
)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read or judged by MiniStack itself, with its work done once."""
    done: list[str] = []

    def noted(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def note(*arguments: Any) -> Any:
            done.append(name)
            return work(*arguments)

        return note

    for name in _REPLACED:
        monkeypatch.setattr(dynamodb, name, noted(name, getattr(dynamodb, name)))
    emulator_speed.read_once()
    return done


def _verdict(expression: str, slot: str, value: str) -> bool | str:
    item = {"a": {"S": value}}
    try:
        return bool(dynamodb._evaluate_condition(expression, item, _VALUES, _NAMES, slot=slot))
    except ValueError as refusal:
        return str(refusal)


def test_an_expression_is_read_once_for_all_items(read: list[str]) -> None:
    verdicts = [_verdict("#a = :a", "FilterExpression", value) for value in "abc" * 100]
    assert verdicts == [True, False, False] * 100
    assert sorted(read) == sorted(_REPLACED)


@pytest.mark.parametrize("expression", _EXPRESSIONS)
def test_the_verdict_is_ministacks(expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        (expression, slot, value)
        for value in "abab"
        for slot in ("ConditionExpression", "FilterExpression")
    ]
    own = [_verdict(*one) for one in asked]
    for name in _REPLACED:
        monkeypatch.setattr(dynamodb, name, getattr(dynamodb, name))
    emulator_speed.read_once()
    assert [_verdict(*one) for one in asked] == own


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Scans a table of two workspaces; `_items` are told of pages of MiniStack's own."""
    monkeypatch.setattr(dynamodb, "_scan", dynamodb._scan)
    monkeypatch.setattr(dynamodb, "_tables", {})
    keys = [{"AttributeName": name, "KeyType": kind} for name, kind in _KEYS.items()]
    types = [{"AttributeName": name, "AttributeType": "S"} for name in _KEYS]
    made = {"TableName": "shop", "KeySchema": keys, "AttributeDefinitions": types}
    assert dynamodb._create_table(made | {"BillingMode": "PAY_PER_REQUEST"})[0] == HTTPStatus.OK
    for whose in ("ws_1", "ws_12", "ws_2"):
        for place in ("b", "a"):
            row = {"pk": {"S": f"W#{whose}#CALL"}, "sk": {"S": place}, "n": {"N": "1"}}
            dynamodb._put_item({"TableName": "shop", "Item": row})

    def scan(**options: Any) -> Any:
        status, _, body = dynamodb._scan({"TableName": "shop", **options})
        return status, json.loads(body)

    return scan


def _of(part: str, **options: Any) -> dict[str, Any]:
    return {
        "FilterExpression": "contains(#pk, :of)",
        "ExpressionAttributeNames": {"#pk": "pk"},
        "ExpressionAttributeValues": {":of": {"S": part}},
        **options,
    }


@pytest.mark.parametrize("part", ["#ws_1", "#ws_1#", "#ws_2#", "#ws_3"])
def test_a_scan_for_one_workspace_finds_what_ministack_does(
    shop: Callable[..., Any], part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, own = shop(**_of(part))
    emulator_speed.scan_some()
    with monkeypatch.context() as patch:
        patch.setattr(dynamodb, "_paginate_evaluated_items", None)
        assert shop(**_of(part)) == (status, own | {"ScannedCount": own["Count"]})


@pytest.mark.parametrize(
    "options",
    [
        {},
        _of("#ws_1", Limit=1),
        _of("#ws_1", Select="COUNT"),
        _of("1", ExpressionAttributeNames={"#pk": "n"}),
        _of("#ws_1", TableName="none"),
    ],
    ids=["all", "limit", "count", "of another attribute", "of no table"],
)
def test_any_other_scan_is_ministacks(shop: Callable[..., Any], options: dict[str, Any]) -> None:
    own = shop(**options)
    emulator_speed.scan_some()
    assert shop(**options) == own


def test_state_is_saved_as_ministack_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persistence, "PERSIST_STATE", True)
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path))
    monkeypatch.setattr(persistence, "json", json)
    state = {"code": b"\0zip", "name": "שלום", "n": [1, 2.5, None], "of": {"a": {"b": True}}}
    persistence.save_state("own", state)
    emulator_speed.save_at_once()
    persistence.save_state("ours", state)
    assert (tmp_path / "ours.json").read_text() == (tmp_path / "own.json").read_text()
    assert persistence.load_state("ours") == state


@pytest.mark.parametrize("changes", [1, emulator_speed.COPIES])
def test_state_that_changes_while_it_is_copied_is_saved(
    changes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by its threads, which go on while it saves."""
    monkeypatch.setattr(persistence, "PERSIST_STATE", True)
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path))
    monkeypatch.setattr(app, "save_all", app.save_all)
    items = {"a": 1}
    left = iter(range(changes))

    def state() -> dict[str, int]:
        copied = {}
        for name, value in items.items():
            copied[name] = value
            if (at := next(left, None)) is not None:
                items[f"of {at}"] = at
        return copied

    emulator_speed.save_what_changes()
    app.save_all({"shop": state})
    assert persistence.load_state("shop") == items


def _unpacked(where: Path, name: str, content: str) -> Path:
    with zipfile.ZipFile(where / f"{name}.zip", "w") as made:
        made.writestr(zipfile.ZipInfo("shop/handler.py"), content)
    folder = where / name
    folder.mkdir()
    with emulator_speed.Unpacked(where / f"{name}.zip") as archive:
        assert archive.namelist() == []
        archive.extractall(folder)
    assert (folder / "shop" / "handler.py").read_text() == content
    return folder.resolve()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where archives are unpacked, as a run begins with it."""
    folder = tmp_path / "unpacked"
    monkeypatch.setenv(emulator_speed.UNPACKED_DIR, str(folder))
    emulator_speed.turn_over(folder)
    return folder


def test_an_archive_of_the_same_bytes_is_unpacked_once(tmp_path: Path, folder: Path) -> None:
    first, same, other = (
        _unpacked(tmp_path, name, content)
        for name, content in (("first", "a = 1"), ("same", "a = 1"), ("other", "a = 2"))
    )
    assert first == same
    assert other != first
    assert {first.parent, other.parent} == {folder}


def test_many_at_once_have_what_the_first_has_unpacked(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = emulator_speed.Unpacked._made

    def slowly(archive: emulator_speed.Unpacked) -> Path:
        time.sleep(0.05)
        return made(archive)

    monkeypatch.setattr(emulator_speed.Unpacked, "_made", slowly)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(_unpacked, tmp_path, f"{at}", "a = 1") for at in range(8)]
        found = {one.result() for one in asked}
    assert [one.parent for one in found] == [folder]


def test_what_one_run_has_unpacked_the_next_one_takes_over(tmp_path: Path, folder: Path) -> None:
    first = _unpacked(tmp_path, "first", "a = 1")
    _unpacked(tmp_path, "unused later", "a = 2")
    inode = first.stat().st_ino
    emulator_speed.turn_over(folder)
    assert _unpacked(tmp_path, "first again", "a = 1").stat().st_ino == inode
    emulator_speed.turn_over(folder)
    kept = [one.name for one in tmp_path.glob("unpacked*/*")]
    assert kept == [first.name]
