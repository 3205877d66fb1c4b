"""What becomes of the deliveries of an endpoint, and asking for them: a test, and again."""

from linkwright import events, jobs, pagination
from linkwright.auth import Account
from linkwright.errors import Conflict
from linkwright.pagination import Fetch, Page
from linkwright.table import Item, Table
from linkwright.transaction import Outrun, Transaction
from linkwright.webhooks import catalogue, deliveries, endpoints, health, queue
from linkwright.webhooks.models import DeliveriesQuery, Delivery, SendTest

_ROUTE = "webhooks/deliveries"


def page(account: Account, webhook_id: str, query: DeliveriesQuery) -> Page[Delivery]:
    """By the time of their events, newest first. Errors: no such endpoint (404)."""
    endpoints.existing(account.partition, webhook_id)
    route = f"{_ROUTE}/{webhook_id}"
    return pagination.paged(account, route, query, _fetch(account, webhook_id, query), _show)


def _fetch(account: Account, webhook_id: str, query: DeliveriesQuery) -> Fetch:
    base = deliveries.partition(account.partition, webhook_id)
    if query.event_id is not None:
        one = deliveries.id_of(query.event_id, webhook_id)
        return pagination.partition(Table.CORE, base, between=(one, one))
    if query.status is not None:
        name = deliveries.status_partition(account.partition, webhook_id, query.status)
        return pagination.partition(Table.CORE, name, index="gsi3", base=base)
    return pagination.partition(Table.CORE, base)


def _show(row: Item) -> Delivery:
    return Delivery.model_validate(row["view"])


def send_test(account: Account, webhook_id: str, wanted: SendTest, tx: Transaction) -> Delivery:
    """Send the sample of a type to this endpoint alone, whatever it listens to.

    Errors: no such endpoint (404), one that is disabled (409 `webhook_disabled`).
    """
    require_enabled(endpoints.existing(account.partition, webhook_id))
    sample = catalogue.sample(wanted.type)
    sequence = catalogue.sample_sequence(wanted.type)
    event = events.event(account.partition, wanted.type, sample, sequence, tx.request_id)
    # Nobody else is told of it: it is no job, and nothing that happened.
    told = {name: value for name, value in event.items() if name not in _ASKS}
    told |= events.test_key(account.partition, event["id"]).attributes()
    details = catalogue.sample_details(wanted.type)
    tx.put(Table.CORE, {**told, "details": details, "only": webhook_id})
    view = deliveries.request(tx, webhook_id, event, Outrun)
    queue.ring(tx, webhook_id, gone=health.RESTS, otherwise=endpoints.not_found)
    return Delivery.model_validate(view)


# Of an event's item, what makes it a job, and by what lists find it.
_ASKS = frozenset({*jobs.ATTRIBUTES, "gsi1pk", "gsi1sk", "gsi3pk"})


def require_enabled(endpoint: Item) -> None:
    if endpoint["status"] == "disabled":
        raise Conflict("The webhook is disabled.", reason="webhook_disabled")
