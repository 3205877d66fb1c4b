"""POST /api/ai/bio-generate: write a page about somebody, with links."""

from linkwright.ai.create import bio
from linkwright.ai.create.models import Bio, Wished
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate", charge=Charge("bio_generate"))
def handler(account: Account, body: Wished) -> Generation[Bio]:
    return bio.generation(account, body)
