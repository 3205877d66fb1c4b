"""Queue FollowUpQueue: analyse an ended call, keep its recording, hang up."""

from linkwright.outbox import Work
from linkwright.voice.calls import after_call
from linkwright.worker import queue_worker


@queue_worker
def handler(work: Work) -> None:
    after_call.run(work)
