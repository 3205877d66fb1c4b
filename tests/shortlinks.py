"""Short links as the redirect reads them, and visitors who follow them."""

from collections.abc import Mapping
from itertools import count
from typing import Any, Protocol

from linkwright import ids
from linkwright.links import items, passwords
from linkwright.table import Item, Table, get
from linkwright.transaction import Transaction
from tests import client
from tests.agents import BROWSERS
from tests.client import Answer, Context, http_event
from tests.stack import Stack

TARGET = "https://example.com/welcome"
# As the test client's gateway sees who asks.
ADDRESS = "192.0.2.1"
PERSON = BROWSERS[0]
_NUMBERS = count(1)


class _Owner(Protocol):
    @property
    def partition(self) -> str: ...


def stored(
    workspace: _Owner,
    alias: str | None = None,
    *,
    link: str | None = None,
    host: str = items.OWN_HOST,
    password: str | None = None,
    **more: Any,
) -> tuple[str, str]:
    """Write a link's alias, and return it with the link's id. `more` are its attributes.

    A name that is nobody's yet is the workspace's from then on.
    """
    if host != items.OWN_HOST:
        more |= {"domain": _owned(workspace, host, more.get("domain") or ids.new("dom"))}
    alias, link = alias or f"a{next(_NUMBERS)}", link or ids.new("lnk")
    item: Item = {
        **items.alias_key(host, alias).attributes(),
        "partition": workspace.partition,
        "link": link,
        "url": TARGET,
        "forward_query": True,
        **({"password": passwords.hashed(password)} if password else {}),
        **more,
    }
    put(item)
    return alias, link


def _owned(workspace: _Owner, host: str, domain: str) -> str:
    """The domain by which a name was proven, or is from now on."""
    where = items.domain_name_key(host)
    if found := get(Table.CORE, where):
        return str(found["domain"])
    put({**where.attributes(), "partition": workspace.partition, "domain": domain, "held": 1})
    return domain


def put(item: Item) -> None:
    tx = Transaction("", "req_test")
    tx.put(Table.CORE, item)
    tx.commit()


def change(alias: str, host: str = items.OWN_HOST, **more: Any) -> None:
    """Write an alias that is there with other attributes."""
    key = items.alias_key(host, alias)
    tx = Transaction("", "req_test")
    tx.put(Table.CORE, (get(Table.CORE, key) or {}) | more, condition="attribute_exists(#pk)")
    tx.commit()


def block(host: str) -> None:
    put({**items.blocked_host_key(host)._asdict(), "at": "2026-01-01T00:00:00Z", "reason": "test"})


def ask(
    path: str,
    method: str = "GET",
    *,
    agent: str | None = BROWSERS[0],
    headers: Mapping[str, str] | None = None,
    address: str = ADDRESS,
    domain: str | None = None,
    body: str | None = None,
    raw_query: str | None = None,
) -> Answer:
    """Follow a link: the path has the query, unless it is one that no URL has."""
    sent = {**({"User-Agent": agent} if agent is not None else {}), **(headers or {})}
    if body is not None:
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    event, function = http_event(method, path, sent, body, is_base64=False)
    event["requestContext"]["http"]["sourceIp"] = address
    if raw_query is not None:
        event["rawQueryString"] = raw_query
    if domain is not None:
        event["requestContext"]["domainName"] = domain
    found = client.load(function).handler(event, Context())
    return Answer(found["statusCode"], found["headers"], found["body"])


def clicks_of(stack: Stack, link: str) -> list[Item]:
    """All clicks of a link, in the order of their ids."""
    rows = [row for row in stack.rows("ClicksTable") if row.get("link") == link]
    return sorted(rows, key=lambda row: str(row["sk"]))


def passed(link: str) -> int:
    """How many the cap has let pass."""
    return int((get(Table.CLICKS, items.cap_key(link)) or {"passed": 0})["passed"])


def location(answer: Answer) -> str:
    return str(answer.headers["Location"])
