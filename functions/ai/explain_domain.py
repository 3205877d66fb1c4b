"""GET /api/ai/insight/domain/{domain_id}: explain how a domain's links are followed."""

from linkwright.ai.insight import asking, groups
from linkwright.ai.insight.models import Insight, InsightQuery
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate", charge=Charge("insight_domain", kept=asking.KEPT))
def handler(account: Account, domain_id: str, query: InsightQuery) -> Generation[Insight]:
    return groups.domain(account, domain_id, query)
