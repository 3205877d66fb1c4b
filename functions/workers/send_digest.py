"""Queue DigestQueue: have a workspace's week mailed, and mail it to a member."""

from collections.abc import Callable, Mapping

from linkwright import jobs
from linkwright.ai.digest import mailing, weekly
from linkwright.jobs import Work
from linkwright.worker import queue_worker

DONE_BY: Mapping[str, Callable[[Work], None]] = {
    jobs.DIGEST: weekly.run,
    jobs.DIGEST_MAIL: mailing.send,
}


@queue_worker()
def handler(work: Work) -> None:
    DONE_BY[work.kind](work)
