"""Rules on keys of KMS: what is sealed can be opened as long as there is a copy of it."""

from collections.abc import Iterator

from tests.template.checkout import Checkout

KEY = "AWS::KMS::Key"
ACCOUNT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}


def keys_outlive_the_stack(checkout: Checkout) -> Iterator[str]:
    for name in checkout.of_type(KEY):
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if checkout.expanded["Resources"][name].get(policy) != "Retain":
                yield f"{name}: {policy} is not Retain"


def keys_are_renewed(checkout: Checkout) -> Iterator[str]:
    for name, key in checkout.of_type(KEY).items():
        if key.get("EnableKeyRotation") is not True:
            yield f"{name}: is not rotated"


def roles_say_who_uses_a_key(checkout: Checkout) -> Iterator[str]:
    """What its own policy allows beside the account, no role would show."""
    for name, key in checkout.of_type(KEY).items():
        for statement in key["KeyPolicy"]["Statement"]:
            if statement.get("Principal") != ACCOUNT or "Condition" in statement:
                yield f"{name}: {statement.get('Sid')} is not for the account as a whole"


def who_seals_does_not_open(checkout: Checkout) -> Iterator[str]:
    for role in checkout.roles_of_functions() & set(checkout.of_type("AWS::IAM::Role")):
        actions = {action for action, _ in checkout.rights(role)}
        if {"kms:GenerateDataKey", "kms:Decrypt"} <= actions:
            yield f"{role}: may seal, and may open what is sealed"


RULES = (
    keys_outlive_the_stack,
    keys_are_renewed,
    roles_say_who_uses_a_key,
    who_seals_does_not_open,
)
