"""POST /api/ai/weekly-digest/send: mail the week's digest to those who have not got it yet."""

from linkwright.ai.digest import sending
from linkwright.ai.digest.models import DigestSent
from linkwright.auth import Account
from linkwright.credits.operations import Charge, Generation
from linkwright.endpoint import endpoint
from linkwright.fields import Nothing


@endpoint(scope="digests:send", charge=Charge("weekly_digest"))
def handler(account: Account, body: Nothing) -> Generation[DigestSent]:
    return sending.asked(account)
