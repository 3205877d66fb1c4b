"""Copy a restored table back into the one that a stack has: `python -m tools.restore --help`.

    python -m tools.restore --stack linkwright-prod --table core --source linkwright-restored
    python -m tools.restore --stack linkwright-prod --table core --source … --workspace ws_… --apply

Without --apply it only counts. What differs is written, what is not in the restored table is
deleted, and the audit log stays as it is. What keys and members know of a restored workspace, its
plan, is asked to be copied to them again. Cut off, it may be begun again.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from linkwright.table import Item, Key
from linkwright.workspace import facts, workspaces
from tools.stack import stack_outputs

# As many as BatchGetItem reads and BatchWriteItem writes at once.
_READ, _WRITTEN = 100, 25
T = TypeVar("T")
_OUTPUTS = {
    "core": "CoreTable",
    "access": "AccessTable",
    "metrics": "MetricsTable",
    "ledger": "LedgerTable",
}


class Difference(NamedTuple):
    """What a table lacks of another, or has otherwise; and what it has alone."""

    changed: list[Item]
    gone: list[Key]


_VERSION = "facts_v"


def differences(
    dynamodb: Any,  # noqa: ANN401 -- boto3 makes its clients at run time
    source: str,
    target: str,
    workspace: str | None = None,
) -> Iterator[Difference]:
    """Of a table against its restored form, page by page; of one workspace, or of all."""
    for page in _pages(dynamodb, source, workspace):
        here = _found(dynamodb, target, [_key(item) for item in page])
        changed = [item for item in page if not _is_same(item, here.get(_key(item)))]
        yield Difference([_as_new(one, here.get(_key(one))) for one in changed], [])
    for page in _pages(dynamodb, target, workspace):
        keys = [_key(item) for item in page if not _is_kept(item)]
        there = _found(dynamodb, source, keys)
        yield Difference([], [key for key in keys if key not in there])


def apply(
    dynamodb: Any,  # noqa: ANN401 -- likewise
    target: str,
    difference: Difference,
    jobs_in: str,
) -> None:
    """Write it to the table `target`; the jobs that follow from it before, to the core table."""
    _ask(dynamodb, jobs_in, {of for item in difference.changed if (of := _copied_for(item))})
    puts = [{"PutRequest": {"Item": item}} for item in difference.changed]
    deletes = [{"DeleteRequest": {"Key": _wire(key)}} for key in difference.gone]
    _write(dynamodb, target, [*puts, *deletes])


def _ask(dynamodb: Any, table: str, workspaces: set[str]) -> None:  # noqa: ANN401 -- likewise
    """First, since who is cut off after it finds the difference again."""
    rows = [facts.asked_for(workspace) for workspace in sorted(workspaces)]
    jobs = [{name: {"S": value} for name, value in row.items()} for row in rows]
    _write(dynamodb, table, [{"PutRequest": {"Item": job}} for job in jobs])


def _copied_for(item: Item) -> str | None:
    """The workspace whose facts are to be copied again, if this is one, or a credential of one."""
    kind, _, workspace = str(item["pk"]["S"]).partition("#")
    if kind == "W" and item["sk"]["S"] == "META":
        return workspace
    return str(item["workspace_id"]["S"]) if kind in {"KEY", "ORG"} and _VERSION in item else None


def _is_same(item: Item, here: Item | None) -> bool:
    """The version of what is copied to credentials grows with each copying back."""
    return here is not None and {**item, _VERSION: None} == {**here, _VERSION: None}


def _as_new(item: Item, here: Item | None) -> Item:
    """A workspace's facts as newer than any copy of them: those are of after the moment."""
    if item["pk"]["S"].startswith("W#") and item["sk"]["S"] == "META":
        seen = max(
            int(one[_VERSION]["N"]) if one and _VERSION in one else 0 for one in (item, here)
        )
        return {**item, _VERSION: {"N": str(facts.next_version(seen))}}
    return item


def _write(dynamodb: Any, table: str, requests: list[Item]) -> None:  # noqa: ANN401 -- likewise
    for batch in _batches(requests, _WRITTEN):
        left = {table: batch}
        while left:
            left = dynamodb.batch_write_item(RequestItems=left).get("UnprocessedItems", {})


