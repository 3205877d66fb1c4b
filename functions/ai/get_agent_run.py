"""GET /api/ai/agent/{run_id}: retrieve a run of the agent, and what came of it."""

from linkwright.ai.agent import runs
from linkwright.ai.agent.models import AgentRun
from linkwright.auth import Account
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate")
def handler(account: Account, run_id: str) -> AgentRun:
    return runs.find(account, run_id)
