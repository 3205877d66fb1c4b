"""Which faults are put to a call: those that the code above its client can tell apart.

All eleven are put to each client in `test_seams.py`. That shows that a read, of a table, the secret
or a sealed key, fails in one way whatever struck it, and that a transaction mends what strikes it
once: one fault stands for many here. A process that is killed before a call leaves what it leaves
when it is killed after the call before, and a read changes nothing: only after an effect a kill is
new.
"""

from collections.abc import Iterable, Iterator, Sequence

from tests.faults.injection import Fault, Injector, Reach
from tests.faults.seams import CARRIER, MANY, QUERY, RECEIVER, SITE, TRANSACT

_READS = {"sync_get_item", MANY, QUERY, "get_secret_value", "generate_data_key", "decrypt"}
_UPDATE = "sync_update_item"

Blow = tuple[Fault, Reach]
"""A fault, and what it strikes."""

_READ: tuple[Blow, ...] = (
    (Fault.GARBAGE, Reach.ONCE),
    (Fault.ERROR_503, Reach.ONCE),
    (Fault.ERROR_503, Reach.OUTAGE),
)
_WRITE: tuple[Blow, ...] = (
    (Fault.ERROR_503, Reach.ONCE),
    (Fault.ERROR_503, Reach.OUTAGE),
    (Fault.LOST_REPLY, Reach.ONCE),
    (Fault.READ_TIMEOUT, Reach.ONCE),
    (Fault.KILL_AFTER, Reach.ONCE),
)
# All tries: what strikes one of them is over when the next one passes.
_TRANSACTION: tuple[Blow, ...] = (
    (Fault.ERROR_503, Reach.OUTAGE),
    (Fault.LOST_REPLY, Reach.TRIES),
    (Fault.READ_TIMEOUT, Reach.TRIES),
    (Fault.KILL_AFTER, Reach.ONCE),
)
# An answer without what was asked for is a success to the client: who asked has to look.
_OF_A_SERVICE: tuple[Blow, ...] = (
    *_WRITE,
    (Fault.CONNECT_TIMEOUT, Reach.ONCE),
    (Fault.GARBAGE, Reach.ONCE),
)
# What is known of an order differs with every fault.
_OF_THE_CARRIER: tuple[Blow, ...] = (
    *((fault, Reach.ONCE) for fault in Fault if fault is not Fault.KILL_BEFORE),
    *((fault, Reach.OUTAGE) for fault in Fault if not fault.kills),
)
# What says 2xx has taken the message, whatever else it says.
_OF_A_RECEIVER = tuple(blow for blow in _OF_THE_CARRIER if blow[0] is not Fault.GARBAGE)


def injectors(calls: Sequence[str], among: Iterable[Fault] = tuple(Fault)) -> Iterator[Injector]:
    """Each fault at each call; of equal ones in a row, such as a search, at the first and last."""
    for at, call in enumerate(calls, start=1):
        if calls[at - 2 : at + 1] != (call,) * 3:
            yield from (Injector(f, at, reach) for f, reach in _blows(call) if f in among)


def effects(calls: Sequence[str]) -> list[int]:
    """The numbers of the calls that may change something."""
    reads = (*_READS, f"{CARRIER} GET", f"{SITE} GET")
    return [at for at, call in enumerate(calls, start=1) if not call.startswith(reads)]


def _blows(call: str) -> tuple[Blow, ...]:
    operation = _operation(call)
    if operation in _READS:
        return _READ
    named = {
        _UPDATE: _WRITE,
        TRANSACT: _TRANSACTION,
        CARRIER: _OF_THE_CARRIER,
        RECEIVER: _OF_A_RECEIVER,
        # Whatever it answers is what was found: another answer is another end.
        SITE: (),
    }
    return named.get(operation, _OF_A_SERVICE)


def _operation(call: str) -> str:
    return call.partition(" ")[0]
