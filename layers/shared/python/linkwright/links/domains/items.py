"""Where domains are kept, what their items hold, and how one is shown."""

import json
from ipaddress import ip_address
from typing import TypedDict

from linkwright.links.domains.models import FILES, DnsRecord, Domain
from linkwright.settings import settings
from linkwright.table import Item

# Whose a name is that was given up while others are there that had it: no domain's id.
NOBODY = "-"
# What stands before a name where it is proven to be somebody's.
PROOF = "_linkwright"
_SHOWN = ("status", "last_error", "checked_at", "verified_at")
# What a check writes.
CHECKED = (*_SHOWN, "unproven_since", "view", "v")


class DomainItem(TypedDict):
    """A domain as its workspace keeps it. `v` counts its changes, and is the view's `version`.

    What a check found stands apart from the view: a change of either leaves the other alone.
    """

    pk: str
    sk: str
    name: str
    view: Item
    v: int
    status: str
    # What the last check found, and when; each is null where there is none.
    checks: int
    last_error: Item | None
    checked_at: str | None
    verified_at: str | None
    # Since when it could not be proven any more.
    unproven_since: str | None


class NameItem(TypedDict):
    """A name that was proven, for as long as a domain is there that has had it."""

    pk: str
    sk: str
    # Who has it; each is NOBODY where it was given up.
    partition: str
    domain: str
    # How many domains are there that have or had it.
    held: int


def as_seen(name: Item) -> tuple[str, Item]:
    """The condition that a name is as it was read, and its values."""
    return "#domain = :domain AND #held = :held", {"domain": name["domain"], "held": name["held"]}


def proof(domain_id: str) -> str:
    """The text that proves a name: an id is nobody else's, and no secret."""
    return f"linkwright-verification={domain_id}"


def shown(row: Item) -> Domain:
    view = row["view"]
    files = {name: json.loads(view[name]) for name in FILES if name in view}
    checked = {name: row[name] for name in _SHOWN}
    return Domain.model_validate(
        {**view, **files, **checked, "records": _records(row["name"], row["sk"])}
    )


def stored_shown(row: Item) -> Item:
    """As an event tells it."""
    return shown(row).model_dump(mode="json")


def _records(name: str, domain_id: str) -> list[DnsRecord]:
    """What is to be set: the proof, and where the operator says that names are to lead: by the
    first name, or, as a domain itself can have no CNAME, by the addresses.
    """
    wanted = [
        DnsRecord(purpose="proof", type="TXT", name=f"{PROOF}.{name}", value=proof(domain_id))
    ]
    names = [one for one in settings().domain_targets if not _version(one)]
    if names:
        wanted.append(DnsRecord(purpose="address", type="CNAME", name=name, value=names[0]))
    for target in settings().domain_targets:
        if version := _version(target):
            kind = "A" if version == 4 else "AAAA"
            wanted.append(DnsRecord(purpose="address", type=kind, name=name, value=target))
    return wanted


def _version(target: str) -> int | None:
    """Of an IP address; None for a name."""
    try:
        return ip_address(target).version
    except ValueError:
        return None
