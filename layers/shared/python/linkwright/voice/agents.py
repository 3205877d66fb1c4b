"""Voice agents: their keys, and reading them."""

from linkwright import ids, pagination
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.pagination import ListQuery, Page
from linkwright.table import Item, Key, Table
from linkwright.table import get as read
from linkwright.voice.models import Agent

_ROUTE = "voice/agents"


def key(partition: str, agent_id: str) -> Key:
    return Key(f"W#{partition}#AGT", agent_id)


def not_found(field: str | None = None) -> ResourceNotFound:
    return ResourceNotFound("There is no such agent.", field=field)


def get(account: Account, agent_id: str) -> Agent:
    agent = find(account.partition, agent_id)
    if agent is None:
        raise not_found()
    return agent


def find(partition: str, agent_id: str) -> Agent | None:
    item = read(Table.CORE, key(partition, agent_id)) if ids.matches("agt", agent_id) else None
    return _show(item) if item else None


def listed(account: Account, query: ListQuery) -> Page[Agent]:
    fetch = pagination.partition(Table.CORE, key(account.partition, "").pk)
    return pagination.paged(account, _ROUTE, query, fetch, _show)


def item(partition: str, agent: Agent) -> Item:
    return {**key(partition, agent.id).attributes(), "view": agent.model_dump(), "v": agent.version}


def _show(row: Item) -> Agent:
    return Agent.model_validate(row["view"])
