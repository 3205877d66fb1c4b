"""Stream of CoreTable: send new jobs and events to their queues."""

from linkwright import relay
from linkwright.outbox import Work
from linkwright.worker import stream_worker


@stream_worker
def handler(batch: list[Work]) -> set[str]:
    return relay.send(batch)
