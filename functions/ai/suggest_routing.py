"""GET /api/ai/routing-suggest/{link_id}: suggest rules for a link, by who follows it."""

from datetime import timedelta

from linkwright.ai.create import routing
from linkwright.ai.create.models import RoutingQuery, RoutingSuggestion
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate", charge=Charge("routing_suggest", kept=timedelta(hours=6)))
def handler(account: Account, link_id: str, query: RoutingQuery) -> Generation[RoutingSuggestion]:
    return routing.generation(account, link_id, query)
