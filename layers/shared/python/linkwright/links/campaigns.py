"""Link campaigns: what links are grouped by."""

from linkwright import clock, ids, pagination
from linkwright.auth import Account
from linkwright.errors import Conflict, ResourceNotFound
from linkwright.links import items
from linkwright.links.campaign_models import Campaign, CreateCampaign, UpdateCampaign
from linkwright.pagination import ListQuery, Page
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction

_ROUTE = "campaigns"
_FIRST = 1


def create(account: Account, wanted: CreateCampaign, tx: Transaction) -> Campaign:
    campaign_id, now = ids.new("lcmp"), clock.timestamp()
    view: Item = {
        **wanted.model_dump(exclude_none=True),
        "id": campaign_id,
        "created_at": now,
        "updated_at": now,
        "version": _FIRST,
    }
    where = items.campaign_key(account.partition, campaign_id)
    tx.put(Table.CORE, {**where.attributes(), "view": view, "v": _FIRST, "links": 0})
    return shown(view)


def find(account: Account, campaign_id: str) -> Campaign:
    """Errors: no such campaign (404)."""
    return shown(_existing(account.partition, campaign_id)["view"])


def listed(account: Account, query: ListQuery) -> Page[Campaign]:
    """The newest first."""
    fetch = pagination.partition(Table.CORE, items.campaign_key(account.partition, "").pk)
    return pagination.paged(account, _ROUTE, query, fetch, lambda row: shown(row["view"]))


def change(account: Account, campaign_id: str, wanted: UpdateCampaign, tx: Transaction) -> Campaign:
    """Errors: no such campaign (404)."""
    row = _existing(account.partition, campaign_id)
    old = row["view"]
    view = {name: value for name, value in {**old, **wanted.changes()}.items() if value is not None}
    if view == old:
        return shown(old)
    view |= {"updated_at": clock.timestamp(), "version": row["v"] + 1}
    tx.update(
        Table.CORE,
        items.campaign_key(account.partition, campaign_id),
        "SET #view = :view, #v = :v",
        condition="#v = :seen",
        values={"view": view, "v": view["version"], "seen": row["v"]},
        otherwise=Outrun,
    )
    return shown(view)


def delete(account: Account, campaign_id: str, tx: Transaction) -> None:
    """What its links counted is kept. Errors: no such campaign (404), links are in it (409)."""
    if _existing(account.partition, campaign_id).get("links"):
        raise Conflict("Links are in this campaign: move them first.", reason="campaign_in_use")
    where = items.campaign_key(account.partition, campaign_id)
    tx.delete(Table.CORE, where, condition="#links = :none", values={"none": 0}, otherwise=Outrun)


def _existing(partition: str, campaign_id: str) -> Item:
    row = None
    if ids.matches("lcmp", campaign_id):
        row = get(Table.CORE, items.campaign_key(partition, campaign_id))
    if row is None:
        raise _not_found()
    return row


def _not_found() -> ResourceNotFound:
    return ResourceNotFound("There is no such campaign.")


def shown(view: Item) -> Campaign:
    return Campaign.model_validate(view)
