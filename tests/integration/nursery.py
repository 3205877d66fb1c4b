"""Runs in a process of its own: what functions load until they are ready, and until they answered.

Each starts in a child of a process that has imported what all of its kind do, and nothing else:
so a hundred of them take seconds. One job comes in on each line, and one answer goes out.
"""

import gc
import importlib
import importlib.util
import json
import os
import sys
import traceback
from typing import Any

_AT_FIRST = set(sys.modules)


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 25_000


def main() -> None:
    importlib.import_module(sys.argv[1])
    for line in sys.stdin:
        sys.stdout.write(_forked(json.loads(line)) + "\n")
        sys.stdout.flush()


def _forked(job: dict[str, Any]) -> str:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        # The function's own output is its log.
        os.dup2(2, 1)
        with os.fdopen(writer, "w") as out:
            out.write(json.dumps(_told(job)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return told


def _told(job: dict[str, Any]) -> dict[str, Any]:
    try:
        os.environ.update(job["variables"])
        return _started(job["source"], job["event"])
    except BaseException:  # noqa: BLE001 -- it is told, and the child ends
        return {"failure": traceback.format_exc()}


def _started(source: str, event: dict[str, Any]) -> dict[str, Any]:
    """As Lambda does it: the file by itself, then the event."""
    spec = importlib.util.spec_from_file_location("main", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ready = {"collects": gc.isenabled(), "frozen": gc.get_freeze_count() > 10_000}
    loaded, vault = set(sys.modules), sys.modules.get("linkwright.vault")
    has_secret = vault is not None and vault.vault.cache_info().currsize == 1
    answer = module.handler(event, Context())
    return {
        "ready": ready,
        "has_secret": has_secret,
        "loaded": sorted(loaded - _AT_FIRST),
        "later": sorted(set(sys.modules) - loaded),
        "answer": answer,
    }


main()
