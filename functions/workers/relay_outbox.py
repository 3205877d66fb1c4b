"""Stream of CoreTable: send the jobs and events that ask for a message to their queues."""

from linkwright import relay
from linkwright.jobs import Change
from linkwright.worker import stream_worker


@stream_worker
def handler(changes: list[Change]) -> None:
    relay.relay(changes)
