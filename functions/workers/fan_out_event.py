"""Queue EventQueue: have events delivered to the webhook endpoints that want them, or again."""

from collections.abc import Callable, Mapping

from linkwright import jobs
from linkwright.jobs import Work
from linkwright.webhooks import fan_out, replays
from linkwright.worker import queue_worker

DONE_BY: Mapping[str, Callable[[Work], None]] = {
    jobs.EVENT: fan_out.deliver,
    jobs.REPLAY: replays.carry_on,
}


@queue_worker()
def handler(work: Work) -> None:
    DONE_BY[work.kind](work)
