"""Broken queues, tables and settings."""

from tests.template import rules_queues as queues
from tests.template import rules_settings as settings
from tests.template import rules_tables as tables
from tests.template.broken import (
    block,
    breaks,
    drop,
    event_of,
    events_of,
    rewrite,
    statements_of,
    write,
)
from tests.template.checkout import LAYER, Checkout


@breaks(queues.queues_have_dead_letters)
def a_queue_that_drops_what_fails(checkout: Checkout) -> None:
    del block(checkout, "DialQueue")["RedrivePolicy"]
    drop(checkout, "DialDeadLetters", "DialDeadLettersAlarm")


@breaks(queues.queues_have_dead_letters)
def dead_letters_of_another_stack(checkout: Checkout) -> None:
    redrive = block(checkout, "DialQueue")["RedrivePolicy"]
    redrive["deadLetterTargetArn"] = {"Fn::ImportValue": "Elsewhere"}
    drop(checkout, "DialDeadLetters", "DialDeadLettersAlarm")


@breaks(queues.queues_have_dead_letters)
def dead_letters_that_go_first(checkout: Checkout) -> None:
    del block(checkout, "DialDeadLetters")["MessageRetentionPeriod"]


@breaks(queues.dead_letters_raise_an_alarm)
def no_alarm(checkout: Checkout) -> None:
    drop(checkout, "DialDeadLettersAlarm")


@breaks(queues.dead_letters_raise_an_alarm)
def an_alarm_of_another_queue(checkout: Checkout) -> None:
    (dimension,) = block(checkout, "DialDeadLettersAlarm")["Dimensions"]
    dimension["Value"] = {"Fn::GetAtt": ["DialQueue", "QueueName"]}


@breaks(queues.dead_letters_raise_an_alarm)
def an_alarm_that_comes_late(checkout: Checkout) -> None:
    block(checkout, "RelayDeadLettersAlarm")["Threshold"] = 100


@breaks(queues.visibility_outlasts_the_worker)
def a_short_visibility(checkout: Checkout) -> None:
    block(checkout, "DialQueue")["VisibilityTimeout"] = 359


@breaks(queues.visibility_outlasts_the_worker)
def a_longer_worker(checkout: Checkout) -> None:
    block(checkout, "DialCall")["Timeout"] = 61


@breaks(queues.batches_fail_in_part)
def a_queue_whose_batch_fails_whole(checkout: Checkout) -> None:
    del event_of(checkout, "DialCall")["FunctionResponseTypes"]


@breaks(queues.batches_fail_in_part)
def a_stream_whose_batch_fails_whole(checkout: Checkout) -> None:
    del event_of(checkout, "RelayOutbox")["FunctionResponseTypes"]


@breaks(queues.streams_are_bounded)
def a_stream_of_everything(checkout: Checkout) -> None:
    del event_of(checkout, "RelayOutbox")["FilterCriteria"]


@breaks(queues.streams_are_bounded)
def a_stream_that_is_not_bisected(checkout: Checkout) -> None:
    event_of(checkout, "RelayOutbox")["BisectBatchOnFunctionError"] = False


@breaks(queues.streams_are_bounded)
def a_stream_that_tries_for_ever(checkout: Checkout) -> None:
    event_of(checkout, "RelayOutbox")["MaximumRetryAttempts"] = -1


@breaks(queues.streams_are_bounded)
def a_stream_that_waits_for_ever(checkout: Checkout) -> None:
    del event_of(checkout, "RelayOutbox")["MaximumRecordAgeInSeconds"]


@breaks(queues.streams_are_bounded)
def a_stream_that_drops_what_fails(checkout: Checkout) -> None:
    del event_of(checkout, "RelayOutbox")["DestinationConfig"]
    statements_of(checkout, "RelayOutbox").pop()
    drop(checkout, "RelayDeadLetters", "RelayDeadLettersAlarm")


@breaks(tables.tables_are_on_demand)
def provisioned_capacity(checkout: Checkout) -> None:
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    block(checkout, "IdemTable").update(BillingMode="PROVISIONED", ProvisionedThroughput=units)


@breaks(tables.tables_can_be_restored)
def no_point_in_time_recovery(checkout: Checkout) -> None:
    del block(checkout, "CoreTable")["PointInTimeRecoverySpecification"]


@breaks(tables.tables_can_be_restored)
def recovery_switched_off(checkout: Checkout) -> None:
    off = {"PointInTimeRecoveryEnabled": False}
    block(checkout, "AccessTable")["PointInTimeRecoverySpecification"] = off


@breaks(tables.tables_can_be_restored)
def backups_of_who_clicked(checkout: Checkout) -> None:
    on = {"PointInTimeRecoveryEnabled": True}
    block(checkout, "ClicksTable")["PointInTimeRecoverySpecification"] = on


@breaks(tables.tables_forget_what_expires)
def no_time_to_live(checkout: Checkout) -> None:
    del block(checkout, "IdemTable")["TimeToLiveSpecification"]


@breaks(tables.tables_outlive_the_stack)
def a_table_deleted_with_its_stack(checkout: Checkout) -> None:
    checkout.raw["Resources"]["CoreTable"]["DeletionPolicy"] = "Delete"


@breaks(tables.tables_outlive_the_stack)
def a_table_deleted_when_replaced(checkout: Checkout) -> None:
    del checkout.raw["Resources"]["AccessTable"]["UpdateReplacePolicy"]


@breaks(tables.streams_are_of_what_is_read)
def a_stream_of_credentials(checkout: Checkout) -> None:
    block(checkout, "AccessTable")["StreamSpecification"] = {"StreamViewType": "NEW_IMAGE"}


