"""GET /api/ai/insight/qr/{link_id}: explain how a link's QR code is scanned."""

from linkwright.ai.insight import asking, link
from linkwright.ai.insight.models import Insight, InsightQuery
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate", charge=Charge("insight_qr", kept=asking.KEPT))
def handler(account: Account, link_id: str, query: InsightQuery) -> Generation[Insight]:
    return link.explained(account, link_id, query, scanned=True)
