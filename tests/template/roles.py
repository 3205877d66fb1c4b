"""Which role fits what a function does; if none does, the statements that a new one needs."""

from collections import defaultdict

from tests.template.checkout import Checkout, target
from tools.template import Function

Use = set[tuple[str, str]]
# What Lambda needs to log and trace. Those to poll are for every queue and stream of the account.
MANAGED = {"service-role/AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"}


def managed(checkout: Checkout, role: str) -> set[str]:
    """The managed policies of a role, by the path of their names."""
    policies = checkout.of_type("AWS::IAM::Role")[role].get("ManagedPolicyArns", [])
    return {str(policy).partition(":policy/")[2] or str(policy) for policy in policies}


def differences(used: Use, allowed: Use) -> list[str]:
    return [
        *(f"{action} on {where} is used and not allowed" for action, where in used - allowed),
        *(f"{action} on {where} is allowed and not used" for action, where in allowed - used),
    ]


def advice(checkout: Checkout, function: Function, used: Use) -> str:
    wanted = used | checkout.put_away(function) | checkout.polled(function)
    for role in sorted(checkout.roles_of_functions()):
        if checkout.rights(role) == wanted:
            return f"{function.logical_id}: {role} allows exactly what it uses"
    lines = "\n".join(f"- {statement}" for statement in statements(checkout, wanted))
    return f"{function.logical_id}: no role allows exactly what it uses; a new one needs\n{lines}"


def statements(checkout: Checkout, rights: Use) -> list[str]:
    """Lines for template.yaml, one for each resource."""
    actions = defaultdict(list)
    for action, resource in sorted(rights):
        actions[resource].append(action)
    return [
        f"{{Effect: Allow, Action: [{', '.join(found)}], Resource: {_reference(checkout, on)}}}"
        for on, found in sorted(actions.items())
    ]


def _reference(checkout: Checkout, resource: str) -> str:
    """The opposite of `target`."""
    name, _, part = resource.partition("/")
    if name in checkout.of_type("AWS::SecretsManager::Secret"):
        return f"!Ref {name}"
    if name in checkout.raw["Resources"]:
        if part == "stream":
            return f"!GetAtt {name}.StreamArn"
        return f'!Sub "${{{name}.Arn}}/{part}"' if part else f"!GetAtt {name}.Arn"
    return f'!Sub "{resource}"'


def woken_by(checkout: Checkout, role: str) -> set[str]:
    """The functions that schedules wake in a role's name."""
    return {
        target(schedule["Target"]["Arn"])
        for schedule in checkout.of_type("AWS::Scheduler::Schedule").values()
        if target(schedule["Target"]["RoleArn"]) == role
    }
