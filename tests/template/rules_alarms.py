"""Rules on alarms and bulkheads: what goes wrong is noticed, and no flood holds up others."""

import re
from collections.abc import Iterator

from linkwright.observability import NAMESPACE, SERVICE, WATCHED
from tests.template.checkout import Checkout, Json, listed, target
from tests.template.rules_queues import MAPPING, QUEUE

ALARM = "AWS::CloudWatch::Alarm"
STAGE = "AWS::ApiGatewayV2::Stage"
# Somebody on the phone waits for what these say.
HEARD = ("answer_call", "take_turn", "end_transfer")
CALLBACKS = "callbacks"
RUNBOOK = "docs/operations.md"
# The topic that an operator names, or else the stack's own.
TOPIC = {"Fn::If": ["HasAlarmTopic", {"Ref": "AlarmTopicArn"}, {"Ref": "AlarmTopic"}]}
LIMITS = ("ThrottlingRateLimit", "ThrottlingBurstLimit")
MOST_AT_ONCE = 100
# CloudWatch takes no more in an alarm.
MOST_METRICS = 10


def alarms_are_plain_and_heard(checkout: Checkout) -> Iterator[str]:
    """One metric; or how many of some are above a bound, each named, so that the graph of the alarm
    shows which. Told to the topic.
    """
    for name, alarm in checkout.of_type(ALARM).items():
        if ("Metrics" in alarm) == ("MetricName" in alarm):
            yield f"{name}: is not of one metric, or of some"
        elif "Metrics" in alarm:
            yield from (f"{name}: {fault}" for fault in _badly_added(alarm))
        if alarm.get("TreatMissingData") != "notBreaching":
            yield f"{name}: rings where nothing is counted"
        if alarm.get("AlarmActions") != [TOPIC]:
            yield f"{name}: nobody hears it; its actions are not [{TOPIC}]"


def _badly_added(alarm: Json) -> Iterator[str]:
    """CloudWatch takes what is missing for 0 in such a sum, and advises against MAX and FILL."""
    added = [one for one in alarm["Metrics"] if "MetricStat" not in one]
    metrics = [one for one in alarm["Metrics"] if "MetricStat" in one]
    if not 1 < len(metrics) <= MOST_METRICS:
        yield f"is of {len(metrics)} metrics; {MOST_METRICS} is the most"
    bounds = set(re.findall(r" > (\d+)\)", "".join(one["Expression"] for one in added)))
    wanted = {" + ".join(f"({one['Id']} > {bound})" for one in metrics) for bound in bounds}
    if len(bounds) != 1 or [one["Expression"] for one in added] != [*wanted]:
        yield "does not add up how many of all its metrics are above one bound"
    if (alarm["Threshold"], alarm["ComparisonOperator"]) != (0, "GreaterThanThreshold"):
        yield "does not ring for each"
    for one in metrics:
        of = [target(dimension["Value"]) for dimension in one["MetricStat"]["Metric"]["Dimensions"]]
        if one.get("Label") not in of or one.get("ReturnData") is not False:
            yield f"{one['Id']}: is not named as what it is of, or is returned"


