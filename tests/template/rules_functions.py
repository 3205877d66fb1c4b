"""Rules on functions: one file, one block, and what every block must say."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.template.checkout import Checkout, Json, target, timeout
from tools.template import Function

FILE_NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")
# `METHOD /path: what it does.`, and the same for what wakes a function that no person calls. An
# application of several pages names each: `GET|HEAD /docs and GET /openapi.json: the reference.`
ROUTE = r"[A-Z|]+ /[^\s:]*"
FIRST_LINE = re.compile(
    rf"(?P<woken_by>{ROUTE}(?: and {ROUTE})*|\$default|Queue \w+|Stream of \w+|Each [a-z ]+)"
    r": [a-zA-Z].*\."
)
# What makes a handler, by folder; the console is one ASGI application, and all others endpoints.
MADE_BY = {
    "workers": {"queue_worker", "stream_worker", "topic_worker"},
    "schedules": {"scheduled"},
    "console": {"Mangum"},
}
RUNS_ON = {
    "Runtime": "python3.13",
    "Architectures": ["arm64"],
    "TracingConfig": {"Mode": "Active"},
}
# API Gateway cuts a request off at 30 s; a function answers for itself before that.
HTTP_TIMEOUT_S = 25
# CloudFormation takes 500, and a stack that has reached them cannot even be mended.
MAX_RESOURCES = 489


def one_block_for_each_file(checkout: Checkout) -> Iterator[str]:
    files = set(checkout.handlers)
    blocks = Counter(checkout.source(function) for function in checkout.functions)
    for file in sorted(files - set(blocks)):
        yield f"{file} has no block in template.yaml"
    for function in checkout.functions:
        source = checkout.source(function)
        if source not in files:
            yield f"{function.logical_id}: {source} does not exist"
        if blocks[source] > 1:
            yield f"{function.logical_id}: {source} has {blocks[source]} blocks"
    names = Counter(file.name for file in files)
    for file in sorted(files):
        if names[file.name] > 1:
            yield f"{file}: the name is taken by another folder's file"
        if not FILE_NAME.fullmatch(file.stem) or len(file.parts) != 3:
            yield f"{file} is not functions/<folder>/<verb>_<noun>.py"


def blocks_agree_with_their_file(checkout: Checkout) -> Iterator[str]:
    for function in checkout.functions:
        module = checkout.handlers.get(checkout.source(function))
        if module is None:
            continue  # one_block_for_each_file tells
        name, block = function.logical_id, function.properties
        camel = "".join(part.capitalize() for part in function.file.split("_"))
        first_line = (ast.get_docstring(module) or "").partition("\n")[0]
        if name != camel:
            yield f"{name}: {function.file}.py makes it {camel}"
        if block["Handler"] != f"{function.file}.handler":
            yield f"{name}: Handler is {block['Handler']}, not {function.file}.handler"
        if block["CodeUri"] != f"functions/{function.folder}/":
            yield f"{name}: CodeUri is {block['CodeUri']}, not functions/{function.folder}/"
        if block.get("Description") != first_line:
            yield f"{name}: Description is not the first line of {function.file}.py"
        yield from _woken_as_said(name, block, first_line)


def _woken_as_said(name: str, block: Json, first_line: str) -> Iterator[str]:
    said = FIRST_LINE.fullmatch(first_line)
    if not said:
        yield f"{name}: {first_line!r} is not 'METHOD /path: what it does.'"
        return
    # One schedule for each shard, say, is told of once.
    declared = sorted({_wakes(event) for event in block.get("Events", {}).values()})
    if declared != sorted(_each(said["woken_by"])):
        yield f"{name}: the file says {said['woken_by']!r}, its events {declared}"


def _each(woken_by: str) -> Iterator[str]:
    for one in woken_by.split(" and "):
        methods, _, path = one.partition(" ")
        yield from (f"{method} {path}" if path else method for method in methods.split("|"))


def _wakes(event: Json) -> str:
    """What wakes a function, in the words of a docstring."""
    properties = event["Properties"]
    match event["Type"]:
        case "HttpApi" if "Path" in properties:
            return f"{properties['Method']} {properties['Path']}"
        case "HttpApi":
            return "$default"
        case "SQS":
            return f"Queue {target(properties['Queue'])}"
        case "DynamoDB":
            return f"Stream of {target(properties['Stream'])}"
        case "ScheduleV2":
            expression = str(properties["ScheduleExpression"])
            return re.sub(r"rate\(1 (\w+)\)", r"Each \1", expression)
        case other:
            return f"{other}, which no docstring can name"


def one_entry_point(checkout: Checkout) -> Iterator[str]:
    for path, module in checkout.handlers.items():
        makers = [maker for node in module.body for maker in _makers(node)]
        wanted = MADE_BY.get(_folder(path), {"endpoint", "public"})
        if len(makers) != 1 or makers[0] not in wanted:
            yield f"{path}: handler is made by {makers}, not by one of {sorted(wanted)}"


def _makers(node: ast.stmt) -> list[str]:
    """What makes `handler`, if the statement defines it: its decorators, or the call it is.

    An application's handler is a function of its own, which calls the adapter.
    """
    match node:
        case ast.FunctionDef(name="handler", decorator_list=decorators):
            calls = [called(part) for part in ast.walk(node) if isinstance(part, ast.Call)]
            adapters = [name for name in calls if name in MADE_BY["console"]]
            return [called(decorator) for decorator in decorators] or adapters or ["nothing"]
        case ast.Assign(targets=[ast.Name(id="handler")], value=value):
            return [called(value)]
        case _:
            return []


def called(node: ast.expr) -> str:
    """The name of a decorator or of a call, without its arguments."""
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def _folder(path: Path) -> str:
    return path.parts[1]


def runs_as_decided(checkout: Checkout) -> Iterator[str]:
    for name, block in checkout.of_type("AWS::Lambda::Function").items():
        for key, value in RUNS_ON.items():
            if block.get(key) != value:
                yield f"{name}: {key} is {block.get(key)}, not {value}"
    for name, layer in checkout.of_type("AWS::Lambda::LayerVersion").items():
        for key, wanted in (("Runtimes", "Runtime"), ("Architectures", "Architectures")):
            value = RUNS_ON[wanted]
            if layer.get(f"Compatible{key}") != (value if isinstance(value, list) else [value]):
                yield f"{name}: Compatible{key} is not {value}"


def answers_before_it_is_cut_off(checkout: Checkout) -> Iterator[str]:
    blocks = checkout.of_type("AWS::Lambda::Function")
    for function in checkout.functions:
        seconds = timeout(blocks[function.logical_id])
        if is_http(function) and seconds > HTTP_TIMEOUT_S:
            yield f"{function.logical_id}: Timeout {seconds} is above {HTTP_TIMEOUT_S} s"


def schedules_do_not_pile_up(checkout: Checkout) -> Iterator[str]:
    """A schedule invokes asynchronously: what failed Lambda runs twice more, late, unless told."""
    wanted = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    invoked = checkout.of_type("AWS::Lambda::EventInvokeConfig").values()
    limited = {
        target(block["FunctionName"]) for block in invoked if wanted.items() <= block.items()
    }
    for function in checkout.functions:
        if function.folder == "schedules" and function.logical_id not in limited:
            yield f"{function.logical_id}: EventInvokeConfig is not {wanted}"


def is_http(function: Function) -> bool:
    return bool(function.routes) or function.is_catch_all


def logs_of_its_folder(checkout: Checkout) -> Iterator[str]:
    blocks = checkout.of_type("AWS::Lambda::Function")
    groups = checkout.of_type("AWS::Logs::LogGroup")
    for function in checkout.functions:
        name, wanted = function.logical_id, f"{function.folder.capitalize()}Logs"
        found = target(blocks[name].get("LoggingConfig", {}).get("LogGroup"))
        if found != wanted or wanted not in groups:
            yield f"{name}: logs go to {found}, not to {wanted}"


def logs_are_not_kept_for_ever(checkout: Checkout) -> Iterator[str]:
    for name, group in checkout.of_type("AWS::Logs::LogGroup").items():
        if group.get("RetentionInDays") != {"Ref": "LogRetentionDays"}:
            yield f"{name}: RetentionInDays is not !Ref LogRetentionDays"


def fits_one_stack(checkout: Checkout) -> Iterator[str]:
    count = len(checkout.expanded["Resources"])
    if count > MAX_RESOURCES:
        most = f"{MAX_RESOURCES} is the most, and decision 27 says what can go"
        yield f"the stack has {count} resources; {most}"


RULES = (
    one_block_for_each_file,
    blocks_agree_with_their_file,
    one_entry_point,
    runs_as_decided,
    answers_before_it_is_cut_off,
    schedules_do_not_pile_up,
    logs_of_its_folder,
    logs_are_not_kept_for_ever,
    fits_one_stack,
)
