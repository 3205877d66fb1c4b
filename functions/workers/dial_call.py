"""Queue DialQueue: dial the call that waits for longest."""

from linkwright.jobs import Work
from linkwright.voice.dialling import dialler
from linkwright.worker import queue_worker


@queue_worker()
def handler(work: Work) -> None:
    dialler.dial(work)
