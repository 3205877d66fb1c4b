"""GET /v1/voice/agents: list the voice agents of the workspace."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.pagination import ListQuery, Page
from linkwright.voice import agents
from linkwright.voice.agent_models import Agent


@endpoint(scope="agents:read")
def handler(account: Account, query: ListQuery) -> Page[Agent]:
    return agents.listed(account, query)
