"""Keys without which nothing opens any more, or by which too many do."""

from tests.template import rules_keys as keys
from tests.template.broken import block, breaks, statements_of
from tests.template.checkout import Checkout


@breaks(keys.keys_outlive_the_stack)
def a_key_deleted_with_its_stack(checkout: Checkout) -> None:
    checkout.raw["Resources"]["SealingKey"]["DeletionPolicy"] = "Delete"


@breaks(keys.keys_are_renewed)
def a_key_that_is_always_the_same(checkout: Checkout) -> None:
    del block(checkout, "SealingKey")["EnableKeyRotation"]


@breaks(keys.roles_say_who_uses_a_key)
def a_key_for_everybody(checkout: Checkout) -> None:
    block(checkout, "SealingKey")["KeyPolicy"]["Statement"][0]["Principal"] = "*"


@breaks(keys.who_seals_does_not_open)
def a_role_that_seals_and_opens(checkout: Checkout) -> None:
    both = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"]}
    statements_of(checkout, "GetCall").append(
        both | {"Resource": {"Fn::GetAtt": ["SealingKey", "Arn"]}}
    )
