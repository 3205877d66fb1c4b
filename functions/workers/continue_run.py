"""Queue RunQueue: go on with a run of the agent that takes longer than a request."""

from linkwright.ai.agent import going_on
from linkwright.jobs import Work
from linkwright.worker import queue_worker


@queue_worker(give_up=going_on.give_up)
def handler(work: Work) -> None:
    going_on.go_on(work)
