"""Stop a stack, and let it go on: `python -m tools.pause --stack linkwright-prod on`, off, renew.

Stopped, its functions take nothing: the API refuses, what is in queues and the stream waits.
`renew` replaces what functions keep in memory, the secret above all; nothing is refused for it.
Works on AWS with the credentials of the shell, and on the local cloud with AWS_ENDPOINT_URL set.
"""

import argparse
from typing import Any

from linkwright import clock
from tools.stack import stack_outputs
from tools.template import functions

CALLBACKS = "callbacks"
# Read by nobody: another value makes Lambda begin anew.
RENEWED = "RENEWED_AT"
_WAIT_S = 2
_FUNCTION, _MAPPING = "AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping"

Things = dict[str, str]


def pause(aws_lambda: Any, functions_: Things, mappings: Things) -> None:  # noqa: ANN401 -- boto3's
    """The sources first: what a queue hands to a function that may not run counts as a try."""
    _switch(aws_lambda, mappings, is_on=False)
    for name in functions_.values():
        aws_lambda.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)


def resume(aws_lambda: Any, functions_: Things, mappings: Things, kept_free: int) -> None:  # noqa: ANN401
    """`kept_free`: what the stack's parameter `CallbackConcurrency` says."""
    callbacks = {one.logical_id for one in functions() if one.folder == CALLBACKS}
    for logical_id, name in functions_.items():
        if kept_free and logical_id in callbacks:
            aws_lambda.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=kept_free
            )
        else:
            aws_lambda.delete_function_concurrency(FunctionName=name)
    _switch(aws_lambda, mappings, is_on=True)


def renew(aws_lambda: Any, functions_: Things, moment: str) -> None:  # noqa: ANN401 -- boto3's
    for name in functions_.values():
        known = aws_lambda.get_function_configuration(FunctionName=name)
        variables = known.get("Environment", {}).get("Variables", {}) | {RENEWED: moment}
        aws_lambda.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )


def _switch(aws_lambda: Any, mappings: Things, *, is_on: bool) -> None:  # noqa: ANN401 -- boto3's
    """And wait until it is so."""
    for uuid in mappings.values():
        aws_lambda.update_event_source_mapping(UUID=uuid, Enabled=is_on)
    wanted = "Enabled" if is_on else "Disabled"
    for uuid in mappings.values():
        while aws_lambda.get_event_source_mapping(UUID=uuid)["State"] != wanted:
            clock.sleep(_WAIT_S)


def resources(cloudformation: Any, stack: str) -> dict[str, Things]:  # noqa: ANN401 -- boto3's
    """Physical ids by logical id, by type."""
    found: dict[str, Things] = {_FUNCTION: {}, _MAPPING: {}}
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for one in page["StackResourceSummaries"]:
            if one["ResourceType"] in found:
                physical = one["PhysicalResourceId"]
                found[one["ResourceType"]][one["LogicalResourceId"]] = physical
    return found


def _kept_free(cloudformation: Any, stack: str) -> int:  # noqa: ANN401 -- boto3's
    (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    values = {one["ParameterKey"]: one["ParameterValue"] for one in described.get("Parameters", [])}
    return int(values.get("CallbackConcurrency", 0))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    parser.add_argument("command", choices=["on", "off", "renew"])
    return parser.parse_args()


def main() -> None:
    import boto3  # only the command line asks AWS for its functions

    asked = _arguments()
    # Says what is wrong with the name or the credentials, and ends.
    stack_outputs(asked.stack)
    cloudformation, aws_lambda = boto3.client("cloudformation"), boto3.client("lambda")
    found = resources(cloudformation, asked.stack)
    if asked.command == "on":
        pause(aws_lambda, found[_FUNCTION], found[_MAPPING])
    elif asked.command == "off":
        kept_free = _kept_free(cloudformation, asked.stack)
        resume(aws_lambda, found[_FUNCTION], found[_MAPPING], kept_free)
    else:
        renew(aws_lambda, found[_FUNCTION], clock.timestamp())
    print(f"{len(found[_FUNCTION])} functions, {len(found[_MAPPING])} sources: {asked.command}")


if __name__ == "__main__":
    main()
