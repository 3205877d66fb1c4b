"""GET /v1/events/{event_id}: retrieve an event as it is sent to webhooks."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.webhooks.logs import event_log
from linkwright.webhooks.logs.event_models import Event


@endpoint(scope="events:read")
def handler(account: Account, event_id: str) -> Event:
    return event_log.find(account, event_id)
