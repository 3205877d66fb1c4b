"""A carrier's account that is promised too much, or lost."""

from tests.template import rules_carrier as carrier
from tests.template.broken import block, breaks, event_of
from tests.template.checkout import Checkout


@breaks(carrier.dials_are_as_many_as_workers_can_do)
def more_dials_than_workers(checkout: Checkout) -> None:
    checkout.raw["Parameters"]["DialsPerSecond"]["MaxValue"] = 100


@breaks(carrier.dials_are_as_many_as_workers_can_do)
def dials_without_end(checkout: Checkout) -> None:
    del checkout.raw["Parameters"]["DialsPerSecond"]["MaxValue"]


@breaks(carrier.dials_are_as_many_as_workers_can_do)
def too_few_workers(checkout: Checkout) -> None:
    event_of(checkout, "DialCall")["ScalingConfig"] = {"MaximumConcurrency": 2}


@breaks(carrier.secrets_have_no_value_here)
def a_secret_that_is_written_over(checkout: Checkout) -> None:
    block(checkout, "Secret")["SecretString"] = "{}"
