"""POST /api/ai/intent: draft a link and its campaign for a goal."""

from linkwright.ai.create import intent
from linkwright.ai.create.models import Aim, Intent
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate", charge=Charge("intent"))
def handler(account: Account, body: Aim) -> Generation[Intent]:
    return intent.generation(account, body)
