"""Broken functions and broken rights."""

import copy

from tests.template import rules_access as access
from tests.template import rules_functions as functions
from tests.template.broken import (
    block,
    breaks,
    drop,
    events_of,
    remove,
    rewrite,
    role_of,
    statements_of,
    write,
)
from tests.template.checkout import Checkout

GET_CALL = "functions/voice/get_call.py"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@breaks(functions.one_block_for_each_file)
def a_file_without_a_block(checkout: Checkout) -> None:
    write(checkout, "functions/voice/transfer_call.py", checkout.read(GET_CALL))


@breaks(functions.one_block_for_each_file)
def a_block_without_a_file(checkout: Checkout) -> None:
    remove(checkout, GET_CALL)


@breaks(functions.one_block_for_each_file)
def a_name_taken_by_another_folder(checkout: Checkout) -> None:
    write(checkout, "functions/workspace/get_call.py", checkout.read(GET_CALL))


@breaks(functions.one_block_for_each_file)
def a_name_without_a_verb(checkout: Checkout) -> None:
    write(checkout, "functions/voice/calls.py", checkout.read(GET_CALL))


@breaks(functions.blocks_agree_with_their_file)
def a_logical_id_of_another_name(checkout: Checkout) -> None:
    resources = checkout.raw["Resources"]
    resources["FetchCall"] = resources.pop("GetCall")


@breaks(functions.blocks_agree_with_their_file)
def an_entry_point_of_another_name(checkout: Checkout) -> None:
    block(checkout, "GetCall")["Handler"] = "get_call.main"


@breaks(functions.blocks_agree_with_their_file)
def code_in_a_longer_path(checkout: Checkout) -> None:
    block(checkout, "GetCall")["CodeUri"] = "./functions/voice"


@breaks(functions.blocks_agree_with_their_file)
def a_description_of_its_own(checkout: Checkout) -> None:
    block(checkout, "GetCall")["Description"] = "Gets a call."


@breaks(functions.blocks_agree_with_their_file)
def a_docstring_of_another_route(checkout: Checkout) -> None:
    said = block(checkout, "GetCall")["Description"]
    moved = said.replace("/v1/voice/calls", "/v1/voice/phones")
    block(checkout, "GetCall")["Description"] = moved
    rewrite(checkout, GET_CALL, said, moved)


@breaks(functions.blocks_agree_with_their_file)
def a_docstring_without_a_route(checkout: Checkout) -> None:
    said = block(checkout, "GetCall")["Description"]
    block(checkout, "GetCall")["Description"] = "Retrieve a call."
    rewrite(checkout, GET_CALL, said, "Retrieve a call.")


@breaks(functions.blocks_agree_with_their_file)
def a_worker_of_another_queue(checkout: Checkout) -> None:
    said = block(checkout, "DialCall")["Description"]
    moved = said.replace("DialQueue", "EventQueue")
    block(checkout, "DialCall")["Description"] = moved
    rewrite(checkout, "functions/workers/dial_call.py", said, moved)


@breaks(functions.blocks_agree_with_their_file)
def a_second_event(checkout: Checkout) -> None:
    again = {"Type": "ScheduleV2", "Properties": {"ScheduleExpression": "rate(1 day)"}}
    again["Properties"] |= {"OmitName": True, "RoleArn": {"Fn::GetAtt": ["SchedulerRole", "Arn"]}}
    block(checkout, "SweepOverdue")["Events"]["Daily"] = again


@breaks(functions.one_entry_point)
def an_entry_point_that_nothing_makes(checkout: Checkout) -> None:
    rewrite(checkout, "functions/workers/relay_outbox.py", "@stream_worker\n", "")


@breaks(functions.one_entry_point)
def an_entry_point_made_for_another_folder(checkout: Checkout) -> None:
    rewrite(checkout, "functions/workers/dial_call.py", "@queue_worker", "@scheduled")


@breaks(functions.one_entry_point)
def no_entry_point(checkout: Checkout) -> None:
    rewrite(checkout, "functions/workers/dial_call.py", "def handler", "def main")


@breaks(functions.one_entry_point)
def an_application_outside_the_console(checkout: Checkout) -> None:
    path = "functions/workers/dial_call.py"
    write(checkout, path, checkout.read(path) + "\n\nhandler = Mangum(handler)\n")


@breaks(functions.runs_as_decided)
def an_old_runtime(checkout: Checkout) -> None:
    block(checkout, "GetCall")["Runtime"] = "python3.9"


@breaks(functions.runs_as_decided)
def another_processor(checkout: Checkout) -> None:
    block(checkout, "GetCall")["Architectures"] = ["x86_64"]


@breaks(functions.runs_as_decided)
def no_tracing(checkout: Checkout) -> None:
    checkout.raw["Globals"]["Function"]["Tracing"] = "PassThrough"


