"""Rules on tables, and on names that two stacks of one account would both want."""

from collections.abc import Iterator

from tests.template.checkout import Checkout

TABLE = "AWS::DynamoDB::Table"
# What cannot be made again is kept so that it can be restored to any second; the rest expires.
# Who was granted and charged what.
KEPT_FOR_GOOD = "LedgerTable"
RESTORABLE = {"CoreTable", "AccessTable", "MetricsTable", "LedgerTable"}
# A backup would keep visitors' hashes and their salts beyond the 48 hours that they are for.
FORGETTING = {"ClicksTable"}
# Every insert that waits in the outbox is in the core table, and nothing else feeds the relay; a
# click is counted once it is there.
STREAMED = {"CoreTable": "NEW_AND_OLD_IMAGES", "ClicksTable": "NEW_IMAGE"}
NAMING = {
    "AlarmName",
    "BucketName",
    "DashboardName",
    "FunctionName",
    "LogGroupName",
    "ManagedPolicyName",
    "Name",
    "QueueName",
    "RoleName",
    "TableName",
    "TopicName",
}


def tables_are_on_demand(checkout: Checkout) -> Iterator[str]:
    for name, table in checkout.of_type(TABLE).items():
        if table.get("BillingMode") != "PAY_PER_REQUEST":
            yield f"{name}: BillingMode is not PAY_PER_REQUEST"


def tables_can_be_restored(checkout: Checkout) -> Iterator[str]:
    for name, table in checkout.of_type(TABLE).items():
        recovery = table.get("PointInTimeRecoverySpecification", {})
        if name in RESTORABLE and recovery.get("PointInTimeRecoveryEnabled") is not True:
            yield f"{name}: has no point-in-time recovery"
        if name in FORGETTING and recovery.get("PointInTimeRecoveryEnabled") is True:
            yield f"{name}: could be restored with what is to be forgotten"


def tables_forget_what_expires(checkout: Checkout) -> Iterator[str]:
    for name, table in checkout.of_type(TABLE).items():
        lives = table.get("TimeToLiveSpecification")
        if name != KEPT_FOR_GOOD and lives != {"AttributeName": "ttl", "Enabled": True}:
            yield f"{name}: TimeToLiveSpecification is not on ttl"


def tables_outlive_the_stack(checkout: Checkout) -> Iterator[str]:
    for name in checkout.of_type(TABLE):
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if checkout.expanded["Resources"][name].get(policy) != "Retain":
                yield f"{name}: {policy} is not Retain"


def streams_are_of_what_is_read(checkout: Checkout) -> Iterator[str]:
    for name, table in checkout.of_type(TABLE).items():
        found = table.get("StreamSpecification", {}).get("StreamViewType")
        if found != STREAMED.get(name):
            yield f"{name}: its stream is {found}, not {STREAMED.get(name)}"


def names_are_of_the_stack(checkout: Checkout) -> Iterator[str]:
    for logical_id, resource in checkout.expanded["Resources"].items():
        properties = resource.get("Properties", {})
        for key in NAMING & set(properties):
            name = properties[key]
            text = name.get("Fn::Sub") if isinstance(name, dict) else name
            if text and "AWS::StackName" not in str(text):
                yield f"{logical_id}: a second stack of the account would be named {text} too"


RULES = (
    tables_are_on_demand,
    tables_can_be_restored,
    tables_forget_what_expires,
    tables_outlive_the_stack,
    streams_are_of_what_is_read,
    names_are_of_the_stack,
)
