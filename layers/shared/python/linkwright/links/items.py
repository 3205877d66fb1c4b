"""Where links, their clicks and their counts are kept, and what the items of links hold.

No import but the kernel's: the redirect reads an alias, and pays for nothing else."""

import re
import zlib
from typing import NotRequired, TypedDict

from linkwright import ids
from linkwright.table import Key

# The host of aliases at the API's own address.
OWN_HOST = "-"
# What a domain is that is proven.
SERVING = frozenset({"verified", "active"})
CLICK_SHARDS = 8
VISIT_SHARDS = 32
# In the order in which they are put on a target.
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")

_CLICK = re.compile(r"clk_([0-9A-Z]{26})_([0-9A-Za-z]{4,64})", re.ASCII)


class LinkView(TypedDict):
    """What is shown of a link, as it is stored: what has no value is left out."""

    id: str
    url: str
    domain: NotRequired[str]
    alias: str
    # At the API's own address: as that was when the link was made.
    short_url: str
    title: NotRequired[str]
    tags: list[str]
    campaign: NotRequired[str]
    utm_source: NotRequired[str]
    utm_medium: NotRequired[str]
    utm_campaign: NotRequired[str]
    utm_term: NotRequired[str]
    utm_content: NotRequired[str]
    expires_at: NotRequired[str]
    expired_url: NotRequired[str]
    click_cap: NotRequired[int]
    has_password: bool
    geo: dict[str, str]
    ios: NotRequired[str]
    android: NotRequired[str]
    forward_query: bool
    og_title: NotRequired[str]
    og_description: NotRequired[str]
    og_image: NotRequired[str]
    track_conversion: bool
    archived: bool
    blocked: bool
    external_id: NotRequired[str]
    metadata: dict[str, str]
    created_at: str
    updated_at: str
    version: int


class LinkItem(TypedDict):
    """A link as its workspace keeps it. `v` counts its changes, and is the view's `version`."""

    pk: str
    sk: str
    view: LinkView
    v: int
    # Where its alias is: OWN_HOST, or the name of its domain.
    host: str
    # As `passwords.hashed` makes it; in no view.
    password: NotRequired[str]
    # Lists: by campaign, those that are archived or are not, and by domain.
    gsi1pk: NotRequired[str]
    gsi1sk: NotRequired[str]
    gsi3pk: str
    gsi4pk: NotRequired[str]


class AliasItem(TypedDict):
    """All that the redirect needs of a link: written whole with each change of it.

    An alias that is no more has `gone_at` and `free_at`, seconds since 1970: nobody may have it
    before, and from then on DynamoDB may delete it (`ttl`). At a domain's name that holds for the
    `domain` and the `workspace`, a partition, that gave it up.
    """

    pk: str
    sk: str
    partition: NotRequired[str]
    link: NotRequired[str]
    url: NotRequired[str]
    # Parameters to put on the target, `utm_source` and its like.
    utm: NotRequired[dict[str, str]]
    # Targets by ISO 3166 code in upper case, and by "ios" and "android".
    geo: NotRequired[dict[str, str]]
    devices: NotRequired[dict[str, str]]
    forward_query: NotRequired[bool]
    # RFC 3339 as `clock.timestamp` makes it, so that the order of texts is that of time.
    expires_at: NotRequired[str]
    expired_url: NotRequired[str]
    click_cap: NotRequired[int]
    password: NotRequired[str]
    og_title: NotRequired[str]
    og_description: NotRequired[str]
    og_image: NotRequired[str]
    track_conversion: NotRequired[bool]
    campaign: NotRequired[str]
    domain: NotRequired[str]
    archived: NotRequired[bool]
    blocked: NotRequired[bool]
    gone_at: NotRequired[str]
    workspace: NotRequired[str]
    free_at: NotRequired[int]
    ttl: NotRequired[int]


# ---- Core: links ---------------------------------------------------------------------------------


def link_key(partition: str, link_id: str) -> Key:
    return Key(f"W#{partition}#LNK", link_id)


def archived_partition(partition: str, *, archived: bool) -> str:
    """Of gsi3: the links that are archived, or those that are not."""
    return f"W#{partition}#LNK#{'ARCHIVED' if archived else 'ACTIVE'}"


