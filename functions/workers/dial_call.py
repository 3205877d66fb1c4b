"""Queue DialQueue: dial a call, or those that are next in line."""

from linkwright import jobs
from linkwright.jobs import Work
from linkwright.voice.dialling import dialler, next_in_line
from linkwright.worker import queue_worker


@queue_worker(give_up=dialler.give_up)
def handler(work: Work) -> None:
    if work.kind == jobs.LINE:
        next_in_line.serve(work)
    else:
        dialler.dial(work)
