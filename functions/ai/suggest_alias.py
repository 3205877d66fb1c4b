"""POST /api/ai/suggest-alias: suggest aliases for a link."""

from linkwright.ai.create import aliases
from linkwright.ai.create.models import AliasSuggestion, Described
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate", charge=Charge("suggest_alias"))
def handler(account: Account, body: Described) -> Generation[AliasSuggestion]:
    return aliases.generation(account, body)
