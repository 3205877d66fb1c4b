"""Webhook endpoints: where a workspace has its events sent.

Their secrets and headers are sealed, and nothing that answers requests can open them.
"""

import json
from datetime import timedelta

from linkwright import clock, egress, ids, pagination, sealing, standard_webhooks
from linkwright.auth import Account
from linkwright.egress import EgressError
from linkwright.errors import Conflict, PlanLimitExceeded, ResourceNotFound, ValidationFailed
from linkwright.pagination import ListQuery, Page, Place, Placed
from linkwright.settings import settings
from linkwright.table import Item, Table, get, query
from linkwright.transaction import Outrun, Transaction
from linkwright.webhooks import health, queue
from linkwright.webhooks.models import (
    CreatedWebhook,
    CreateWebhook,
    RotatedSecret,
    UpdateWebhook,
    Webhook,
)

_ROUTE = "webhooks"
# For so long an old secret signs too.
OVERLAP = timedelta(hours=24)
# Most of a plan, and the ring.
_MOST = 100
_RING = "RING"


def create(account: Account, wanted: CreateWebhook, tx: Transaction) -> CreatedWebhook:
    """Errors: an address that is not public (400), the plan has no more endpoints (402)."""
    _require_receiver(wanted.url, wanted.arn)
    existing, ring = _all(account.partition)
    if len(existing) >= account.plan.webhooks:
        raise _too_many(account, len(existing))
    webhook_id, now = ids.new("wh"), clock.timestamp()
    shown = wanted.model_dump(mode="json", exclude_none=True, exclude={"headers"})
    item: Item = {
        **queue.endpoint_key(account.partition, webhook_id).attributes(),
        "view": {**shown, "id": webhook_id, "created_at": now, "updated_at": now},
        "status": "enabled",
        "v": 1,
        **_sealed_headers(account.partition, webhook_id, wanted.headers),
    }
    secret = None
    if wanted.type == "https":
        secret = standard_webhooks.new_secret()
        item["secrets"] = [{"sealed": sealing.seal(secret, account.partition, webhook_id)}]
    tx.put(Table.CORE, item)
    _raise_version(tx, ring)
    tx.audit("webhook.created", webhook_id, {"type": wanted.type, "events": wanted.events})
    return CreatedWebhook(secret=secret, **health.shown(item))


def change(account: Account, webhook_id: str, wanted: UpdateWebhook, tx: Transaction) -> Webhook:
    """Errors: no such endpoint (404), an address that is not public (400)."""
    item = existing(account.partition, webhook_id)
    changes = wanted.changes()
    if {"url", "headers"} & set(changes) and item["view"]["type"] != "https":
        raise ValidationFailed("Field 'url' is of endpoints of type https.", field="url")
    if "url" in changes:
        _require_receiver(changes["url"], None)
    headers, status = changes.pop("headers", None), changes.pop("status", None)
    after = {**item, "v": item["v"] + 1}
    after["view"] = {**item["view"], **changes, "updated_at": clock.timestamp()}
    if headers is not None:
        after |= _sealed_headers(account.partition, webhook_id, headers)
    if status is not None:
        after = {**_started_anew(after, item, status), "status": status}
    _write(tx, item, after)
    tx.audit("webhook.changed", webhook_id, {"fields": sorted(wanted.model_fields_set)})
    return Webhook.model_validate(health.shown(after))


def _started_anew(after: Item, item: Item, status: str) -> Item:
    if status == item["status"] or status != "enabled":
        return after
    forgotten = (*health.TRACES, "disabled_reason")
    return {name: value for name, value in after.items() if name not in forgotten}


def rotate(account: Account, webhook_id: str, tx: Transaction) -> RotatedSecret:
    """Errors: no such endpoint (404), one that is not signed for (409 `no_secret`)."""
    item = existing(account.partition, webhook_id)
    if "secrets" not in item:
        raise Conflict("Messages to an ARN are not signed.", reason="no_secret")
    secret, end = standard_webhooks.new_secret(), clock.timestamp(clock.now() + OVERLAP)
    # The newest one first; of older ones the last.
    newest = {"sealed": sealing.seal(secret, account.partition, webhook_id)}
    until = [{"sealed": item["secrets"][0]["sealed"], "until": end}]
    _write(tx, item, {**item, "v": item["v"] + 1, "secrets": [newest, *until]})
    tx.audit("webhook.secret_rotated", webhook_id, {"old_expires_at": end})
    return RotatedSecret(secret=secret, old_expires_at=end)


