"""POST /api/ai/onboarding/setup: draft a first link, without a model and free on any plan."""

from linkwright.ai.create import onboarding
from linkwright.ai.create.models import Aim, Setup
from linkwright.endpoint import endpoint


@endpoint(scope="ai:generate")
def handler(body: Aim) -> Setup:
    return onboarding.setup(body)
