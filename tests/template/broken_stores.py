"""Stores of which docs/security.md does not tell."""

from tests.template import rules_stores as stores
from tests.template.broken import breaks, rewrite
from tests.template.checkout import Checkout


@breaks(stores.what_is_stored_is_told)
def a_secret_of_which_nobody_is_told(checkout: Checkout) -> None:
    checkout.raw["Resources"]["OtherSecret"] = checkout.raw["Resources"]["Secret"]


@breaks(stores.what_is_stored_is_told)
def a_row_that_does_not_say_who_reads(checkout: Checkout) -> None:
    rewrite(checkout, stores.PAGE, "| 14 days | operators |", "| 14 days | |")
