"""Processes as Linux shows them: who started whom, and what memory is theirs."""

import re
from pathlib import Path

_PROC = Path("/proc")


def tree(root: int) -> set[int]:
    """A process and all that it started, directly or not."""
    parents = _parents()
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def children(root: int) -> set[int]:
    return {pid for pid, parent in _parents().items() if parent == root}


def alive(pids: set[int]) -> set[int]:
    """Those that still run; one that only waits to be taken note of does not."""
    stats = {pid: _read(_PROC / str(pid) / "stat") for pid in pids}
    return {pid for pid, stat in stats.items() if stat and stat.rpartition(")")[2][1] != "Z"}


def megabytes(pids: set[int]) -> float:
    """Their proportional set size: what they share is counted once."""
    return sum(_proportional_kb(pid) for pid in pids) / 1024


def _parents() -> dict[int, int]:
    # The second field is a name, in brackets, with anything in it.
    stats = {int(folder.name): _read(folder / "stat") for folder in _PROC.glob("[0-9]*")}
    return {pid: int(stat.rpartition(")")[2].split()[1]) for pid, stat in stats.items() if stat}


def _proportional_kb(pid: int) -> int:
    found = re.search(r"^Pss:\s+(\d+) kB", _read(_PROC / str(pid) / "smaps_rollup"), re.M)
    return int(found[1]) if found else 0


def _read(file: Path) -> str:
    """Nothing of a process that ended meanwhile."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def of_port(port: int) -> int:
    """The process that has a connection from a port of this machine; 0 if it has ended."""
    rows = [line.split() for line in _read(_PROC / "net" / "tcp").splitlines()[1:]]
    local = f"0100007F:{port:04X}"
    inode = next((row[9] for row in rows if row[1] == local), None)
    wanted = f"socket:[{inode}]"
    for file in _PROC.glob("[0-9]*/fd/*"):
        try:
            if str(file.readlink()) == wanted:
                return int(file.parts[2])
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return 0
