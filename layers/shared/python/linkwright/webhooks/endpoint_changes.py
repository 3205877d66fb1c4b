"""Making and changing webhook endpoints.

Their secrets and headers are sealed, and nothing that answers requests can open them.
"""

import json
from datetime import timedelta
from typing import Any

from linkwright import clock, egress, ids, ownership, sealing, standard_webhooks, usage
from linkwright.auth import Account
from linkwright.egress import EgressError
from linkwright.errors import Conflict, ValidationFailed
from linkwright.settings import settings
from linkwright.table import Item, Table
from linkwright.transaction import Outrun, Transaction
from linkwright.webhooks import endpoints, health, queue
from linkwright.webhooks.models import (
    CreatedWebhook,
    CreateWebhook,
    RotatedSecret,
    UpdateWebhook,
    Webhook,
)

# For so long an old secret signs too, of the last few.
OVERLAP = timedelta(hours=24)
MOST_SECRETS = 5


def create(account: Account, wanted: CreateWebhook, tx: Transaction) -> CreatedWebhook:
    """Errors: an address that is not public, an ARN that is not the workspace's (400), the plan has
    no more endpoints (402).
    """
    _require_receiver(wanted.url, wanted.arn)
    present, ring = endpoints.all_of(account.partition)
    if len(present) >= account.plan.webhooks:
        raise usage.no_more(account, "webhooks", len(present))
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
    if wanted.arn is not None:
        ownership.require(tx, endpoints.arn_key(wanted.arn), _not_registered)
    _raise_version(tx, ring)
    tx.audit("webhook.created", webhook_id, {"type": wanted.type, "events": wanted.events})
    return CreatedWebhook(secret=secret, **health.shown(item))


def change(account: Account, webhook_id: str, wanted: UpdateWebhook, tx: Transaction) -> Webhook:
    """Errors: no such endpoint (404), an address that is not public, an ARN that is the workspace's
    no more (400).
    """
    item = endpoints.existing(account.partition, webhook_id)
    changes = wanted.changes()
    of_https = [name for name in ("url", "headers") if name in changes]
    if of_https and item["view"]["type"] != "https":
        text = f"Field '{of_https[0]}' is of endpoints of type https."
        raise ValidationFailed(text, field=of_https[0])
    if "url" in changes:
        _require_receiver(changes["url"], None)
    headers, status = changes.pop("headers", None), changes.pop("status", None)
    if headers is None and _is_so(item, changes, status or item["status"]):
        # Who sends it again, as nobody answered, changes nothing.
        return Webhook.model_validate(health.shown(item))
    after = {**item, "v": item["v"] + 1}
    after["view"] = {**item["view"], **changes, "updated_at": clock.timestamp()}
    if headers is not None:
        after |= _sealed_headers(account.partition, webhook_id, headers)
    if status is not None:
        after["status"] = status
    after = _started_anew(after, item)
    _write(tx, item, after)
    # Whoever has lost it may still switch it off.
    if "arn" in item["view"] and after["status"] == "enabled":
        ownership.require(tx, endpoints.arn_key(item["view"]["arn"]), _not_registered)
    tx.audit("webhook.changed", webhook_id, {"fields": sorted(wanted.model_fields_set)})
    return Webhook.model_validate(health.shown(after))


def _is_so(item: Item, changes: dict[str, Any], status: str) -> bool:
    """Whether an endpoint is already as a change would have it."""
    same = all(item["view"].get(name) == value for name, value in changes.items())
    return same and item["status"] == status


def _started_anew(after: Item, item: Item) -> Item:
    """Without what is no longer so: another receiver has not failed, nor one that is enabled.

    What was not sent meanwhile is asked for by what is known of the failure.
    """
    is_enabled = after["status"] != item["status"] and after["status"] == "enabled"
    is_moved = after["view"].get("url") != item["view"].get("url")
    forgotten = {"disabled_reason"} if after["status"] != item["status"] else set()
    forgotten |= {*health.TRACES} if is_enabled or is_moved else set()
    forgotten |= {"mailed_at"} if is_moved else set()
    kept = {name: value for name, value in after.items() if name not in forgotten}
    if item["status"] != "enabled" and "failing" in forgotten and (failure := health.failure(item)):
        kept[health.BEFORE] = failure
    return kept


def rotate(account: Account, webhook_id: str, tx: Transaction) -> RotatedSecret:
    """Errors: no such endpoint (404), one that is not signed for (409 `no_secret`)."""
    item = endpoints.existing(account.partition, webhook_id)
    if "secrets" not in item:
        raise Conflict("Messages to an ARN are not signed.", reason="no_secret")
    secret, end = standard_webhooks.new_secret(), clock.timestamp(clock.now() + OVERLAP)
    # The newest one first. Whoever did not hear it rotates again: older ones keep their time.
    newest = {"sealed": sealing.seal(secret, account.partition, webhook_id)}
    last, *older = item["secrets"]
    old = [last | {"until": end}, *(one for one in older if clock.timestamp() < one["until"])]
    _write(tx, item, {**item, "v": item["v"] + 1, "secrets": [newest, *old][:MOST_SECRETS]})
    tx.audit("webhook.secret_rotated", webhook_id, {"old_expires_at": end})
    return RotatedSecret(secret=secret, old_expires_at=end)


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


def _not_registered() -> ValidationFailed:
    return ValidationFailed(
        "Field 'arn' must be one that is registered to the workspace.",
        field="arn",
        reason="arn_not_registered",
    )


def _is_near(arn: str) -> bool:
    """Whether it is in the region of the deployment, as which requests are signed."""
    return arn.split(":")[3] == settings().aws_region


def _sealed_headers(partition: str, webhook_id: str, headers: dict[str, str]) -> Item:
    """The attributes that hold them: their names, and all of them sealed."""
    if not headers:
        return {"header_names": [], "sealed_headers": ""}
    sealed = sealing.seal(json.dumps(headers), partition, webhook_id)
    return {"header_names": sorted(headers), "sealed_headers": sealed}
