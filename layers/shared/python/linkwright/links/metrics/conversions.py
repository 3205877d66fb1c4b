"""Conversions: what somebody did who followed a link. The worker of clicks counts them."""

from datetime import timedelta

from linkwright import clock
from linkwright.auth import Account
from linkwright.errors import Conflict, ResourceNotFound
from linkwright.links import items, links
from linkwright.links.metrics.conversions_models import AddConversion, Conversion
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Outrun, Transaction

KEPT = timedelta(days=90)
# In which a click counts whatever its workspace says.
_AT_ONCE = timedelta(days=1)
# What was known of the click is counted of what comes of it.
_COPIED = ("partition", "link", "host", "domain", "campaign", "qr")


def add(account: Account, wanted: AddConversion, tx: Transaction) -> Conversion:
    """One that is there already is shown as it was told of first.

    Errors: no such click of a person in as many days as the workspace says, or its link is gone
    (404), conversions of the link are not tracked (409).
    """
    click = _click(account.partition, wanted.click_id)
    place = items.conversion_key(Key(click["pk"], click["sk"]), wanted.event)
    known = get(Table.CLICKS, place)
    if known is not None:
        return _shown(known)
    link = links.stored(account.partition, click["link"])
    if link is None:
        raise ResourceNotFound("The link of the click is gone.", field="click_id")
    if not link["view"]["track_conversion"]:
        raise Conflict("Conversions of this link are not tracked.", reason="not_tracked")
    item: Item = {
        **place.attributes(),
        **{name: click[name] for name in _COPIED if name in click},
        "click": click["sk"],
        "event": wanted.event,
        "at": clock.timestamp(),
        "ttl": clock.epoch() + int(KEPT.total_seconds()),
        "count": 1,
    }
    if wanted.value is not None:
        item |= {"value": wanted.value, "currency": wanted.currency}
    tx.put(Table.CLICKS, item, otherwise=Outrun)
    return _shown(item)


def _click(partition: str, click_id: str) -> Item:
    key = items.click_key(click_id)
    click = get(Table.CLICKS, key) if key is not None else None
    if click is None or click["partition"] != partition or "bot" in click:
        raise _no_click()
    # DynamoDB deletes it when it comes to it.
    age = clock.now() - clock.parse(click["at"])
    if age > _AT_ONCE and age > _window(partition):
        raise _no_click()
    return click


def _window(partition: str) -> timedelta:
    # Most are told of on the day of the click: for these neither is it loaded nor asked.
    from linkwright.workspace.operations import tenant

    return timedelta(days=tenant(partition).settings.conversion_window_days)


def _no_click() -> ResourceNotFound:
    text = "There is no such click, or it is longer ago than conversions count."
    return ResourceNotFound(text, field="click_id")


def _shown(item: Item) -> Conversion:
    return Conversion(
        click_id=item["click"],
        link_id=item["link"],
        event=item["event"],
        value=item.get("value"),
        currency=item.get("currency"),
        created_at=item["at"],
    )
