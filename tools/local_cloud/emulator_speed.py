"""What MiniStack does again and again that it need do once.

It reads an expression, and judges its grammar, at each item of a partition that a query looks at:
most of its work. What these functions answer depends on the text alone.

A scan sorts the whole table for each page of it: whoever asks for what one workspace has, as tests
do after each request, took longer the more tests there were before.

Its state it writes piece by piece, by an encoder in Python: a Ctrl-C of `make run` waits for that.

And it unpacks a function's code and layers for each process that it starts, some of them at once
where messages come at once: all others wait for that, and Ctrl-C for thousands of files to go.
"""

import json
import os
import re
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TextIO

Token = tuple[str, str]
# More than there are expressions in a suite.
KEPT = 4096
# How often a service's state is copied, until nothing changes it meanwhile.
COPIES = 20
# The setting that says where archives are unpacked.
UNPACKED_DIR = "UNPACKED_DIR"
_OF_SOME = re.compile(r"contains\((#\w+), (:\w+)\)")
# All that a scan says which is answered without asking more.
_SAID = frozenset(
    {
        *("TableName", "FilterExpression", "ConsistentRead", "ReturnConsumedCapacity"),
        *("ExpressionAttributeNames", "ExpressionAttributeValues"),
    }
)


def apply() -> None:
    read_once()
    scan_some()
    save_at_once()
    save_what_changes()
    unpack_once()


def scan_some() -> None:
    """What is asked by a part of its partition key is looked for by that, and told on one page."""
    from ministack.services import dynamodb

    scan = dynamodb._scan

    def scan_by_key(data: dict[str, Any]) -> Any:  # noqa: ANN401 -- an answer of MiniStack's
        table = dynamodb._tables.get(data.get("TableName"))
        part = _part_of_key(data, table["pk_name"]) if table else None
        if part is None:
            return scan(data)
        wanted = sorted(pk for pk in table["items"] if part in pk)
        found = [row for pk in wanted for _, row in sorted(table["items"][pk].items())]
        counts = {"Count": len(found), "ScannedCount": len(found)}
        return dynamodb.json_response({"Items": found, **counts})

    dynamodb._scan = scan_by_key


def _part_of_key(data: dict[str, Any], key: str) -> str | None:
    """That of a scan of a table which asks for nothing else."""
    names, values = (data.get(f"ExpressionAttribute{of}", {}) for of in ("Names", "Values"))
    asks = _OF_SOME.fullmatch(data.get("FilterExpression", ""))
    if asks is None or data.keys() - _SAID or names != {asks[1]: key} or [*values] != [asks[2]]:
        return None
    text: str | None = values[asks[2]].get("S")
    return text


def save_at_once() -> None:
    """State is encoded as a whole, which the standard library does in C."""
    from ministack.core import persistence

    def dump(state: object, file: TextIO, default: Callable[[Any], Any]) -> None:
        file.write(json.dumps(state, default=default))

    persistence.json = SimpleNamespace(
        dump=dump, load=json.load, JSONDecodeError=json.JSONDecodeError
    )


def save_what_changes() -> None:
    """Threads of MiniStack change what is copied, and a service of which that fails is not saved at
    all: it would go on from the stop before, and mail once more what was mailed since.
    """
    from ministack import app

    save = app.save_all

    def save_all(services: dict[str, Callable[[], Any]]) -> None:
        save({name: _copied_whole(state) for name, state in services.items()})

    app.save_all = save_all


def _copied_whole(state: Callable[[], Any]) -> Callable[[], Any]:
    def copied() -> Any:  # noqa: ANN401 -- what a service keeps
        for _ in range(COPIES):
            # A dict that changes while it is copied.
            with suppress(RuntimeError):
                return state()
        return state()

    return copied


def unpack_once() -> None:
    """A process has a link to what another one's archive of the same bytes was unpacked to. No
    function writes there: on AWS none could.
    """
    from ministack.core import lambda_runtime

    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=Unpacked, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile
    )


class Unpacked(zipfile.ZipFile):
    """An archive of our own build, unpacked in `UNPACKED_DIR`, by its bytes."""

    # Of all of them: by the name `_lock` each has one of its own.
    _one_at_a_time = threading.Lock()

    def namelist(self) -> list[str]:
        """Nothing to be looked at before it is unpacked, which leaves no folder in any case."""
        return []

    def extractall(self, path: object = None, members: object = None, pwd: object = None) -> None:
        target = Path(str(path))
        target.rmdir()
        target.symlink_to(self._unpacked(), target_is_directory=True)

    def _unpacked(self) -> Path:
        digest = sha256(Path(str(self.filename)).read_bytes()).hexdigest()
        kept = Path(os.environ[UNPACKED_DIR]) / digest
        with self._one_at_a_time:
            if not kept.exists():
                before = earlier(kept.parent) / digest
                (before if before.exists() else self._made()).rename(kept)
        return kept

    def _made(self) -> Path:
        """Whole, before it has the name by which it is known."""
        made = Path(tempfile.mkdtemp(prefix="unpacked-"))
        shutil.unpack_archive(str(self.filename), made, "zip")
        return made


def turn_over(folder: Path) -> None:
    """At a start: what the run before has used can be taken over, and what it left goes."""
    shutil.rmtree(earlier(folder), ignore_errors=True)
    if folder.exists():
        folder.rename(earlier(folder))
    folder.mkdir()


def earlier(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}_before")


def read_once() -> None:
    from ministack.services import dynamodb

    tokenize = dynamodb._tokenize
    read = lru_cache(KEPT)(lambda text: tuple(tokenize(text)))
    judge_parentheses = lru_cache(KEPT)(dynamodb._check_redundant_parens)
    judge_words = lru_cache(KEPT)(dynamodb._check_reserved_keyword_usage)

    def tokens_of(text: str) -> list[Token]:
        # One's own: nobody changes what others get.
        return list(read(text))

    def parentheses(tokens: list[Token], slot: str = "ConditionExpression") -> str | None:
        problem: str | None = judge_parentheses(tuple(tokens), slot)
        return problem

    def words(tokens: list[Token]) -> str | None:
        problem: str | None = judge_words(tuple(tokens))
        return problem

    dynamodb._tokenize = tokens_of
    dynamodb._check_redundant_parens = parentheses
    dynamodb._check_reserved_keyword_usage = words
    dynamodb._condition_syntax_error = lru_cache(KEPT)(dynamodb._condition_syntax_error)
