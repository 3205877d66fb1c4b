"""Rules on what functions may do: a role is a set of rights, for those who need exactly these.

That its rights are what its functions use is proven in tests/integration/test_policies.py.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.template.checkout import POLLS, Checkout, policy_of, resources
from tests.template.roles import MANAGED, managed, statements, woken_by

# Where a name must leave something open: by role and action, what it may be. Each needs a reason
# beside it.
ANY_RESOURCE: Mapping[tuple[str, str], re.Pattern[str]] = {
    # A global profile asks its model in whichever region is free.
    **dict.fromkeys(
        (
            ("TalksRole", "bedrock:InvokeModel"),
            ("GeneratesRole", "bedrock:InvokeModel"),
            *(
                (f"Explains{of}Role", "bedrock:InvokeModel")
                for of in ("Links", "Scans", "Campaigns", "Domains", "Accounts")
            ),
            ("GeneratesFromLinksRole", "bedrock:InvokeModel"),
            ("GeneratesCampaignsRole", "bedrock:InvokeModel"),
            ("RunsAgentsRole", "bedrock:InvokeModel"),
            ("ContinuesRunsRole", "bedrock:InvokeModel"),
            ("SendsDigestsRole", "bedrock:InvokeModel"),
            ("MailsDigestsRole", "bedrock:InvokeModel"),
            ("ResearchesRole", "bedrock:InvokeModel"),
            ("TendsMailboxesRole", "bedrock:InvokeModel"),
            ("FollowsUpRole", "bedrock:InvokeModel"),
        ),
        re.compile(r"arn:aws:bedrock:\*::foundation-model/[a-z0-9.:-]+"),
    ),
    # Who mails is a parameter, and may be the identity of an address or of its domain; a tenant has
    # an id that SES gives it.
    **{
        (role, f"ses:{action}"): re.compile(r"arn:aws:ses:.*:(identity|tenant)/\*")
        for role in ("UpdatesWorkspacesRole", "MailsDigestsRole")
        for action in ("SendRawEmail", "CreateTenant", "CreateTenantResourceAssociation")
    },
    ("SendsMailRole", "ses:SendRawEmail"): re.compile(r"arn:aws:ses:.*:identity/\*"),
    # EC2 takes no narrower resource of who makes interfaces in subnets.
    **dict.fromkeys(
        (
            ("DeliversRole", f"ec2:{action}")
            for action in (
                *("AssignPrivateIpAddresses", "UnassignPrivateIpAddresses", "DescribeSubnets"),
                *("CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces"),
            )
        ),
        re.compile(r"\*"),
    ),
    # A stream that is to be found has no name yet.
    ("RelaysRole", "dynamodb:ListStreams"): re.compile(r"CoreTable/stream/\*"),
    ("CountsClicksRole", "dynamodb:ListStreams"): re.compile(r"ClicksTable/stream/\*"),
}
POLLING = {action for parts in POLLS.values() for actions in parts.values() for action in actions}
LAMBDA = "lambda.amazonaws.com"
SCHEDULER = "scheduler.amazonaws.com"
ROLE = "AWS::IAM::Role"
ROLE_HAS = {"AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies"}
ALLOWED = {"Effect", "Action", "Resource"}
TAKEN = {"Effect": "Allow", "Action": "sts:AssumeRole"}


def roles_are_sets_of_rights(checkout: Checkout) -> Iterator[str]:
    """Whoever needs the same rights has the same role, and no role is left over."""
    declared, had = set(resources(checkout.raw, ROLE)), checkout.roles_of_functions()
    for role in sorted((had | set(checkout.of_type(ROLE))) - declared):
        yield f"{role}: is not declared in template.yaml"
    for role in sorted(declared - had):
        if not woken_by(checkout, role):
            yield f"{role}: nobody has it"
    known: dict[object, str] = {}
    for role in sorted(had & declared):
        rights = frozenset(managed(checkout, role)), frozenset(checkout.rights(role))
        if (first := known.setdefault(rights, role)) != role:
            yield f"{first} and {role} allow the same: one of them is enough"


def schedules_wake_their_own(checkout: Checkout) -> Iterator[str]:
    for role in checkout.of_type(ROLE):
        woken = {("lambda:InvokeFunction", name) for name in woken_by(checkout, role)}
        if woken and checkout.rights(role) != woken:
            yield f"{role}: does not allow exactly {statements(checkout, woken)}"


def actions_are_named(checkout: Checkout) -> Iterator[str]:
    for role in checkout.of_type(ROLE):
        for action in sorted({action for action, _ in checkout.rights(role, with_options=True)}):
            if "*" in action:
                yield f"{role}: allows the action {action}"


def resources_are_named(checkout: Checkout) -> Iterator[str]:
    needed = set()
    for role in checkout.of_type(ROLE):
        for action, resource in sorted(checkout.rights(role, with_options=True)):
            if "*" not in resource or _is_a_folder(checkout, resource):
                continue
            excepted = ANY_RESOURCE.get((role, action))
            if excepted is None or not excepted.fullmatch(resource):
                yield f"{role}: allows {action} on {resource}"
            needed.add((role, action))
    for role, action in sorted(set(ANY_RESOURCE) - needed):
        yield f"{role}: has an exception for {action} that it does not need"


def _is_a_folder(checkout: Checkout, resource: str) -> bool:
    """Objects have no names of their own here: a role names the folder of a bucket."""
    bucket, _, folder = resource.partition("/")
    is_one = re.fullmatch(r"[a-z]+/\*", folder) is not None
    return bucket in checkout.of_type("AWS::S3::Bucket") and is_one


def roles_let_lambda_work(checkout: Checkout) -> Iterator[str]:
    """It logs, traces, polls and puts away in the function's role, which allows no more of that."""
    made = checkout.of_type(ROLE)
    for function in checkout.functions:
        role = checkout.role(function)
        if role not in made:
            continue  # roles_are_sets_of_rights tells
        if managed(checkout, role) != MANAGED:
            yield f"{role}: {function.logical_id} needs the managed policies {sorted(MANAGED)}"
        needed = checkout.put_away(function) | checkout.polled(function)
        for action, source in sorted(needed - checkout.rights(role)):
            yield f"{role}: {function.logical_id} needs {action} on {source}"
        for action, source in sorted(checkout.rights(role) - needed):
            if action in POLLING:
                yield f"{role}: allows {action} on {source}, which wakes another function"
    apart = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::User", "AWS::IAM::Group")
    for name in (name for kind in apart for name in checkout.of_type(kind)):
        yield f"{name}: rights belong in the role of the functions that use them"


