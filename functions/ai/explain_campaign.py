"""GET /api/ai/insight/campaign/{campaign_id}: explain how a campaign's links are followed."""

from linkwright.ai.insight import asking, groups
from linkwright.ai.insight.models import Insight, InsightQuery
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate", charge=Charge("insight_campaign", kept=asking.KEPT))
def handler(account: Account, campaign_id: str, query: InsightQuery) -> Generation[Insight]:
    return groups.campaign(account, campaign_id, query)
