"""Rules on the dashboard: what it draws is counted by somebody, and what rings is drawn."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from linkwright.observability import DRAWN, NAMESPACE, SERVICE, WATCHED
from tests.template.checkout import Checkout, Json, nodes, target
from tests.template.rules_alarms import ALARM, watched

DASHBOARD = "AWS::CloudWatch::Dashboard"
QUEUES = ("AWS::SQS::Queue", "QueueName")
FUNCTIONS = ("AWS::Lambda::Function", "FunctionName")
# What AWS counts of the things that we have, as its documentation names it.
COUNTED_BY_AWS = {
    "AWS/ApiGateway": {"Count", "4xx", "5xx", "Latency", "IntegrationLatency", "DataProcessed"},
    "AWS/Lambda": {"Invocations", "Errors", "Throttles", "Duration", "IteratorAge"},
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesVisible",
        "ApproximateNumberOfMessagesNotVisible",
        "NumberOfMessagesSent",
    },
}
# The type of what the metrics of a namespace are of, and by which dimension.
OF = {
    "AWS/ApiGateway": ("AWS::ApiGatewayV2::Api", "ApiId"),
    "AWS/Lambda": FUNCTIONS,
    "AWS/SQS": QUEUES,
}
STATISTICS = re.compile(r"Sum|Maximum|Minimum|Average|SampleCount|p\d{1,2}(\.\d+)?")
WIDTH = 24


class Drawn(NamedTuple):
    namespace: str
    metric: str
    dimensions: frozenset[tuple[str, str]]


def dashboards_can_be_read(checkout: Checkout) -> Iterator[str]:
    """CloudWatch takes what it cannot draw, and shows an empty widget."""
    if not checkout.of_type(DASHBOARD):
        yield "there is no dashboard"
    for name in checkout.of_type(DASHBOARD):
        for widget in _widgets(checkout, name):
            title, about = widget["properties"].get("title"), widget["properties"]
            if widget["x"] + widget["width"] > WIDTH:
                yield f"{name}: {title!r} stands over the edge"
            if about.get("region") != "${AWS::Region}":
                yield f"{name}: {title!r} is not of the region of the stack"
            options = [row[-1] for row in about["metrics"] if isinstance(row[-1], dict)]
            statistics = [one["stat"] for one in options if "stat" in one]
            for statistic in [about.get("stat"), *statistics]:
                if not STATISTICS.fullmatch(str(statistic)):
                    yield f"{name}: {title!r} draws {statistic!r}, which is no statistic"
            known = {one["id"] for one in options if "id" in one}
            used = {
                word
                for one in options
                for word in re.findall(r"\b[a-z]\w*", one.get("expression", ""))
            }
            for word in sorted(used ^ known):
                yield f"{name}: {title!r} calculates with {word!r} alone, or not at all"


def what_is_drawn_is_counted(checkout: Checkout) -> Iterator[str]:
    counted = _counted(checkout)
    for name in checkout.of_type(DASHBOARD):
        for drawn in _drawn(checkout, name):
            if fault := _unknown(checkout, drawn, counted):
                yield f"{name}: {drawn.namespace} {drawn.metric}: {fault}"


def _unknown(checkout: Checkout, drawn: Drawn, counted: set[str]) -> str | None:
    dimensions = dict(drawn.dimensions)
    if drawn.namespace == NAMESPACE:
        if drawn.metric not in (WATCHED | DRAWN) & counted:
            return "observability.py counts it for no whole deployment, or nobody counts it"
        if dimensions != {"service": SERVICE, "stage": "Stage"}:
            return f"is not counted by {dimensions}"
        return None
    if drawn.metric not in COUNTED_BY_AWS.get(drawn.namespace, set()):
        return "AWS counts nothing of that name"
    kind, by = OF[drawn.namespace]
    others = {"Stage": "$default"} if drawn.namespace == "AWS/ApiGateway" else {}
    of = dimensions.pop(by, None)
    # Whether there is anything of that name is what cfn-lint looks at.
    is_of_another_type = of in checkout.expanded["Resources"] and of not in checkout.of_type(kind)
    if dimensions != others or of is None or is_of_another_type:
        return f"there is no {kind} {of} with {dimensions}"
    return None


def _counted(checkout: Checkout) -> set[str]:
    """The names that the code counts."""
    modules = (checkout.layer | checkout.handlers).values()
    return {name for module in modules for name in _counted_in(module)}


# A checkout that is broken elsewhere has the same modules.
@cache
def _counted_in(module: ast.Module) -> frozenset[str]:
    return frozenset(
        node.args[0].value
        for node in nodes(module)
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func))
        == "count"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    )


def what_rings_is_drawn(checkout: Checkout) -> Iterator[str]:
    """Whoever is woken sees since when."""
    drawn = {one for name in checkout.of_type(DASHBOARD) for one in _drawn(checkout, name)}
    ours = {one.metric for one in drawn if one.namespace == NAMESPACE}
    for name, alarm in checkout.of_type(ALARM).items():
        for namespace, metric, dimensions in watched(alarm):
            rung = Drawn(namespace, metric, frozenset(dimensions.items()))
            # By which dimensions ours are counted is another rule's.
            if rung not in drawn and not (namespace == NAMESPACE and metric in ours):
                yield f"{name}: no dashboard draws {namespace} {metric} of what it watches"


def _widgets(checkout: Checkout, dashboard: str) -> list[Json]:
    body = checkout.of_type(DASHBOARD)[dashboard]["DashboardBody"]["Fn::Sub"]
    found: list[Json] = json.loads(body)["widgets"]
    return found


def _drawn(checkout: Checkout, dashboard: str) -> Iterator[Drawn]:
    for widget in _widgets(checkout, dashboard):
        for row in widget["properties"]["metrics"]:
            names = [target({"Fn::Sub": word}) for word in row if isinstance(word, str)]
            if names:
                namespace, metric, *dimensions = names
                pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
                yield Drawn(namespace, metric, frozenset(pairs))


RULES = (
    dashboards_can_be_read,
    what_is_drawn_is_counted,
    what_rings_is_drawn,
)
