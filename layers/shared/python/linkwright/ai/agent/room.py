"""Room for the runs of one workspace and mode: there are few workers, each is taken for most of a
minute, and without a bound the backlog of one would stand before everybody's.
"""

from linkwright import pace
from linkwright.clock import NotYet
from linkwright.errors import TooManyRuns
from linkwright.pace import Slot
from linkwright.transaction import Transaction

# A quarter of the workers.
MOST = 5
# Longer than a run is tried for: it is left when that ends.
_LEASE_S = 3_600.0
# About as long as a run takes.
RETRY_AFTER_S = 30


def require(partition: str) -> None:
    """Raises `TooManyRuns`, before anything is held or made: a run may come of it."""
    try:
        pace.require_slot(_key(partition), MOST)
    except NotYet:
        raise TooManyRuns(RETRY_AFTER_S) from None


def take(tx: Transaction, run_id: str) -> str:
    """The lease by which it is left. Raises `NotYet` at the commit where there is none by now."""
    return pace.enter(tx, _key(tx.partition), MOST, run_id, _LEASE_S).lease


def leave(tx: Transaction, lease: str) -> None:
    """Also a second time."""
    pace.leave(tx, Slot(_key(tx.partition), lease))


def _key(partition: str) -> str:
    return f"runs#{partition}"
