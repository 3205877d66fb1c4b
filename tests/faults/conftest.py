"""A world for each module of tests, with the seams in place; it is reset, never shared by runs."""

import logging
from collections.abc import Iterator

import pytest

from linkwright import aws, clock, ids, outbox, table, transaction
from tests import stack as stacks
from tests.faults import matrix
from tests.faults.injection import CANARY
from tests.faults.seams import Boto3Hooks, FaultyDriver, Seam
from tests.faults.world import World
from tests.stack import Stack

# A sweep asks each shard: two show all that eight would.
SHARDS = 2


@pytest.fixture(scope="module")
def world(stack: Stack, request: pytest.FixtureRequest) -> Iterator[World]:
    name = request.module.__name__.rpartition(".")[2]
    mine = stacks.deploy(stack.endpoint, name.replace("_", "-"))
    stacks.use(mine)
    seam = Seam()
    world = World(mine, seam)
    hooks, driver, clients = (
        Boto3Hooks(seam),
        FaultyDriver(table.driver(), seam),
        (aws.sqs(), aws.s3()),
    )
    for client in clients:
        hooks.install(client)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(table, "driver", lambda: driver)
        patched.setattr(transaction, "driver", lambda: driver)
        patched.setattr(clock, "now", world.now)
        patched.setattr(ids, "new", world.new_id)
        patched.setattr(outbox, "DUE_SHARDS", SHARDS)
        world.furnish()
        yield world
    for client in clients:
        hooks.remove(client)
    stacks.use(stack)


class _Listener(logging.Handler):
    """Looks for the texts of exceptions, which may quote anything, in whatever is logged."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        if CANARY in f"{record.getMessage()} {vars(record)}":
            self._world.problems.append(f"logged the text of an exception: {record.msg}")


@pytest.fixture(autouse=True)
def _listens(world: World) -> Iterator[None]:
    listener = _Listener(world)
    logging.getLogger().addHandler(listener)
    yield
    logging.getLogger().removeHandler(listener)


@pytest.fixture(autouse=True)
def _no_time_passes(_no_waiting: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting changes nothing in a world whose clock the test moves."""
    monkeypatch.setattr(clock, "sleep", lambda seconds: None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in matrix.TALLY.lines():
        terminalreporter.write_line(line)