@breaks(functions.runs_as_decided)
def a_layer_for_another_processor(checkout: Checkout) -> None:
    block(checkout, "SharedLayer")["CompatibleArchitectures"] = ["x86_64"]


@breaks(functions.answers_before_it_is_cut_off)
def a_timeout_beyond_the_gateway(checkout: Checkout) -> None:
    block(checkout, "GetCall")["Timeout"] = 29


@breaks(functions.schedules_do_not_pile_up)
def a_sweep_that_lambda_runs_again(checkout: Checkout) -> None:
    del checkout.raw["Resources"]["SweepOverdue"]["Properties"]["EventInvokeConfig"]


@breaks(functions.logs_of_its_folder)
def logs_in_another_folder(checkout: Checkout) -> None:
    block(checkout, "GetCall")["LoggingConfig"] = {"LogGroup": {"Ref": "WorkersLogs"}}


@breaks(functions.logs_of_its_folder)
def logs_in_a_group_that_lambda_makes(checkout: Checkout) -> None:
    del block(checkout, "GetCall")["LoggingConfig"]


@breaks(functions.logs_are_not_kept_for_ever)
def logs_without_an_end(checkout: Checkout) -> None:
    del block(checkout, "VoiceLogs")["RetentionInDays"]


@breaks(functions.logs_are_not_kept_for_ever)
def logs_that_no_operator_shortens(checkout: Checkout) -> None:
    block(checkout, "VoiceLogs")["RetentionInDays"] = 30


@breaks(functions.fits_one_stack)
def too_many_resources(checkout: Checkout) -> None:
    for at in range(functions.MAX_RESOURCES):
        handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
        checkout.raw["Resources"][f"Further{at}"] = handle


@breaks(access.roles_are_sets_of_rights)
def two_roles_of_the_same_rights(checkout: Checkout) -> None:
    resources = checkout.raw["Resources"]
    resources["ReadsRole"] = copy.deepcopy(resources["GetsRole"])
    block(checkout, "GetSettings")["Role"] = {"Fn::GetAtt": ["ReadsRole", "Arn"]}


@breaks(access.roles_are_sets_of_rights)
def a_role_that_nobody_has(checkout: Checkout) -> None:
    block(checkout, "GetCall")["Role"] = {"Fn::GetAtt": ["GetsRole", "Arn"]}


@breaks(access.roles_are_sets_of_rights)
def a_role_from_elsewhere(checkout: Checkout) -> None:
    block(checkout, "GetAgent")["Role"] = "arn:aws:iam::123456789012:role/everything"


@breaks(access.roles_are_sets_of_rights)
def a_role_of_the_function_alone(checkout: Checkout) -> None:
    del block(checkout, "GetAgent")["Role"]


@breaks(access.roles_are_sets_of_rights)
def a_role_of_the_schedule_alone(checkout: Checkout) -> None:
    for event in events_of(checkout, "SweepOverdue"):
        del event["RoleArn"]
    drop(checkout, "SchedulerRole")


@breaks(access.schedules_wake_their_own)
def a_schedule_that_may_wake_another(checkout: Checkout) -> None:
    (policy,) = block(checkout, "SchedulerRole")["Policies"]
    (allowed,) = policy["PolicyDocument"]["Statement"]
    allowed["Resource"].append({"Fn::GetAtt": ["GetCall", "Arn"]})


@breaks(access.roles_let_lambda_work)
def a_worker_that_cannot_be_woken(checkout: Checkout) -> None:
    del statements_of(checkout, "DialCall")[0]


@breaks(access.roles_let_lambda_work)
def a_worker_that_may_empty_every_queue(checkout: Checkout) -> None:
    every = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
    role_of(checkout, "DialCall")["ManagedPolicyArns"].append(every)


@breaks(access.roles_let_lambda_work)
def a_worker_that_may_empty_another_queue(checkout: Checkout) -> None:
    own = statements_of(checkout, "DialCall")[0]
    own["Resource"] = [own["Resource"], {"Fn::GetAtt": ["FollowUpQueue", "Arn"]}]


@breaks(access.roles_let_lambda_work)
def a_relay_that_cannot_read_its_stream(checkout: Checkout) -> None:
    statements_of(checkout, "RelayOutbox")[0]["Resource"] = {"Fn::GetAtt": ["CoreTable", "Arn"]}


@breaks(access.roles_let_lambda_work)
def a_batch_that_cannot_be_put_away(checkout: Checkout) -> None:
    statements_of(checkout, "RelayOutbox").pop()


@breaks(access.actions_are_named)
def every_action(checkout: Checkout) -> None:
    statements_of(checkout, "GetCall")[0]["Action"] = "*"


@breaks(access.actions_are_named)
def every_action_of_a_service(checkout: Checkout) -> None:
    statements_of(checkout, "GetCall")[0]["Action"] = ["dynamodb:GetItem", "dynamodb:*"]


