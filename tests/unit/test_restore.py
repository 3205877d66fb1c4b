"""Copying a restored table back: what differs, what is gone, and what is never taken back."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from linkwright import clock
from linkwright.workspace import facts
from tools import restore

WORKSPACE, OTHER = "ws_1", "ws_2"


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client(
            "dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        for name in ("now", "restored"):
            client.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[
                    {"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")
                ],
                KeySchema=[
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
            )
        yield client


def _put(dynamodb: Any, table: str, pk: str, sk: str, **held: str) -> None:
    item = {"pk": pk, "sk": sk, **held}
    dynamodb.put_item(TableName=table, Item={name: {"S": one} for name, one in item.items()})


def _rows(dynamodb: Any, table: str) -> list[dict[str, str]]:
    found = dynamodb.scan(TableName=table)["Items"]
    rows = [{name: one["S"] for name, one in item.items()} for item in found]
    return sorted(rows, key=lambda row: (row["pk"], row["sk"]))


def _copy(dynamodb: Any, workspace: str | None = None) -> tuple[int, int]:
    changed = gone = 0
    for difference in restore.differences(dynamodb, "restored", "now", workspace):
        changed, gone = changed + len(difference.changed), gone + len(difference.gone)
        restore.apply(dynamodb, "now", difference, "now")
    return changed, gone


@pytest.mark.slow
def test_the_table_is_as_it_was_and_a_second_copy_changes_nothing(dynamodb: Any) -> None:
    for at in range(230):
        _put(dynamodb, "restored", f"W#{WORKSPACE}#CALL", f"call_{at:03}", status="queued")
        if at % 3:
            status = "queued" if at % 2 else "lost"
            _put(dynamodb, "now", f"W#{WORKSPACE}#CALL", f"call_{at:03}", status=status)
    for at in range(130):
        _put(dynamodb, "now", f"W#{WORKSPACE}#EVT", f"evt_{at:03}")
    same = sum(1 for at in range(230) if at % 3 and at % 2)
    assert _copy(dynamodb) == (230 - same, 130)
    assert _rows(dynamodb, "now") == _rows(dynamodb, "restored")
    assert _copy(dynamodb) == (0, 0)


def test_the_audit_log_is_never_taken_back(dynamodb: Any) -> None:
    _put(dynamodb, "now", f"W#{WORKSPACE}#AUD", "aud_1", action="key.revoked")
    assert _copy(dynamodb) == (0, 0)
    assert len(_rows(dynamodb, "now")) == 1


def test_of_one_workspace_is_of_both_its_modes_and_of_no_other(dynamodb: Any) -> None:
    for pk in (f"W#{WORKSPACE}", f"W#{WORKSPACE}.test#CALL", f"W#{OTHER}#CALL", "NUMBER#+1"):
        _put(dynamodb, "restored", pk, "changed", is_="old")
        _put(dynamodb, "now", pk, "changed", is_="new")
        _put(dynamodb, "now", pk, "since")
    assert _copy(dynamodb, WORKSPACE) == (2, 2)
    left = {row["pk"] for row in _rows(dynamodb, "now") if row["sk"] == "since"}
    assert left == {f"W#{OTHER}#CALL", "NUMBER#+1"}


def test_looking_writes_nothing(dynamodb: Any) -> None:
    _put(dynamodb, "restored", "W#ws_1", "META")
    _put(dynamodb, "now", "W#ws_2", "META")
    found = list(restore.differences(dynamodb, "restored", "now"))
    assert [(len(one.changed), len(one.gone)) for one in found] == [(1, 0), (0, 1)]
    assert [row["pk"] for row in _rows(dynamodb, "now")] == ["W#ws_2"]


def test_a_table_that_is_not_there_is_one_line_that_names_it(dynamodb: Any) -> None:
    told = restore.fault(dynamodb, "restore", "now", None)
    assert told
    assert told.startswith("table 'restore' cannot be read: ")
    assert restore.fault(dynamodb, "restored", "now", None) is None


def test_a_workspace_is_one_of_either_table(dynamodb: Any) -> None:
    """What was lost is in the restored one alone, and what is to be lost in the other."""
    told = f"there is no workspace {WORKSPACE}"
    assert restore.fault(dynamodb, "restored", "now", WORKSPACE) == told
    for at, table in ((WORKSPACE, "restored"), (OTHER, "now")):
        _put(dynamodb, table, f"W#{at}", "META")
        assert restore.fault(dynamodb, "restored", "now", at) is None


# ---- what credentials know of a workspace --------------------------------------------------------


def _workspace(dynamodb: Any, table: str, plan: str, version: int, at: str = WORKSPACE) -> None:
    named = {"pk": f"W#{at}", "sk": "META", "plan": plan}
    item = {name: {"S": one} for name, one in named.items()} | {"facts_v": {"N": str(version)}}
    dynamodb.put_item(TableName=table, Item=item)


def _stored(dynamodb: Any, pk: str, sk: str) -> dict[str, Any]:
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    item: dict[str, Any] = dynamodb.get_item(TableName="now", Key=key).get("Item", {})
    return item


@pytest.mark.parametrize("now", [3, 10**13], ids=["older than the clock", "newer"])
def test_a_workspace_is_newer_than_any_copy_of_it_and_asks_for_copies(
    dynamodb: Any, now: int
) -> None:
    begun = clock.epoch_ms()
    _workspace(dynamodb, "restored", "pro", 1)
    _workspace(dynamodb, "now", "free", now)
    assert _copy(dynamodb) == (1, 0)
    workspace = _stored(dynamodb, f"W#{WORKSPACE}", "META")
    assert workspace["plan"]["S"] == "pro"
    assert int(workspace["facts_v"]["N"]) >= max(begun, now + 1)
    job = _stored(dynamodb, *facts.key(WORKSPACE))
    assert (job["outbox"]["S"], job["gsi2pk"]["S"][:4]) == ("plan", "DUE#")
    # The version alone is no difference, and the job is not taken back.
    assert _copy(dynamodb) == (0, 0)
    assert _stored(dynamodb, *facts.key(WORKSPACE)) == job


def test_a_workspace_that_is_as_it_was_asks_for_nothing(dynamodb: Any) -> None:
    _workspace(dynamodb, "restored", "pro", 1)
    _workspace(dynamodb, "now", "pro", 3)
    assert _copy(dynamodb) == (0, 0)
    assert _stored(dynamodb, f"W#{WORKSPACE}", "META")["facts_v"] == {"N": "3"}
    assert _stored(dynamodb, *facts.key(WORKSPACE)) == {}


@pytest.mark.parametrize("place", [("KEY#hash", "META"), ("ORG#org_1", "USER#user_1")], ids=str)
def test_a_credential_that_is_restored_asks_for_what_its_workspace_is_now(
    dynamodb: Any, place: tuple[str, str]
) -> None:
    pk, sk = place
    item = {"pk": {"S": pk}, "sk": {"S": sk}, "workspace_id": {"S": OTHER}, "facts_v": {"N": "1"}}
    dynamodb.put_item(TableName="restored", Item=item)
    assert _copy(dynamodb) == (1, 0)
    assert _stored(dynamodb, pk, sk) == item
    assert _stored(dynamodb, *facts.key(OTHER))["outbox"]["S"] == "plan"


def test_the_job_is_there_before_what_it_follows_from(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off in between, the difference is found again."""
    _workspace(dynamodb, "restored", "pro", 1)
    written, write = [], restore._write

    def noted(dynamodb: Any, table: str, requests: list[Any]) -> None:
        written.append([one["PutRequest"]["Item"]["pk"]["S"] for one in requests])
        write(dynamodb, table, requests)

    monkeypatch.setattr(restore, "_write", noted)
    _copy(dynamodb)
    assert written[:2] == [[facts.key(WORKSPACE).pk], [f"W#{WORKSPACE}"]]


def test_an_alias_is_of_the_workspace_that_has_it(dynamodb: Any) -> None:
    for alias, partition in (("a", WORKSPACE), ("b", f"{WORKSPACE}.test"), ("c", OTHER)):
        _put(dynamodb, "restored", f"AL#-#{alias}", "META", partition=partition)
    _put(dynamodb, "now", "AL#-#a", "META", gone_at="2026-01-01T00:00:00Z")
    assert _copy(dynamodb, WORKSPACE) == (2, 0)
    assert [row["pk"] for row in _rows(dynamodb, "now")] == ["AL#-#a", "AL#-#b"]