def campaign_partition(partition: str, campaign_id: str) -> str:
    """Of gsi1: the links of a campaign, sorted by their ids."""
    return f"W#{partition}#LCMP#{campaign_id}#LNK"


def tag_key(partition: str, tag: str, link_id: str) -> Key:
    """That a link has a tag; the item says nothing else."""
    return Key(f"W#{partition}#LNK#TAG#{tag}", link_id)


def external_id_key(partition: str, external_id: str) -> Key:
    """Which link has the caller's own id: the item has its id as `link`."""
    return Key(f"W#{partition}#LNK#EXT", external_id)


def alias_key(host: str, alias: str) -> Key:
    """`host` is OWN_HOST or a domain's name, `alias` in lower case."""
    return Key(f"AL#{host}#{alias}", "META")


def blocked_host_key(host: str) -> Key:
    """A destination that the operator blocked, with all below it: `at` and `reason`."""
    return Key("BLOCK#HOSTS", host)


def domain_key(partition: str, domain_id: str) -> Key:
    return Key(f"W#{partition}#DOM", domain_id)


def domain_links_partition(partition: str, domain_id: str) -> str:
    """Of gsi4: the links on a domain, sorted by their ids."""
    return f"W#{partition}#DOM#{domain_id}#LNK"


def domain_name_key(name: str) -> Key:
    """Whose a name is that was proven: its `partition`, and the id as `domain`."""
    return Key(f"DN#{name}", "META")


def campaign_key(partition: str, campaign_id: str) -> Key:
    return Key(f"W#{partition}#LCMP", campaign_id)


# ---- Clicks --------------------------------------------------------------------------------------


def new_click(link_id: str) -> str:
    """An id by which the click is found: it names its link."""
    return f"{ids.new('clk')}_{link_id.removeprefix('lnk_')}"


def click_key(click_id: str) -> Key | None:
    """None for what has not the shape of a click's id."""
    if (found := _CLICK.fullmatch(click_id)) is None:
        return None
    ulid, link = found.groups()
    return Key(f"LNK#lnk_{link}#{zlib.crc32(ulid.encode()) % CLICK_SHARDS}", click_id)


def conversion_key(click: Key, event: str) -> Key:
    """One for each click and event."""
    return Key(click.pk, f"{click.sk}#CNV#{event}")


def cap_key(link_id: str) -> Key:
    """How many clicks of the link's cap are taken: `passed`."""
    return Key(f"CAP#{link_id}", "META")


def visits_partition(day: str, shard: int) -> str:
    """`day` as 20261128, UTC."""
    return f"VIS#{day}#{shard}"


def visit_shard(visitor: str) -> int:
    """`visitor` is a hash in hexadecimal digits."""
    return int(visitor[:8], 16) % VISIT_SHARDS


def visit_key(day: str, hour: int, link_id: str, visitor: str) -> Key:
    return Key(visits_partition(day, visit_shard(visitor)), f"V#{hour:02}#{link_id}#{visitor}")


def tries_key(day: str, quarter: int, link_id: str, visitor: str) -> Key:
    """How often a visitor tried a password in a quarter of an hour; the day has 96."""
    return Key(visits_partition(day, visit_shard(visitor)), f"T#{quarter:02}#{link_id}#{visitor}")


def salt_key(day: str) -> Key:
    return Key("SALT", day)


# ---- Metrics -------------------------------------------------------------------------------------


def link_rows(partition: str, link_id: str, *, scanned: bool = False) -> str:
    """Rows of a link, or of its scans by QR code alone."""
    return f"W#{partition}#LNK#{link_id}{'#QR' if scanned else ''}"


def workspace_rows(partition: str) -> str:
    return f"W#{partition}#ALL"


def campaign_rows(partition: str, campaign_id: str) -> str:
    return f"W#{partition}#LCMP#{campaign_id}"


def domain_rows(partition: str, domain_id: str | None) -> str:
    """None: the API's own address."""
    return f"W#{partition}#DOM#{domain_id or OWN_HOST}"


def day_row(rows: str, day: str) -> Key:
    """`day` as 20261128, in the workspace's zone."""
    return Key(rows, day)


def hour_row(rows: str, day: str, hour: int) -> Key:
    """Day and hour UTC. Apart from the days' rows: who reads those pays for no others."""
    return Key(rows, f"H{day}T{hour:02}")
