"""Writing the demo's links, and moving what was counted of them to the days before today.

Rows are added to, never written over: what somebody's own clicks came to stays in them.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from linkwright import clock, usage
from linkwright.links import aliases, candidates, changes, items, references
from linkwright.links.domains import own_names
from linkwright.links.metrics import rows
from linkwright.links.models import CreateLink
from linkwright.table import Item, Key, Table, get, get_many
from linkwright.transaction import MAX_OPERATIONS, Transaction
from linkwright.workspace import operations
from tools.demo_links import CAMPAIGNS, DAYS, DOMAIN, DOMAIN_ID, LINKS, DemoLink, counted
from tools.workspace import OPERATOR

Rows = dict[Key, Counter[str]]

_NOT_CHANGED_SINCE = "attribute_not_exists(#pk) OR #v = :v"
# Nor was anything counted there.
_NOT_JOINED_SINCE = "attribute_not_exists(#pk) OR (#v = :v AND #links = :links)"

# As an address for short links of whoever does not say where the API is.
NOWHERE = "http://127.0.0.1:8000"
_HOSTS = {None: items.OWN_HOST, DOMAIN_ID: DOMAIN}


def ensure(partition: str, base_url: str = NOWHERE) -> None:
    """Make what is missing, and have all of it end yesterday, by the workspace's clock."""
    zone = ZoneInfo(operations.tenant(partition).settings.time_zone)
    today = clock.now().astimezone(zone).date()
    _ensure_domain(partition, today)
    _ensure_campaigns(partition, today)
    _move_rows(partition, today)
    keys = [items.link_key(partition, link.id) for link in LINKS]
    domain = items.domain_key(partition, DOMAIN_ID)
    # With one that is there for certain: an answer without any item is none.
    known = get_many(Table.CORE, [domain, *keys], strong=True)
    for link, key in zip(LINKS, keys, strict=True):
        _ensure_link(partition, link, known.get(key), today, base_url)


# ---- what was counted ----------------------------------------------------------------------------


def _mark(partition: str) -> Key:
    """Up to which day rows are there: `day`; while they are moved, to which, and how far."""
    return Key(f"W#{partition}#DEMO", "LINKS")


def _move_rows(partition: str, today: date) -> None:
    """A start that is stopped in between is gone on with by the next."""
    mark = _mark(partition)
    at = get(Table.CORE, mark) or {"done": 0}
    if "to" not in at:
        if at.get("day") == today.isoformat():
            return
        at = {**at, "to": today.isoformat(), "done": 0}
    goal = date.fromisoformat(at["to"])
    before = planted(partition, date.fromisoformat(at["day"])) if "day" in at else {}
    for done, few in enumerate(_parts(before, planted(partition, goal))):
        if done < at["done"]:
            continue
        tx = Transaction(partition, OPERATOR)
        state = {name: at[name] for name in ("day", "to") if name in at} | {"done": done + 1}
        tx.put(Table.CORE, {**mark.attributes(), **state}, condition="")
        for key, adds in few:
            _add(tx, key, adds)
        tx.commit()
    tx = Transaction(partition, OPERATOR)
    tx.put(Table.CORE, {**mark.attributes(), "day": at["to"]}, condition="")
    tx.commit()
    if goal != today:
        _move_rows(partition, today)


def planted(partition: str, today: date) -> Rows:
    """The rows of all days, of links, scans, campaigns, domains and the workspace."""
    found: Rows = {}
    for link in LINKS:
        for ago, counts in link.days.items():
            day = f"{today - timedelta(days=ago):%Y%m%d}"
            all_, scans = counted(counts, tracked=link.tracked)
            named = {
                items.link_rows(partition, link.id): all_,
                items.link_rows(partition, link.id, scanned=True): scans,
                items.workspace_rows(partition): all_,
                items.domain_rows(partition, link.domain): all_,
            }
            if link.campaign is not None:
                named[items.campaign_rows(partition, link.campaign)] = all_
            for name, adds in named.items():
                if adds:
                    found.setdefault(items.day_row(name, day), Counter()).update(adds)
    return found


def _parts(before: Rows, after: Rows) -> Iterator[list[tuple[Key, Counter[str]]]]:
    """What is to be added, as much as a transaction takes at once beside its mark."""
    changed = iter(_differences(before, after))
    while few := list(islice(changed, MAX_OPERATIONS - 1)):
        yield few


def _differences(before: Rows, after: Rows) -> Iterator[tuple[Key, Counter[str]]]:
    nothing = Counter[str]()
    for key in sorted(before.keys() | after.keys()):
        adds = Counter(after.get(key, nothing))
        adds.subtract(before.get(key, nothing))
        if changed := Counter({name: n for name, n in adds.items() if n}):
            yield key, changed


def _add(tx: Transaction, key: Key, adds: Counter[str]) -> None:
    names = {f"n{at}": name for at, name in enumerate(sorted(adds))}
    values: Item = {short: adds[name] for short, name in names.items()}
    for dimension, attribute in rows.OPEN.items():
        if known := rows.names(adds, dimension):
            values[attribute] = known
    expression = f"ADD {', '.join(f'#{name} :{name}' for name in values)}"
    tx.update(Table.METRICS, key, expression, values=values, names=names)


