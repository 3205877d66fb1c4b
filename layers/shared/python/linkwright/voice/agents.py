"""Voice agents: each change is a new version, and every version is kept."""

from functools import lru_cache

from linkwright import clock, ids, pagination
from linkwright.auth import Account
from linkwright.errors import Conflict, ValidationFailed
from linkwright.http import IfMatch
from linkwright.pagination import ListQuery, Page
from linkwright.providers.speech import speaker
from linkwright.table import Item, Key, Table
from linkwright.table import get as read
from linkwright.transaction import Transaction
from linkwright.voice.agent_items import key, not_found, version_key
from linkwright.voice.agent_models import Agent, CreateAgent, UpdateAgent
from linkwright.voice.compliance import caller_ids

_ROUTE = "voice/agents"
_FIRST = 1
# How many versions a process keeps of those that it has read.
_KEPT = 64


def create(account: Account, wanted: CreateAgent, tx: Transaction) -> Agent:
    """Raises `ValidationFailed` if the carrier lacks the language, or the voice in it.

    At the commit also if the workspace may not call from the agent's number.
    """
    now = clock.timestamp()
    agent = Agent.model_validate(
        {
            **wanted.model_dump(),
            "id": ids.new("agt"),
            "version": _FIRST,
            "created_at": now,
            "updated_at": now,
        }
    )
    _require_speech(agent)
    put(account.partition, agent, tx)
    _require_caller_id(agent, tx)
    return agent


def change(
    account: Account, agent_id: str, wanted: UpdateAgent, if_match: IfMatch, tx: Transaction
) -> Agent:
    """Make the next version. Raises `Conflict` if the agent is not at the version named, and as
    `create` does.
    """
    current = get(account, agent_id)
    if current.version != if_match.version:
        raise _outdated()
    changed = current.model_dump(mode="json") | wanted.changes()
    if changed == current.model_dump(mode="json"):
        return current
    changed |= {"version": current.version + 1, "updated_at": clock.timestamp()}
    agent = Agent.model_validate(changed)
    # What an agent of before this was asked has may stay until it is changed.
    if wanted.model_fields_set & {"language", "voice"}:
        _require_speech(agent)
    tx.update(
        Table.CORE,
        key(account.partition, agent_id),
        "SET #view = :view, #v = :v",
        condition="#v = :seen",
        values={"view": agent.model_dump(mode="json"), "v": agent.version, "seen": current.version},
        otherwise=_outdated,
    )
    tx.put(Table.CORE, _item(version_key(account.partition, agent_id, agent.version), agent))
    if agent.phone_number != current.phone_number:
        _require_caller_id(agent, tx)
    return agent


def get(account: Account, agent_id: str) -> Agent:
    agent = find(account.partition, agent_id)
    if agent is None:
        raise not_found()
    return agent


def find(partition: str, agent_id: str, version: int | None = None) -> Agent | None:
    """The agent as it is, or as it was at a version."""
    if not ids.matches("agt", agent_id):
        return None
    if version is None:
        return _at(key(partition, agent_id))
    return at_version(version_key(partition, agent_id, version))


@lru_cache(maxsize=_KEPT)
def at_version(where: Key) -> Agent | None:
    """Read once per process: a version never changes, and is there before anybody knows of it."""
    return _at(where)


def listed(account: Account, query: ListQuery) -> Page[Agent]:
    fetch = pagination.partition(Table.CORE, key(account.partition, "").pk)
    return pagination.paged(account, _ROUTE, query, fetch, _show)


def put(partition: str, agent: Agent, tx: Transaction) -> None:
    """Write a new agent, and its version beside it."""
    tx.put(Table.CORE, _item(key(partition, agent.id), agent))
    tx.put(Table.CORE, _item(version_key(partition, agent.id, agent.version), agent))


def _require_speech(agent: Agent) -> None:
    if not speaker.is_spoken(agent.language):
        text = "must be one that the carrier understands and speaks, as 'en' or 'he-IL'"
        raise ValidationFailed(f"Field 'language' {text}.", field="language")
    if not speaker.may_speak(agent.voice, agent.language):
        text = "must be one of the carrier's voices for the agent's language, or a name of your own"
        raise ValidationFailed(f"Field 'voice' {text}.", field="voice")


def _require_caller_id(agent: Agent, tx: Transaction) -> None:
    if agent.phone_number is not None:
        caller_ids.require(tx, agent.phone_number, caller_ids.not_registered)


def _outdated() -> Conflict:
    return Conflict("The agent was changed since that version.", reason="version_mismatch")


def _item(where: Key, agent: Agent) -> Item:
    return {**where.attributes(), "view": agent.model_dump(mode="json"), "v": agent.version}


def _at(where: Key) -> Agent | None:
    item = read(Table.CORE, where)
    return _show(item) if item else None


def _show(row: Item) -> Agent:
    return Agent.model_validate(row["view"])
