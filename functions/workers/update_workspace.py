"""Queue WorkspaceQueue: copy a workspace's plan and name to its credentials."""

from collections.abc import Callable, Mapping

from linkwright import jobs
from linkwright.jobs import Work
from linkwright.worker import queue_worker
from linkwright.workspace import facts

DONE_BY: Mapping[str, Callable[[Work], None]] = {jobs.PLAN: facts.copy}


@queue_worker()
def handler(work: Work) -> None:
    DONE_BY[work.kind](work)