def watched(alarm: Json) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Namespace, name and dimensions of each metric that it is of."""
    metrics = [
        one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one
    ]
    for metric in metrics or [alarm]:
        dimensions = {one["Name"]: target(one["Value"]) for one in metric.get("Dimensions", [])}
        yield metric.get("Namespace", ""), metric.get("MetricName", ""), dimensions


def alarms_have_a_line_in_the_runbook(checkout: Checkout) -> Iterator[str]:
    told = checkout.read(RUNBOOK)
    for name, alarm in checkout.of_type(ALARM).items():
        if f"`{name}`" not in told:
            yield f"{name}: {RUNBOOK} does not say what to do"
        row = next((row for row in told.splitlines() if row.startswith(f"| `{name}`")), told)
        is_of_some = any("MetricStat" in one for one in alarm.get("Metrics", []))
        for _, _, dimensions in watched(alarm) if is_of_some else ():
            for of in dimensions.values():
                if f"`{of}`" not in row:
                    yield f"{name}: {RUNBOOK} does not say that it is of {of}"


def what_falls_behind_raises_an_alarm(checkout: Checkout) -> Iterator[str]:
    """The queues and streams that wake a function, by age, and what runs on a schedule."""
    for mapping in checkout.of_type(MAPPING).values():
        source, function = target(mapping["EventSourceArn"]), target(mapping["FunctionName"])
        if source in checkout.of_type(QUEUE):
            if not _watched(checkout, "AWS/SQS", "ApproximateAgeOfOldestMessage", source):
                yield f"{source}: no alarm on the age of its oldest message"
        elif not _watched(checkout, "AWS/Lambda", "IteratorAge", function):
            yield f"{function}: no alarm on how far it is behind its stream"
    for schedule in checkout.of_type("AWS::Scheduler::Schedule").values():
        function = target(schedule["Target"]["Arn"])
        if not _watched(checkout, "AWS/Lambda", "Errors", function):
            yield f"{function}: no alarm on its errors"


def what_is_heard_raises_an_alarm(checkout: Checkout) -> Iterator[str]:
    for function in checkout.functions:
        if function.file not in HEARD:
            continue
        for metric in ("Errors", "Throttles"):
            if not _watched(checkout, "AWS/Lambda", metric, function.logical_id):
                yield f"{function.logical_id}: no alarm on its {metric}"
    for name in checkout.of_type("AWS::ApiGatewayV2::Api"):
        if not _watched(checkout, "AWS/ApiGateway", "5xx", name):
            yield f"{name}: no alarm on what it answers with 5xx"


def what_is_counted_to_be_watched_is(checkout: Checkout) -> Iterator[str]:
    """By the dimensions that `observability.py` gives it, those of a whole deployment."""
    own = {
        alarm["MetricName"]: {one["Name"]: target(one["Value"]) for one in alarm["Dimensions"]}
        for alarm in checkout.of_type(ALARM).values()
        if alarm.get("Namespace") == NAMESPACE
    }
    for metric in sorted(WATCHED ^ set(own)):
        yield f"{metric}: is watched by an alarm alone, or by observability.py alone"
    for metric in sorted(WATCHED & set(own)):
        if own[metric] != {"service": SERVICE, "stage": "Stage"}:
            yield f"{metric}: its alarm is of {own[metric]}"


def _watched(checkout: Checkout, namespace: str, metric: str, of: str) -> bool:
    return any(
        (found, name) == (namespace, metric) and of in dimensions.values()
        for alarm in checkout.of_type(ALARM).values()
        for found, name, dimensions in watched(alarm)
    )


def routes_are_throttled(checkout: Checkout) -> Iterator[str]:
    """All of them, and what no route takes more than others: anybody may send it."""
    for name, stage in checkout.of_type(STAGE).items():
        for what, limits in (
            ("every route", stage.get("DefaultRouteSettings", {})),
            ("$default", stage.get("RouteSettings", {}).get("$default", {})),
        ):
            if not all(_is_parameter(checkout, limits.get(limit)) for limit in LIMITS):
                yield f"{name}: {what} has no limit that an operator can set"


def workers_have_a_most(checkout: Checkout) -> Iterator[str]:
    """Else a backlog takes all that the account may run, and callers hear nothing."""
    for name, mapping in checkout.of_type(MAPPING).items():
        if target(mapping["EventSourceArn"]) not in checkout.of_type(QUEUE):
            continue
        most = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
        if not isinstance(most, int) or not 2 <= most <= MOST_AT_ONCE:  # noqa: PLR2004 -- Lambda's least
            yield f"{name}: MaximumConcurrency is {most}"


def callbacks_can_be_kept_free(checkout: Checkout) -> Iterator[str]:
    for function in checkout.functions:
        if function.folder != CALLBACKS:
            continue
        kept = function.properties.get("ReservedConcurrentExecutions")
        match kept:
            case {"Fn::If": [str(condition), {"Ref": str(parameter)}, {"Ref": "AWS::NoValue"}]}:
                if not _is_off_by_default(checkout, condition, parameter):
                    yield f"{function.logical_id}: keeps some of the account's runs unasked"
            case _:
                yield f"{function.logical_id}: cannot be kept free"


def _is_parameter(checkout: Checkout, value: object) -> bool:
    return isinstance(value, dict) and value.get("Ref") in checkout.raw["Parameters"]


def _is_off_by_default(checkout: Checkout, condition: str, parameter: str) -> bool:
    wanted: Json = {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, 0]}]}
    conditions: Json = checkout.raw["Conditions"]
    return conditions.get(condition) == wanted and listed(
        checkout.raw["Parameters"][parameter].get("Default")
    ) == [0]


RULES = (
    alarms_are_plain_and_heard,
    alarms_have_a_line_in_the_runbook,
    what_falls_behind_raises_an_alarm,
    what_is_heard_raises_an_alarm,
    what_is_counted_to_be_watched_is,
    routes_are_throttled,
    workers_have_a_most,
    callbacks_can_be_kept_free,
)
