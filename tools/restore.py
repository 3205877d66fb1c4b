"""Copy a restored table back into the one that a stack has: `python -m tools.restore --help`.

    python -m tools.restore --stack linkwright-prod --table core --source linkwright-restored
    python -m tools.restore --stack linkwright-prod --table core --source … --workspace ws_… --apply

Without --apply it only counts. What differs is written, what is not in the restored table is
deleted, and the audit log stays as it is. Cut off, it may be begun again.
"""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from linkwright.table import Item, Key
from tools.workspace import stack_outputs

# As many as BatchGetItem reads and BatchWriteItem writes at once.
_READ, _WRITTEN = 100, 25
T = TypeVar("T")
_OUTPUTS = {"core": "CoreTable", "access": "AccessTable"}


class Difference(NamedTuple):
    """What a table lacks of another, or has otherwise; and what it has alone."""

    changed: list[Item]
    gone: list[Key]


def differences(
    dynamodb: Any,  # noqa: ANN401 -- boto3 makes its clients at run time
    source: str,
    target: str,
    workspace: str | None = None,
) -> Iterator[Difference]:
    """Of a table against its restored form, page by page; of one workspace, or of all."""
    for page in _pages(dynamodb, source, workspace):
        here = _found(dynamodb, target, [_key(item) for item in page])
        yield Difference([item for item in page if here.get(_key(item)) != item], [])
    for page in _pages(dynamodb, target, workspace):
        keys = [_key(item) for item in page if not _is_kept(item)]
        there = _found(dynamodb, source, keys)
        yield Difference([], [key for key in keys if key not in there])


def apply(dynamodb: Any, target: str, difference: Difference) -> None:  # noqa: ANN401 -- likewise
    puts = [{"PutRequest": {"Item": item}} for item in difference.changed]
    deletes = [{"DeleteRequest": {"Key": _wire(key)}} for key in difference.gone]
    for batch in _batches([*puts, *deletes], _WRITTEN):
        left = {target: batch}
        while left:
            left = dynamodb.batch_write_item(RequestItems=left).get("UnprocessedItems", {})


def _pages(dynamodb: Any, table: str, workspace: str | None) -> Iterator[list[Item]]:  # noqa: ANN401
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    for page in pages:
        rows = [item for item in page["Items"] if _is_of(item, workspace)]
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
    return kind == "W" and rest.partition("#")[0].removesuffix(".test") == workspace


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
        parser.error("--workspace is of the core table: what access holds is found by hashes")
    return asked


def main() -> None:
    import boto3  # only the command line moves items by hand

    asked = _arguments()
    target = stack_outputs(asked.stack)[_OUTPUTS[asked.table]]
    dynamodb = boto3.client("dynamodb")
    changed = gone = 0
    for difference in differences(dynamodb, asked.source, target, asked.workspace):
        changed, gone = changed + len(difference.changed), gone + len(difference.gone)
        if asked.apply:
            apply(dynamodb, target, difference)
    done = "written" if asked.apply else "would be written"
    print(f"{changed} items {done}, {gone} {done.replace('written', 'deleted')}")


if __name__ == "__main__":
    main()
