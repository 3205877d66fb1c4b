"""Queue WorkspaceQueue: what follows from a workspace's plan, its use, its domains and links."""

from collections.abc import Callable, Mapping

from linkwright import jobs
from linkwright.credits import balances, handing_over
from linkwright.jobs import Work
from linkwright.webhooks import notices
from linkwright.worker import queue_worker
from linkwright.workspace import facts, thresholds


def _follow_plan(work: Work) -> None:
    """Credits first: the job is done once what credentials know is copied."""
    from linkwright.ai.own_key import expiry
    from linkwright.ai.scan import scanning

    for partition in (work.sk, f"{work.sk}.test"):
        balances.follow_plan(partition)
        scanning.begin(partition)
    expiry.follow_plan(work.sk)
    facts.copy(work)


def _look_again(work: Work) -> None:
    # Loaded where it is due, as what follows is: of most work here it is no part.
    from linkwright.links.domains import checking

    checking.look_again(work)


def _act(work: Work) -> None:
    from linkwright.ai.own_key import expiry
    from linkwright.ai.scan import mailing, scanning
    from linkwright.mailer.suppressions import stopping

    steps = {
        jobs.SUPPRESSION: stopping.stop,
        jobs.SCAN: scanning.run,
        jobs.ALERT_MAIL: mailing.send,
        jobs.OWN_KEY: expiry.destroy,
    }
    steps[work.kind](work)


DONE_BY: Mapping[str, Callable[[Work], None]] = {
    jobs.PLAN: _follow_plan,
    jobs.HOLD: handing_over.sweep,
    jobs.RENEWAL: balances.renew,
    jobs.USAGE: thresholds.tell,
    jobs.NOTICE: notices.send,
    jobs.DOMAIN: _look_again,
    **dict.fromkeys((jobs.SCAN, jobs.ALERT_MAIL, jobs.OWN_KEY, jobs.SUPPRESSION), _act),
}


@queue_worker()
def handler(work: Work) -> None:
    DONE_BY[work.kind](work)