def delete(account: Account, webhook_id: str, tx: Transaction) -> None:
    """Nothing more is sent; what was sent is kept as long as it is. Errors: no such (404)."""
    _require_id(webhook_id)
    tx.delete(*(Table.CORE, queue.endpoint_key(account.partition, webhook_id)), otherwise=not_found)
    tx.audit("webhook.deleted", webhook_id)


def find(account: Account, webhook_id: str) -> Webhook:
    return Webhook.model_validate(health.shown(existing(account.partition, webhook_id)))


def listed(account: Account, query: ListQuery) -> Page[Webhook]:
    """Newest first. All are read at once, as a workspace has few."""

    def fetch(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
        found, _ = _all(account.partition)
        rows = [(Place(item["sk"], item["sk"]), item) for item in reversed(found)]
        return [row for row in rows if after is None or row[0] < after][:count], None

    return pagination.paged(
        account, _ROUTE, query, fetch, lambda item: Webhook.model_validate(health.shown(item))
    )


def of(partition: str) -> list[Item]:
    """All endpoints of a partition, strongly."""
    return _all(partition)[0]


def stored(partition: str, webhook_id: str) -> Item | None:
    return get(Table.CORE, queue.endpoint_key(partition, webhook_id))


def existing(partition: str, webhook_id: str) -> Item:
    """Errors: no such endpoint (404)."""
    _require_id(webhook_id)
    item = stored(partition, webhook_id)
    if item is None:
        raise not_found()
    return item


def not_found() -> ResourceNotFound:
    return ResourceNotFound("There is no such webhook.")


def _require_id(webhook_id: str) -> None:
    if not ids.matches("wh", webhook_id):
        raise not_found()


def _all(partition: str) -> tuple[list[Item], Item]:
    where = queue.endpoint_key(partition, _RING)
    rows, _ = query(Table.CORE, where.pk, limit=_MOST, newest_first=False, strong=True)
    ring = next((row for row in rows if row["sk"] == _RING), {**where.attributes(), "v": 0})
    return [row for row in rows if row["sk"] != _RING], ring


def _raise_version(tx: Transaction, ring: Item) -> None:
    """Of several that are made at once each sees the others. Raises `Outrun` at the commit."""
    tx.put(
        Table.CORE,
        {**ring, "v": ring["v"] + 1},
        condition="attribute_not_exists(#pk) OR #v = :seen",
        values={"seen": ring["v"]},
        otherwise=Outrun,
    )


def _write(tx: Transaction, before: Item, after: Item) -> None:
    """Write what was changed, and have a run: what waits may be sent now. Raises `Outrun`."""
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    gone = [name for name in before if name not in after]
    queue.ring(
        tx,
        before["sk"],
        changed=changed,
        gone=gone,
        condition="#v = :seen",
        values={"seen": before["v"]},
        otherwise=Outrun,
    )


def _require_receiver(url: str | None, arn: str | None) -> None:
    if url is not None:
        try:
            egress.judge(url)
        except EgressError as failure:
            raise ValidationFailed(f"Field 'url' is refused: {failure}.", field="url") from None
    if arn is not None and (arn not in settings().webhook_arns or not _is_near(arn)):
        text = "Field 'arn' must be one that the deployment allows, in its region."
        raise ValidationFailed(text, field="arn")


def _is_near(arn: str) -> bool:
    """Whether it is in the region of the deployment, as which requests are signed."""
    return arn.split(":")[3] == settings().aws_region


def _sealed_headers(partition: str, webhook_id: str, headers: dict[str, str]) -> Item:
    """The attributes that hold them: their names, and all of them sealed."""
    if not headers:
        return {"header_names": [], "sealed_headers": ""}
    sealed = sealing.seal(json.dumps(headers), partition, webhook_id)
    return {"header_names": sorted(headers), "sealed_headers": sealed}


def _too_many(account: Account, used: int) -> PlanLimitExceeded:
    return PlanLimitExceeded(
        "The plan has no more webhooks.",
        dimension="webhooks",
        limit=account.plan.webhooks,
        used=used,
        upgrade_to=account.plan.upgrade_to,
    )