@breaks(access.actions_are_named)
def every_action_but_one(checkout: Checkout) -> None:
    del statements_of(checkout, "GetCall")[0]["Action"]
    statements_of(checkout, "GetCall")[0]["NotAction"] = "dynamodb:DeleteTable"


@breaks(access.resources_are_named)
def every_resource(checkout: Checkout) -> None:
    statements_of(checkout, "GetCall")[0]["Resource"] = "*"


@breaks(access.resources_are_named)
def every_index(checkout: Checkout) -> None:
    statements_of(checkout, "ListCalls")[1]["Resource"] = {"Fn::Sub": "${CoreTable.Arn}/index/*"}


@breaks(access.resources_are_named)
def every_model(checkout: Checkout) -> None:
    statements_of(checkout, "TakeTurn")[2]["Resource"][0] = "arn:aws:bedrock:*::foundation-model/*"


@breaks(access.resources_are_named)
def a_model_in_every_region_for_one_who_asks_none(checkout: Checkout) -> None:
    wanted = statements_of(checkout, "TakeTurn")[2]
    statements_of(checkout, "GetCall").append(wanted)


@breaks(access.resources_are_named)
def an_exception_that_is_not_needed(checkout: Checkout) -> None:
    statements_of(checkout, "FollowUpCall").pop()


@breaks(access.roles_let_lambda_work)
def an_administrator(checkout: Checkout) -> None:
    role_of(checkout, "GetCall")["ManagedPolicyArns"].append(ADMIN)


@breaks(access.roles_let_lambda_work)
def rights_given_from_outside(checkout: Checkout) -> None:
    allow = {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "arn:aws:dynamodb:::x"}
    checkout.raw["Resources"]["Backdoor"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "PolicyDocument": {"Statement": [allow]},
            "Roles": [{"Ref": "GetsRole"}],
        },
    }


@breaks(access.roles_let_lambda_work)
def rights_of_an_option_that_may_come_after_the_function(checkout: Checkout) -> None:
    """Lambda takes no function into subnets before its role may make interfaces there."""
    option = role_of(checkout, "DeliverWebhook")["Policies"].pop()["Fn::If"]
    checkout.raw["Resources"]["Apart"] = {
        "Type": "AWS::IAM::Policy",
        "Condition": option[0],
        "Properties": {**option[1], "Roles": [{"Ref": "DeliversRole"}]},
    }
    # Which it does not need then.
    role_of(checkout, "DeliverWebhook")["Policies"].append({"Fn::If": option})


@breaks(access.actions_are_named)
def every_action_by_an_option(checkout: Checkout) -> None:
    option = role_of(checkout, "DeliverWebhook")["Policies"][1]["Fn::If"][1]
    option["PolicyDocument"]["Statement"][0]["Action"] = "sqs:*"


@breaks(access.only_their_service_takes_a_role)
def a_role_for_any_account(checkout: Checkout) -> None:
    (taken,) = role_of(checkout, "GetCall")["AssumeRolePolicyDocument"]["Statement"]
    taken["Principal"] = {"AWS": "*"}


@breaks(access.only_their_service_takes_a_role)
def a_role_that_nobody_may_take(checkout: Checkout) -> None:
    (taken,) = role_of(checkout, "GetCall")["AssumeRolePolicyDocument"]["Statement"]
    taken["Effect"] = "Deny"


@breaks(access.only_their_service_takes_a_role)
def a_role_on_a_condition(checkout: Checkout) -> None:
    (taken,) = role_of(checkout, "GetCall")["AssumeRolePolicyDocument"]["Statement"]
    taken["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}


@breaks(access.only_their_service_takes_a_role)
def a_role_without_a_trust(checkout: Checkout) -> None:
    role_of(checkout, "GetCall")["AssumeRolePolicyDocument"]["Statement"] = []


@breaks(access.rights_are_plain)
def a_right_that_is_denied(checkout: Checkout) -> None:
    denied = statements_of(checkout, "GetCall")[0] | {"Effect": "Deny"}
    statements_of(checkout, "GetCall").append(denied)


@breaks(access.rights_are_plain)
def a_right_on_a_condition_that_never_holds(checkout: Checkout) -> None:
    statements_of(checkout, "GetCall")[0]["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}


@breaks(access.rights_are_plain)
def a_boundary_within_which_nothing_is_allowed(checkout: Checkout) -> None:
    role_of(checkout, "GetCall")["PermissionsBoundary"] = ADMIN


@breaks(access.rights_are_plain)
def policies_beside_a_role(checkout: Checkout) -> None:
    block(checkout, "GetCall")["Policies"] = [{"DynamoDBReadPolicy": {"TableName": "any"}}]


@breaks(access.only_their_service_takes_a_role)
def a_role_for_another_service(checkout: Checkout) -> None:
    (taken,) = role_of(checkout, "GetCall")["AssumeRolePolicyDocument"]["Statement"]
    taken["Principal"] = {"Service": access.SCHEDULER}
