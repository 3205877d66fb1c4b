"""A world for each module of tests, with the seams in place; it is reset, never shared by runs."""

import logging
from collections.abc import Iterator

import pytest

from linkwright import clock, observability
from tests import old_links
from tests import stack as stacks
from tests.faults.clouds import Cloud, Memory
from tests.faults.injection import CANARY
from tests.faults.world import World
from tests.faults.worlds import inhabited
from tests.stack import Stack


@pytest.fixture(scope="module")
def cloud(stack: Stack) -> Cloud:
    """Modules that want the emulator have a fixture of this name."""
    return Memory()


@pytest.fixture(scope="module")
def world(stack: Stack, cloud: Cloud) -> Iterator[World]:
    with inhabited(cloud) as world:
        yield world
    stacks.use(stack)


@pytest.fixture(autouse=True)
def exchange(world: World) -> World:
    """The carrier is the world's own."""
    return world


@pytest.fixture(scope="session", autouse=True)
def _links_are_old() -> Iterator[None]:
    """In the worlds too that a module has made before its first test."""
    with pytest.MonkeyPatch.context() as patch:
        old_links.pretend(patch)
        yield


class _Listener(logging.Handler):
    """Looks for the texts of exceptions, which may quote anything, in whatever is logged."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        self.look(record.msg, f"{record.getMessage()} {vars(record)}")

    def look(self, message: object, line: str) -> None:
        if CANARY in line:
            self._world.problems.append(f"logged the text of an exception: {message}")


@pytest.fixture(autouse=True)
def _listens(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    listener = _Listener(world)
    monkeypatch.setattr(
        observability, "write", lambda line: listener.look(line.get("message"), str(line))
    )
    logging.getLogger().addHandler(listener)
    yield
    logging.getLogger().removeHandler(listener)


@pytest.fixture(autouse=True)
def _no_time_passes(_no_waiting: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting changes nothing in a world whose clock the test moves."""
    monkeypatch.setattr(clock, "sleep", lambda seconds: None)
