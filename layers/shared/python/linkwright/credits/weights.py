"""What each operation costs, in credits: as printed in the API's reference."""

from collections.abc import Mapping

WEIGHTS: Mapping[str, int] = {
    "insight_link": 2,
    "insight_account": 5,
    "insight_campaign": 3,
    "insight_qr": 2,
    "insight_domain": 5,
    "suggest_alias": 1,
    "suggest_tags": 1,
    "intent": 2,
    "bio_generate": 5,
    "routing_suggest": 2,
    "weekly_summary": 3,
    "weekly_digest": 3,
    "agent": 10,
}