def only_their_service_takes_a_role(checkout: Checkout) -> Iterator[str]:
    for name, role in _declared(checkout).items():
        service = SCHEDULER if woken_by(checkout, name) else LAMBDA
        taken = role["AssumeRolePolicyDocument"]["Statement"]
        if taken != [TAKEN | {"Principal": {"Service": service}}]:
            yield f"{name}: is not taken by {service} alone, and plainly: {taken}"


def _declared(checkout: Checkout) -> Mapping[str, Any]:
    """The roles that are ours; of those that SAM would make, roles_are_sets_of_rights tells."""
    made = checkout.of_type(ROLE)
    return {name: made[name] for name in resources(checkout.raw, ROLE) if name in made}


def rights_are_plain(checkout: Checkout) -> Iterator[str]:
    """What allows nothing, or less than it says, would pass for a right in every other rule."""
    for name, role in _declared(checkout).items():
        if unknown := role.keys() - ROLE_HAS:
            yield f"{name}: has {sorted(unknown)}"
        for policy in role.get("Policies", []):
            for statement in policy_of(policy)["PolicyDocument"]["Statement"]:
                # Of actions that are not named, actions_are_named tells.
                has = {"Action" if key == "NotAction" else key for key in statement}
                if has != ALLOWED or statement["Effect"] != "Allow":
                    yield f"{name}: a statement is an effect, actions and resources: {statement}"
    for function in checkout.functions:
        if {"Policies", "Role"} <= checkout.raw["Resources"][function.logical_id][
            "Properties"
        ].keys():
            yield f"{function.logical_id}: has Policies, which nobody heeds beside its role"


RULES = (
    roles_are_sets_of_rights,
    schedules_wake_their_own,
    actions_are_named,
    resources_are_named,
    roles_let_lambda_work,
    only_their_service_takes_a_role,
    rights_are_plain,
)
