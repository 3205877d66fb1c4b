"""Queue FollowUpQueue: analyse an ended call, keep its recording, hang up."""

from linkwright.jobs import Work
from linkwright.voice.follow_up import worker
from linkwright.worker import queue_worker


@queue_worker(give_up=worker.give_up)
def handler(work: Work) -> None:
    worker.run(work)
