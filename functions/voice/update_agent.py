"""PATCH /v1/voice/agents/{agent_id}: change an agent, which makes its next version."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import IfMatch
from linkwright.transaction import Transaction
from linkwright.voice import agents
from linkwright.voice.agent_models import Agent, UpdateAgent


@endpoint(scope="agents:write")
def handler(
    account: Account, agent_id: str, body: UpdateAgent, if_match: IfMatch, tx: Transaction
) -> Agent:
    return agents.change(account, agent_id, body, if_match, tx)
