"""Writing down what a scan has found: all of it at once, or as much as a transaction takes."""

from collections.abc import Iterator, Sequence

from linkwright.ai.scan import letters
from linkwright.ai.scan.letters import Told
from linkwright.ai.scan.looking import Change
from linkwright.links import operations as links
from linkwright.transaction import Outrun, Transaction

# With what else the last transaction has, below what one takes.
_MOST = 90


def write(tx: Transaction, changes: Sequence[Change], scan: Told) -> int:
    """Add what fits to a transaction; what does not is written before, and apart. Returns how many
    alerts are told by all of them. Raises `Outrun` at the commit where it is not so any more.
    """
    batches = [*_batches(sorted(changes, key=lambda one: one.told is not None))] or [[]]
    if len(batches) == 1:
        return _add(tx, batches[0], scan)
    # All of them: who made the commit anew would count and mail what was written as another scan's.
    told = 0
    for batch in batches:
        told += _written(tx, batch, scan._replace(before=scan.before + told))
    return told


def _batches(changes: Sequence[Change]) -> Iterator[list[Change]]:
    batch: list[Change] = []
    room = _MOST
    for one in changes:
        # And that its link is as it was.
        needed = one.operations + (one.link is not None)
        if needed > room:
            yield batch
            batch, room = [], _MOST
        batch.append(one)
        room -= needed
    if batch:
        yield batch


def _written(of: Transaction, batch: Sequence[Change], scan: Told) -> int:
    """One by one, if one of them is not so any more: that one is the next scan's."""
    tx = Transaction(of.partition, of.request_id)
    told = _add(tx, batch, scan)
    try:
        tx.commit()
    except Outrun:
        return sum(_written(of, [one], scan) for one in batch) if len(batch) > 1 else 0
    return told


def _add(tx: Transaction, batch: Sequence[Change], scan: Told) -> int:
    for link in {one.link["sk"]: one.link for one in batch if one.link is not None}.values():
        links.require_unchanged(tx, link)
    for one in batch:
        one.add(tx)
    told = [one.told.message for one in batch if one.told is not None]
    if told:
        letters.ask(tx, scan, told)
    return len(told)
