"""Rules on the carrier's account: no more dials than workers can do, and its secret is kept."""

from collections.abc import Iterator

from tests.template.checkout import Checkout

# How long a worker has a call: ten requests to AWS of 20 ms, those of a cold connection among them,
# and the carrier's own answer, which comes within half a second.
SECONDS_A_DIAL = 1.0


def dials_are_as_many_as_workers_can_do(checkout: Checkout) -> Iterator[str]:
    most = checkout.raw["Parameters"]["DialsPerSecond"].get("MaxValue")
    for name, block in checkout.raw["Resources"].items():
        if block.get("Properties", {}).get("Handler") != "dial_call.handler":
            continue
        (queue,) = block["Properties"]["Events"].values()
        workers = queue["Properties"].get("ScalingConfig", {}).get("MaximumConcurrency", 0)
        if most is None or most * SECONDS_A_DIAL > workers:
            yield f"DialsPerSecond promises up to {most}, the {workers} workers of {name} do less"


def secrets_have_no_value_here(checkout: Checkout) -> Iterator[str]:
    for name, secret in checkout.of_type("AWS::SecretsManager::Secret").items():
        for value in sorted({"SecretString", "GenerateSecretString"} & set(secret)):
            yield f"{name}: {value} could be written over what operators filled in"


RULES = (
    dials_are_as_many_as_workers_can_do,
    secrets_have_no_value_here,
)
