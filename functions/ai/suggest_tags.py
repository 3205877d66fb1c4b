"""POST /api/ai/suggest-tags: suggest tags for a link."""

from linkwright.ai.create import tags
from linkwright.ai.create.models import Described, TagSuggestion
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate", charge=Charge("suggest_tags"))
def handler(account: Account, body: Described) -> Generation[TagSuggestion]:
    return tags.generation(account, body)