# ---- links, and what they are grouped by ---------------------------------------------------------


def _ensure_link(
    partition: str, link: DemoLink, known: Item | None, today: date, base_url: str
) -> None:
    host = known["host"] if known else _HOSTS[link.domain]
    made = CreateLink.model_validate(link.fields()).values()
    view = {name: value for name, value in made.items() if value is not None}
    view |= {"id": link.id, "has_password": False, "blocked": False, "version": 1}
    before = known["view"] if known else None
    view |= before or {}
    where = base_url if host == items.OWN_HOST else f"https://{host}"
    view["short_url"] = f"{where}/{view['alias']}"
    dates = _dates(link, today)
    if before is None or before["created_at"] != dates["created_at"]:
        view |= dates
    elif view == before:
        return
    row = changes.stored(partition, view, host, (known or {}).get("password"))
    tx = Transaction(partition, OPERATOR)
    tx.put(Table.CORE, row, condition=_NOT_CHANGED_SINCE, values={"v": row["v"]})
    tx.put(
        Table.CORE,
        dict(aliases.item(partition, row)),
        condition="attribute_not_exists(#pk) OR attribute_exists(#gone_at) OR #link = :link",
        values={"link": link.id},
    )
    if before is None:
        references.require(tx, references.groups(partition, None, row))
        usage_of_links = usage.standing(partition, changes.DIMENSION)
        tx.update(Table.CORE, usage_of_links, "ADD #committed :one", values={"one": 1})
        for tag in view["tags"]:
            tag_row = items.tag_key(partition, tag, link.id).attributes()
            tx.put(Table.CORE, tag_row, condition="")
    candidates.keep(tx, before, view)
    _note(tx, link)
    tx.commit()


def _note(tx: Transaction, link: DemoLink) -> None:
    """What was seen of its clicks, as they would have been noticed."""
    if link.cap is not None:
        cap = items.cap_key(link.id).attributes()
        tx.put(Table.CLICKS, {**cap, "passed": link.passed}, condition="")
        if link.passed in candidates.nearly_used(link.cap):
            candidates.note(tx, candidates.NEAR_CAP, link.id)
    if not link.tracked and link.busiest_week >= candidates.MANY:
        candidates.note(tx, candidates.UNTRACKED, link.id)


def _dates(link: DemoLink, today: date) -> Item:
    began = _noon(today - timedelta(days=link.age))
    dates = {"created_at": began, "updated_at": began}
    if link.expires_in is not None:
        dates["expires_at"] = _noon(today + timedelta(days=link.expires_in))
    return dates


def _ensure_campaigns(partition: str, today: date) -> None:
    began = _noon(today - timedelta(days=DAYS + 1))
    for campaign, name in CAMPAIGNS.items():
        view = {"id": campaign, "name": name, "metadata": {}, "version": 1}
        _ensure_row(items.campaign_key(partition, campaign), view, began, {"links": 0})


def _ensure_domain(partition: str, today: date) -> None:
    began = _noon(today - timedelta(days=DAYS + 1))
    checked: dict[str, Any] = {
        **{"name": DOMAIN, "status": "verified", "checks": 1, "last_error": None},
        **{"checked_at": began, "verified_at": began, "unproven_since": None},
    }
    names = (
        own_names.key(partition, DOMAIN).attributes() | {"domain": DOMAIN_ID, "links": 0},
        items.domain_name_key(DOMAIN).attributes()
        | {"partition": partition, "domain": DOMAIN_ID, "held": 1},
    )
    view = {"id": DOMAIN_ID, "domain": DOMAIN, "domain_unicode": DOMAIN, "version": 1}
    where = items.domain_key(partition, DOMAIN_ID)
    _ensure_row(where, view, began, checked, names, usage.standing(partition, "domains"))


def _ensure_row(
    where: Key,
    view: Item,
    began: str,
    more: Item,
    others: tuple[Item, ...] = (),
    counter: Key | None = None,
) -> None:
    """One that is there keeps all but its dates."""
    known = get(Table.CORE, where)
    dates = {"created_at": began, "updated_at": began}
    if known and known["view"]["created_at"] == began:
        return
    row = {**where.attributes(), **more, "v": 1, **(known or {})}
    row["view"] = {**view, **row.get("view", {}), **dates}
    tx = Transaction("", OPERATOR)
    counted = {"links": row["links"]} if "links" in row else {}
    tx.put(
        Table.CORE,
        row,
        condition=_NOT_JOINED_SINCE if counted else _NOT_CHANGED_SINCE,
        values={"v": row["v"], **counted},
    )
    if known is None:
        for other in others:
            tx.put(Table.CORE, other, condition="")
        if counter is not None:
            tx.update(Table.CORE, counter, "ADD #committed :one", values={"one": 1})
    tx.commit()


def _noon(day: date) -> str:
    return clock.timestamp(datetime.combine(day, time(12), ZoneInfo("UTC")))
