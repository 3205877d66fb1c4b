"""Queue WebhookQueue: send what is due to a webhook endpoint."""

from linkwright.jobs import Work
from linkwright.webhooks import deliverer
from linkwright.worker import queue_worker


@queue_worker()
def handler(work: Work) -> None:
    deliverer.run(work)
