"""Each minute: send again what waited too long in the outbox, shard by shard."""

from collections.abc import Mapping
from typing import Any

from linkwright import jobs, sweeper
from linkwright.worker import scheduled


@scheduled
def handler(event: Mapping[str, Any]) -> int:
    # By hand, without a shard: all of them.
    shards = [event["shard"]] if "shard" in event else range(jobs.DUE_SHARDS)
    return sum(sweeper.sweep(shard) for shard in shards)
