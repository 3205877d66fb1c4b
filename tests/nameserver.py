"""DNS as the tests have it: the local cloud's, with names that each test adds."""

import tempfile
from functools import cache
from pathlib import Path

from tools.local_cloud.name_server import FILE, NameServer


@cache
def server() -> NameServer:
    """One in each process; as nobody waits for its end, it has none."""
    made = NameServer(Path(tempfile.mkdtemp()) / FILE)
    made.start()
    return made


def say(name: str, kind: str, value: str = "") -> None:
    """Add a record."""
    with server().file.open("a") as file:
        file.write(f'{name} {kind} "{value}"\n')


def forget(name: str) -> None:
    """Take all records of a name away."""
    lines = server().file.read_text().splitlines(keepends=True)
    server().file.write_text("".join(line for line in lines if not line.startswith(f"{name} ")))
