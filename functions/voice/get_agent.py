"""GET /v1/voice/agents/{agent_id}: retrieve an agent: prompt, voice, escalation rules."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.voice import agents
from linkwright.voice.agent_models import Agent


@endpoint(scope="agents:read")
def handler(account: Account, agent_id: str) -> Agent:
    return agents.get(account, agent_id)