@breaks(tables.streams_are_of_what_is_read)
def a_stream_of_keys_only(checkout: Checkout) -> None:
    block(checkout, "CoreTable")["StreamSpecification"] = {"StreamViewType": "KEYS_ONLY"}


@breaks(tables.names_are_of_the_stack)
def a_table_name_for_all_stacks(checkout: Checkout) -> None:
    block(checkout, "CoreTable")["TableName"] = "linkwright-core"


@breaks(tables.names_are_of_the_stack)
def a_log_group_for_all_stacks(checkout: Checkout) -> None:
    block(checkout, "VoiceLogs")["LogGroupName"] = {"Fn::Sub": "/linkwright/${Stage}/voice"}


@breaks(tables.names_are_of_the_stack)
def a_schedule_named_by_sam(checkout: Checkout) -> None:
    del events_of(checkout, "SweepOverdue")[-1]["OmitName"]


@breaks(settings.variables_read_are_set)
def a_variable_that_is_missing(checkout: Checkout) -> None:
    del checkout.raw["Globals"]["Function"]["Environment"]["Variables"]["DOCS_URL"]


@breaks(settings.variables_read_are_set)
def a_variable_that_is_new(checkout: Checkout) -> None:
    rewrite(checkout, f"{LAYER}/settings.py", 'env["STAGE"]', 'env["LEVEL"] + env["STAGE"]')


@breaks(settings.variables_read_are_set)
def a_variable_that_no_function_has(checkout: Checkout) -> None:
    rewrite(checkout, f"{LAYER}/settings.py", 'env["STAGE"]', 'env.get("LEVEL", env["STAGE"])')


@breaks(settings.variables_read_are_set)
def a_variable_that_nobody_reads(checkout: Checkout) -> None:
    block(checkout, "GetCall")["Environment"] = {"Variables": {"GREETING": "hello"}}


@breaks(settings.environment_is_read_in_settings)
def a_second_reader_of_the_environment(checkout: Checkout) -> None:
    write(checkout, f"{LAYER}/voice/dialling.py", "import os\n\nLINE = os.environ\n")


def _tell_the_carrier(checkout: Checkout, variable: str, value: object) -> None:
    """Set a variable that the layer reads, so that only its content is wrong."""
    block(checkout, "DialCall")["Environment"] = {"Variables": {variable: value}}
    rewrite(
        checkout,
        f"{LAYER}/settings.py",
        'stage=env["STAGE"],',
        f'stage=env["STAGE"] + env.get("{variable}", ""),',
    )


@breaks(settings.no_secret_in_the_environment)
def a_secret_by_its_name(checkout: Checkout) -> None:
    _tell_the_carrier(checkout, "CARRIER_TOKEN", "swordfish")


@breaks(settings.no_secret_in_the_environment)
def a_secret_by_its_look(checkout: Checkout) -> None:
    _tell_the_carrier(checkout, "CARRIER_ACCOUNT", "AC" + 16 * "0f")


@breaks(settings.no_secret_in_the_environment)
def a_secret_that_is_resolved(checkout: Checkout) -> None:
    _tell_the_carrier(checkout, "CARRIER_LINE", "{{resolve:secretsmanager:carrier}}")


@breaks(settings.no_secret_in_the_environment)
def a_secret_that_is_passed_on(checkout: Checkout) -> None:
    checkout.raw["Parameters"]["CarrierToken"] = {"Type": "String", "NoEcho": True}
    _tell_the_carrier(checkout, "CARRIER_LINE", {"Ref": "CarrierToken"})


@breaks(settings.no_secret_in_a_parameter)
def a_secret_as_default(checkout: Checkout) -> None:
    checkout.raw["Parameters"]["DocsUrl"]["Default"] = "whsec_4eC39HqLyjWDarjtT1zdp7dc"


@breaks(settings.no_secret_in_a_parameter)
def a_secret_that_is_echoed(checkout: Checkout) -> None:
    checkout.raw["Parameters"]["CarrierToken"] = {"Type": "String"}


@breaks(settings.no_secret_in_a_parameter)
def a_secret_with_a_default(checkout: Checkout) -> None:
    hidden = {"Type": "String", "NoEcho": True, "Default": "swordfish"}
    checkout.raw["Parameters"]["CarrierToken"] = hidden


@breaks(settings.loopback_is_for_the_local_cloud)
def a_way_into_the_machine_in_prod(checkout: Checkout) -> None:
    checkout.raw["Mappings"]["ByStage"]["prod"]["EgressAllowLoopback"] = "true"


@breaks(settings.loopback_is_for_the_local_cloud)
def a_way_into_the_machine_in_staging(checkout: Checkout) -> None:
    checkout.raw["Mappings"]["ByStage"]["staging"]["EgressAllowLoopback"] = "true"


@breaks(settings.loopback_is_for_the_local_cloud)
def a_way_into_one_machine(checkout: Checkout) -> None:
    block(checkout, "DialCall")["Environment"] = {"Variables": {settings.LOOPBACK: "true"}}


@breaks(settings.loopback_is_for_the_local_cloud)
def a_way_in_for_whoever_deploys(checkout: Checkout) -> None:
    checkout.raw["Parameters"]["Loopback"] = {"Type": "String", "Default": "false"}
    variables = checkout.raw["Globals"]["Function"]["Environment"]["Variables"]
    variables[settings.LOOPBACK] = {"Ref": "Loopback"}


@breaks(settings.the_stage_is_said)
def a_stage_of_whoever_forgets_it(checkout: Checkout) -> None:
    checkout.raw["Parameters"]["Stage"]["Default"] = "local"


@breaks(settings.the_stage_is_said)
def a_local_cloud_that_does_not_say_so(checkout: Checkout) -> None:
    rewrite(checkout, settings.SAMCONFIG, 'parameter_overrides = "Stage=local"\n', "")
