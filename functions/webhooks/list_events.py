"""GET /v1/events: list events, newest first, by type or by object."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.pagination import Page
from linkwright.webhooks.logs import event_log
from linkwright.webhooks.logs.event_models import Event, EventsQuery


@endpoint(scope="events:read")
def handler(account: Account, query: EventsQuery) -> Page[Event]:
    return event_log.page(account, query)
