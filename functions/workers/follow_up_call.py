"""Queue FollowUpQueue: keep the recording of an ended call and analyse it."""

from linkwright.outbox import Work
from linkwright.voice import after_call
from linkwright.worker import queue_worker


@queue_worker
def handler(work: Work) -> None:
    after_call.run(work)
