"""Rules on what functions may do: a role of its own for each, with exactly what it calls."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from tests.template.checkout import Checkout, target

# Where a name must leave something open: by role and action, what it may be. Each needs a reason
# beside it.
ANY_RESOURCE: Mapping[tuple[str, str], re.Pattern[str]] = {
    # A global profile asks its model in whichever region is free.
    **dict.fromkeys(
        (
            ("AnswerCallRole", "bedrock:InvokeModel"),
            ("TakeTurnRole", "bedrock:InvokeModel"),
            ("FollowUpCallRole", "bedrock:InvokeModel"),
        ),
        re.compile(r"arn:aws:bedrock:\*::foundation-model/[a-z0-9.:-]+"),
    ),
}
# What SAM gives a role so that Lambda can log, trace and poll the source that wakes the function.
MANAGED_POLICIES = {
    "service-role/AWSLambdaBasicExecutionRole",
    "AWSXrayWriteOnlyAccess",
    "service-role/AWSLambdaSQSQueueExecutionRole",
    "service-role/AWSLambdaDynamoDBExecutionRole",
}
TRUSTED = {"lambda.amazonaws.com", "scheduler.amazonaws.com"}


def a_role_for_each_function(checkout: Checkout) -> Iterator[str]:
    blocks = checkout.of_type("AWS::Lambda::Function")
    roles = {name: target(block["Role"]) for name, block in blocks.items()}
    sharing = Counter(roles.values())
    made = checkout.of_type("AWS::IAM::Role")
    for name, role in roles.items():
        if sharing[role] > 1:
            yield f"{name}: its role {role} is another function's too"
        elif role not in made:
            yield f"{name}: its role {role} is not made by this template"


def actions_are_named(checkout: Checkout) -> Iterator[str]:
    for role in checkout.of_type("AWS::IAM::Role"):
        for action in {statement.action for statement in checkout.grants(role)}:
            if "*" in action:
                yield f"{role}: allows the action {action}"


def resources_are_named(checkout: Checkout) -> Iterator[str]:
    needed = set()
    for role in checkout.of_type("AWS::IAM::Role"):
        for granted in checkout.grants(role):
            if "*" not in granted.resource or _is_a_folder(checkout, granted.resource):
                continue
            excepted = ANY_RESOURCE.get((role, granted.action))
            if excepted is None or not excepted.fullmatch(granted.resource):
                yield f"{role}: allows {granted.action} on {granted.resource}"
            needed.add((role, granted.action))
    for role, action in sorted(set(ANY_RESOURCE) - needed):
        yield f"{role}: has an exception for {action} that it does not need"


def _is_a_folder(checkout: Checkout, resource: str) -> bool:
    """Objects have no names of their own here: a role names the folder of a bucket."""
    bucket, _, folder = resource.partition("/")
    is_one = re.fullmatch(r"[a-z]+/\*", folder) is not None
    return bucket in checkout.of_type("AWS::S3::Bucket") and is_one


def managed_policies_are_listed(checkout: Checkout) -> Iterator[str]:
    for name, role in checkout.of_type("AWS::IAM::Role").items():
        for policy in role.get("ManagedPolicyArns", []):
            if str(policy).partition(":policy/")[2] not in MANAGED_POLICIES:
                yield f"{name}: has the managed policy {policy}"
    apart = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::User", "AWS::IAM::Group")
    for name in (name for kind in apart for name in checkout.of_type(kind)):
        yield f"{name}: rights belong in the block of the function that uses them"


def only_services_take_a_role(checkout: Checkout) -> Iterator[str]:
    for name, role in checkout.of_type("AWS::IAM::Role").items():
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            principal = statement["Principal"]
            services = principal.get("Service", []) if isinstance(principal, dict) else []
            named = {"Service": services} == principal and TRUSTED.issuperset(services)
            if not named:
                yield f"{name}: may be taken by {principal}"


RULES = (
    a_role_for_each_function,
    actions_are_named,
    resources_are_named,
    managed_policies_are_listed,
    only_services_take_a_role,
)
