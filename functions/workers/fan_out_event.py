"""Queue EventQueue: have an event delivered to each webhook endpoint that wants it."""

from linkwright.jobs import Work
from linkwright.webhooks import fan_out
from linkwright.worker import queue_worker


@queue_worker()
def handler(work: Work) -> None:
    fan_out.deliver(work)
