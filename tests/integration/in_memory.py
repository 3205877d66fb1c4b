"""The template's tables in memory, in place of the emulator's: fast, and seen at a glance."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from linkwright import table, transaction
from tests.simulation.tables import Tables
from tests.stack import Stack


@contextmanager
def in_memory(stack: Stack) -> Iterator[Tables]:
    made = Tables(stack.names)
    with pytest.MonkeyPatch.context() as patch:
        for module in (table, transaction):
            patch.setattr(module, "driver", lambda: made)
        yield made
