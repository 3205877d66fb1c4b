"""Whether a domain is its workspace's, and leads to us: what a check finds, and what comes of it.

Who proves a name has it, whoever had it before, unless that one proves it too.
"""

from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple, cast

from linkwright import clock, jobs
from linkwright.auth import Account
from linkwright.dns import Look, Unanswered
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.links import targets
from linkwright.links.domains import domains, items
from linkwright.links.domains.items import NameItem
from linkwright.links.domains.models import Domain
from linkwright.links.items import SERVING, domain_key, domain_name_key
from linkwright.notifications.operations import notify
from linkwright.settings import settings
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Outrun, Transaction

# No more often is a domain looked at because somebody asks.
PAUSE_S = 10
# For so long a domain that was proven stays what it is, though it is not any more.
GRACE = timedelta(days=3)
# When it is looked at next, though nobody asks: proven, and since it is not any more.
AGAIN, SOONER = timedelta(days=1), timedelta(hours=1)
_TRIES = 3

_WORDS = {
    "record_not_found": "There is no TXT record that proves the name.",
    "record_mismatch": "The TXT record is there, and has not the value that proves the name.",
    "dns_unavailable": "The name servers did not answer, or not in time.",
    "name_taken": "Another workspace proves the same name, and has done so before.",
    "leads_elsewhere": "The name is proven, and does not lead to us.",
    "leads_back": "The name is proven, and `not_found_url` leads to a domain of links by now.",
}


class Found(NamedTuple):
    """`code` is why it is less than active; `leads` is None where nobody can say."""

    is_proven: bool
    code: str | None = None
    leads: bool | None = None
    # The domain is to have the name, which another one had that does not prove it any more.
    takes: bool = False
    instead_of: Item | None = None
    is_lost: bool = False


def verify(account: Account, domain_id: str, tx: Transaction) -> Domain:
    """Look at DNS, unless that was done just before: then it is as it was found. Errors: no such
    domain (404).
    """
    row = domains.existing(account.partition, domain_id)
    since = clock.now() - clock.parse(row["checked_at"]) if row["checked_at"] else None
    if since is not None and since < timedelta(seconds=PAUSE_S):
        return items.shown(row)
    found = look_at(row)
    after = judge(row, found)
    write(tx, row, after, found)
    if after["status"] != row["status"]:
        tx.audit(f"domain.{after['status']}", domain_id, {"domain": row["name"]})
    return items.shown(after)


def look_again(work: Work) -> None:
    """Look at a domain that was proven, if that is due. Raises `Unavailable`."""
    for _ in range(_TRIES):
        row = get(Table.CORE, work.key)
        if row is None or not jobs.is_due(row) or jobs.is_left_alone(row):
            return
        found = look_at(row)
        tx = Transaction(jobs.partition_of(work.pk), "")
        write(tx, row, judge(row, found), found)
        with suppress(Outrun):
            tx.commit()
            return
    raise Unavailable


def look_at(row: Item) -> Found:
    look, name, wanted = Look(), row["name"], items.proof(row["sk"])
    owner = get(Table.CORE, domain_name_key(name))
    had = str(owner["domain"]) if owner else None
    takes = had != row["sk"]
    is_others = takes and had not in {None, items.NOBODY}
    try:
        texts = look.texts(f"{items.PROOF}.{name}")
    except Unanswered:
        return Found(False, "dns_unavailable", is_lost=is_others)
    if wanted not in texts:
        code = "record_mismatch" if texts else "record_not_found"
        return Found(False, code, is_lost=is_others)
    if had and is_others and items.proof(had) in texts:
        return Found(False, "name_taken", is_lost=True)
    if takes and (back := _instead(row)) and get(Table.CORE, back):
        return Found(False, "leads_back", is_lost=is_others)
    proven = Found(True, takes=takes, instead_of=owner if takes else None)
    names = settings().domain_targets
    if not names:
        return proven
    try:
        leads = look.leads_to(name, names)
    except Unanswered:
        return proven._replace(code="dns_unavailable")
    return proven._replace(code=None if leads else "leads_elsewhere", leads=leads)


