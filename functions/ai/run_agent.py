"""POST /api/ai/agent: find something out about links, step by step."""

from linkwright.ai.agent import running
from linkwright.ai.agent.models import AgentAnswer, RunAgent, RunStarted
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate", charge=Charge("agent", later=RunStarted))
def handler(account: Account, body: RunAgent) -> Generation[AgentAnswer]:
    return running.generation(account, body)
