"""How many leads of a campaign have each status: counters that changes add to, in shards.

A lead that moves is counted where its address says; those that are pushed together all at the first
one's, as that is one item of their transaction. So one shard may be below zero, and the sum is what
counts.
"""

from collections import Counter
from collections.abc import Mapping

from linkwright.mailer import items
from linkwright.mailer.items import STATS_SHARDS, LeadStatus
from linkwright.table import Table, query
from linkwright.transaction import Transaction

_PREFIX = "n_"


def count(
    tx: Transaction, campaign_id: str, address_hash: str, changes: Mapping[LeadStatus, int]
) -> None:
    """Add to the counts, in the shard of an address."""
    tx.update(
        Table.CORE,
        items.stats_key(tx.partition, campaign_id, address_hash),
        "ADD " + ", ".join(f"#{_PREFIX}{status} :{status}" for status in changes),
        values={str(status): number for status, number in changes.items()},
    )


def read(partition: str, campaign_id: str) -> dict[str, int]:
    """The leads of a campaign by status, those of which there are any."""
    where = items.stats_partition(partition, campaign_id)
    shards, _ = query(Table.CORE, where, limit=STATS_SHARDS, strong=True)
    counted: Counter[str] = Counter()
    for shard in shards:
        for name, number in shard.items():
            if name.startswith(_PREFIX):
                counted[name.removeprefix(_PREFIX)] += int(number)
    return {status: number for status, number in counted.items() if number > 0}