def judge(row: Item, found: Found) -> Item:
    """The domain as it is after a check."""
    now = clock.now()
    why = {"code": found.code, "message": _WORDS[found.code]} if found.code else None
    after = row | {"checked_at": clock.timestamp(now), "last_error": why}
    if found.is_proven:
        after["unproven_since"] = None
        after["status"] = _proven(row["status"], found.leads)
        if row["status"] not in SERVING:
            after["verified_at"] = after["checked_at"]
    elif row["status"] in SERVING:
        since = after["unproven_since"] = row["unproven_since"] or after["checked_at"]
        if found.is_lost or now - clock.parse(since) >= GRACE:
            after |= {"status": "failed", "unproven_since": None}
    if after["status"] != row["status"]:
        version = row["v"] + 1
        moved = {"version": version, "updated_at": after["checked_at"]}
        after |= {"v": version, "view": row["view"] | moved}
    return after


def write(tx: Transaction, row: Item, after: Item, found: Found) -> None:
    """What a check found, what is told of it, and when the next one is. Raises `Outrun` where the
    domain was changed.
    """
    seen = {name: after.get(name) for name in items.CHECKED} | {"checks": row["checks"] + 1}
    due = _next(row, after)
    written = seen | due
    removed = [name for name in jobs.ATTRIBUTES if name not in due]
    tx.update(
        Table.CORE,
        domain_key(tx.partition, row["sk"]),
        "SET "
        + ", ".join(f"#{name} = :{name}" for name in written)
        + f" REMOVE {', '.join(f'#{name}' for name in removed)}",
        condition="#v = :seen AND #checks = :last",
        values={**written, "seen": row["v"], "last": row["checks"]},
        otherwise=Outrun,
    )
    if found.takes:
        _take(tx, row, found.instead_of)
    _tell(tx, row, after)


def _next(row: Item, after: Item) -> dict[str, str]:
    """The attributes by which a domain is looked at again: none of one that is not proven."""
    if after["status"] not in SERVING:
        return {}
    wait = SOONER if after["unproven_since"] else AGAIN
    moment = clock.whole_second(clock.parse(after["checked_at"]) + wait)
    return {**jobs.due(jobs.DOMAIN, row["sk"], moment), **jobs.waits_until(moment)}


def _take(tx: Transaction, row: Item, before: Item | None) -> None:
    """The name is this domain's from now on. Where that one leads to was looked at when it was
    said, and may have become a domain of links since: two would send visitors around for ever.
    """
    if back := _instead(row):
        tx.require(Table.CORE, back, "attribute_not_exists(#pk)", otherwise=Outrun)
    condition, values = items.as_seen(before) if before else ("attribute_not_exists(#pk)", None)
    others = before["held"] - (row["verified_at"] is not None) if before else 0
    pk, sk = domain_name_key(row["name"])
    name: NameItem = {
        "pk": pk,
        "sk": sk,
        "partition": tx.partition,
        "domain": row["sk"],
        "held": others + 1,
    }
    tx.put(Table.CORE, cast(Item, name), condition=condition, values=values, otherwise=Outrun)


def _instead(row: Item) -> Key | None:
    """Whose the name is that the domain's `not_found_url` leads to."""
    url = row["view"].get("not_found_url")
    return domain_name_key(targets.host(url)) if url else None


def _tell(tx: Transaction, row: Item, after: Item) -> None:
    was, now = row["status"], after["status"]
    if now == was or (was in SERVING and now in SERVING):
        return
    is_good = now in SERVING
    kind = "domain.verified" if is_good else "domain.failed"
    tx.emit(kind, items.stored_shown(after), sequence=after["v"])
    words = "is verified" if is_good else "is not proven any more: no link can be made on it"
    facts = {"domain_id": row["sk"], "domain": row["name"], "status": now}
    notify(tx, kind, f"The domain {row['name']} {words}.", facts)


def _proven(status: str, leads: bool | None) -> str:
    if leads:
        return "active"
    # That nobody answered says nothing of where it leads.
    return "active" if leads is None and status == "active" else "verified"
