"""Directories of local clouds: to build and deploy takes minutes, and is done once for all."""

import json
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.system.make_run import READY, start
from tools.local_cloud import clerk, deployment, mail, name_server, telephone, vendors

_STAMP = re.compile(r'"Value": "([0-9a-f]{64})"')


def made(directory: Path) -> None:
    """What `make run` makes of nothing, and leaves when it is stopped."""
    with start(directory) as run:
        run.wait_until_it_says(READY)
        assert "Stopped; the data is kept" in run.end()
        assert run.process.returncode == 0


def copied(directory: Path, to: Path) -> Path:
    """The same on ports of its own, so that both can run at once."""
    shutil.copytree(directory, to, ignore=shutil.ignore_patterns("build", "*.log"))
    known = sorted(set(_ports(to)))
    moved = dict(zip(known, _free(len(known)), strict=True))
    ports = re.compile("|".join(rf"\b{port}\b" for port in known))
    for file in (*to.glob("*"), *(to / "state").glob("*.json")):
        if file.is_file():
            file.write_text(ports.sub(lambda found: moved[found[0]], file.read_text()))
    # The ports are among what the stack was deployed with.
    stamped = to / "state" / "ssm.json"
    [stamp] = set(_STAMP.findall(stamped.read_text()))
    stamped.write_text(stamped.read_text().replace(stamp, _fingerprint(to)))
    return to


def _ports(directory: Path) -> Iterator[str]:
    """Those of the first start, which each later one has too if they are free."""
    carriers = [f"{name}.json" for name in (telephone.LIVE, telephone.TEST)]
    for name in ("port", "names.json", "mail.json", vendors.FILE, *carriers):
        kept: Any = json.loads((directory / name).read_text())
        several = kept if isinstance(kept, list) else [kept]
        yield from (f"{one['port'] if isinstance(one, dict) else one}" for one in several)


def _free(count: int) -> list[str]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [str(one.getsockname()[1]) for one in taken]


def _fingerprint(directory: Path) -> str:
    """As the next start has it."""
    with (
        name_server.start(directory) as names,
        vendors.start(directory) as models,
        mail.start(directory) as letters,
    ):
        own = name_server.parameters(names) | vendors.parameters(models) | mail.parameters(letters)
    return deployment.fingerprint(clerk.parameters(directory) | telephone.parameters() | own)
