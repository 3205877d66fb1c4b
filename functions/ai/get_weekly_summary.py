"""GET /api/ai/weekly-summary: explain how the workspace's links were followed last week."""

from linkwright.ai.digest import summary
from linkwright.ai.digest.models import WeeklySummary
from linkwright.ai.insight.models import InsightQuery
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate", charge=Charge("weekly_summary", kept=summary.KEPT))
def handler(account: Account, query: InsightQuery) -> Generation[WeeklySummary]:
    return summary.summarised(account, query)
