"""Queue WorkspaceQueue: what follows from a workspace's plan, its cycle, its use, its domains."""

from collections.abc import Callable, Mapping

from linkwright import jobs
from linkwright.credits import balances, holds
from linkwright.jobs import Work
from linkwright.webhooks import notices
from linkwright.worker import queue_worker
from linkwright.workspace import facts, thresholds


def _follow_plan(work: Work) -> None:
    """Credits first: the job is done once what credentials know is copied."""
    for partition in (work.sk, f"{work.sk}.test"):
        balances.follow_plan(partition)
    facts.copy(work)


def _look_again(work: Work) -> None:
    # What asks DNS is loaded where a domain is due: of most work here it is no part.
    from linkwright.links.domains import checking

    checking.look_again(work)


DONE_BY: Mapping[str, Callable[[Work], None]] = {
    jobs.PLAN: _follow_plan,
    jobs.HOLD: holds.sweep,
    jobs.RENEWAL: balances.renew,
    jobs.USAGE: thresholds.tell,
    jobs.NOTICE: notices.send,
    jobs.DOMAIN: _look_again,
}


@queue_worker()
def handler(work: Work) -> None:
    DONE_BY[work.kind](work)
