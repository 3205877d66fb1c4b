"""Queue WorkspaceQueue: copy a workspace's facts to its credentials, tell what it has used."""

from collections.abc import Callable, Mapping

from linkwright import jobs
from linkwright.jobs import Work
from linkwright.webhooks import notices
from linkwright.worker import queue_worker
from linkwright.workspace import facts, thresholds

DONE_BY: Mapping[str, Callable[[Work], None]] = {
    jobs.PLAN: facts.copy,
    jobs.USAGE: thresholds.tell,
    jobs.NOTICE: notices.send,
}


@queue_worker()
def handler(work: Work) -> None:
    DONE_BY[work.kind](work)
