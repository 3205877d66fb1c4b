"""GET /api/links/{link_id}/analytics: retrieve how often a link was followed, when and by whom."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links.metrics import analytics
from linkwright.links.metrics.analytics_models import Analytics, AnalyticsQuery


@endpoint(scope="links:read")
def handler(account: Account, link_id: str, query: AnalyticsQuery) -> Analytics:
    return analytics.of(account, link_id, query)
