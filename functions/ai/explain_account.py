"""GET /api/ai/insight/account: explain how the workspace's links are followed."""

from linkwright.ai.insight import asking, groups
from linkwright.ai.insight.models import AccountInsight, InsightQuery
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate", charge=Charge("insight_account", kept=asking.KEPT))
def handler(account: Account, query: InsightQuery) -> Generation[AccountInsight]:
    return groups.account(account, query)
