"""POST /v1/voice/agents: create an agent."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.voice import agents
from linkwright.voice.agent_models import Agent, CreateAgent


@endpoint(scope="agents:write", status=201, location="/v1/voice/agents/{id}")
def handler(account: Account, body: CreateAgent, tx: Transaction) -> Agent:
    return agents.create(account, body, tx)
