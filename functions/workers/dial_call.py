"""Queue DialQueue: dial a call and see it through."""

from linkwright.outbox import Work
from linkwright.voice import operations
from linkwright.worker import queue_worker


@queue_worker
def handler(work: Work) -> None:
    operations.dial(work)