def _pages(dynamodb: Any, table: str, workspace: str | None) -> Iterator[list[Item]]:  # noqa: ANN401
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    for page in pages:
        rows = [item for item in page["Items"] if _is_of(item, workspace) and not _is_job(item)]
        yield from _batches(rows, _READ)


def _found(dynamodb: Any, table: str, keys: list[Key]) -> dict[Key, Item]:  # noqa: ANN401
    found: dict[Key, Item] = {}
    wanted = [_wire(key) for key in keys]
    left = {table: {"Keys": wanted, "ConsistentRead": True}} if wanted else {}
    while left:
        answer = dynamodb.batch_get_item(RequestItems=left)
        found |= {_key(item): item for item in answer["Responses"].get(table, [])}
        left = answer.get("UnprocessedKeys", {})
    return found


def _batches(every: Sequence[T], size: int) -> Iterator[list[T]]:
    return (list(every[at : at + size]) for at in range(0, len(every), size))


def _is_of(item: Item, workspace: str | None) -> bool:
    if workspace is None:
        return True
    kind, _, rest = str(item["pk"]["S"]).partition("#")
    if kind == "AL":
        # Of an alias that is no more nothing tells whose it was: it stays as it is.
        rest = item["partition"]["S"] if "partition" in item else ""
        return rest.removesuffix(".test") == workspace
    return kind == "W" and rest.partition("#")[0].removesuffix(".test") == workspace


def _is_job(item: Item) -> bool:
    """To copy a workspace's facts: it is asked for, and not taken back."""
    return str(item["pk"]["S"]).endswith("#PLAN")


def _is_kept(item: Item) -> bool:
    """The audit log, in which nothing is ever taken back."""
    return str(item["pk"]["S"]).endswith("#AUD")


def _key(item: Item) -> Key:
    return Key(item["pk"]["S"], item["sk"]["S"])


def _wire(key: Key) -> Item:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    parser.add_argument("--table", choices=sorted(_OUTPUTS), required=True, help="which of its own")
    parser.add_argument("--source", required=True, help="the name of the restored table")
    parser.add_argument("--workspace", help="of one workspace alone; all by default")
    parser.add_argument("--apply", action="store_true", help="write; it is only counted otherwise")
    asked = parser.parse_args()
    if asked.workspace and asked.table != "core":
        parser.error("--workspace is of the core table alone")
    return asked


def fault(dynamodb: Any, source: str, target: str, workspace: str | None) -> str | None:  # noqa: ANN401
    """Why nothing can be copied from a table, in one line."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        status = dynamodb.describe_table(TableName=source)["Table"]["TableStatus"]
    except (BotoCoreError, ClientError) as failed:
        return f"table '{source}' cannot be read: {failed}"
    if status != "ACTIVE":
        wait = f"aws dynamodb wait table-exists --table-name {source}"
        return f"table '{source}' is {status}, not ACTIVE: {wait}"
    # One that was lost is in the restored table alone.
    if workspace and not any(
        _found(dynamodb, table, [workspaces.key(workspace)]) for table in (target, source)
    ):
        return f"there is no workspace {workspace}"
    return None


def main() -> None:
    import boto3  # only the command line moves items by hand

    asked = _arguments()
    outputs = stack_outputs(asked.stack)
    target, jobs_in = outputs[_OUTPUTS[asked.table]], outputs[_OUTPUTS["core"]]
    dynamodb = boto3.client("dynamodb")
    if told := fault(dynamodb, asked.source, target, asked.workspace):
        sys.exit(told)
    changed = gone = 0
    for difference in differences(dynamodb, asked.source, target, asked.workspace):
        changed, gone = changed + len(difference.changed), gone + len(difference.gone)
        if asked.apply:
            apply(dynamodb, target, difference, jobs_in)
    done = "written" if asked.apply else "would be written"
    print(f"{changed} items {done}, {gone} {done.replace('written', 'deleted')}")


if __name__ == "__main__":
    main()
