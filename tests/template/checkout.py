"""What the rules look at: the template as written, as CloudFormation sees it, and the files."""

import ast
import copy
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

from tools.template import FUNCTION, ROOT, Function, parse

LAYER = "layers/shared/python/linkwright"
# All that the rules read besides the template.
READ = (
    *("functions", LAYER, "layers/build.mk", "events", "tests", "tools", "uv.lock"),
    *("samconfig.toml", "docs/deploying.md", "docs/operations.md", "docs/security.md"),
)
TEXTS = {".py", ".json"}
# `sam deploy` puts an address here; the expansion takes nothing else.
_UPLOADED = "s3://artifacts/code.zip"
_SAM = "AWS::Serverless::"
# What Lambda does in a function's role at what wakes it; a table's changes are its `/stream`.
POLLS = {
    "AWS::SQS::Queue": {
        "": ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
    },
    "AWS::DynamoDB::Table": {
        "/stream": ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
        "/stream/*": ("dynamodb:ListStreams",),
    },
}

Json = dict[str, Any]


class _NoPolicies(ManagedPolicyLoader):
    """The template names managed policies by their ARN only, so there is nothing to look up."""

    def __init__(self) -> None:
        pass

    def load(self) -> dict[str, str]:
        return {}


def expanded(raw: Json) -> Json:
    """The CloudFormation that SAM makes of a template. Needs no network.

    It is shown its own resources only, for it passes on all others as they are.
    """
    own = {name: one for name, one in raw["Resources"].items() if one["Type"].startswith(_SAM)}
    result = transformed(json.dumps(raw | {"Resources": own}))
    others = {name: one for name, one in raw["Resources"].items() if name not in own}
    return result | {"Resources": others | result["Resources"]}


@cache
def transformed(text: str) -> Json:
    raw: Json = json.loads(text)
    for resource in raw["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = _UPLOADED
    result: Json = transform(raw, {}, _NoPolicies())
    return result


@dataclass
class Checkout:
    """A template, and the files around it by their path."""

    raw: Json
    files: dict[Path, str]

    def copy(self) -> "Checkout":
        return Checkout(copy.deepcopy(self.raw), dict(self.files))

    def read(self, path: str) -> str:
        return self.files[Path(path)]

    def within(self, folder: str, suffix: str) -> list[Path]:
        parts = Path(folder).parts
        found = (path for path in self.files if path.parts[: len(parts)] == parts)
        return sorted(path for path in found if path.suffix == suffix)

    @cached_property
    def expanded(self) -> Json:
        return expanded(self.raw)

    @cached_property
    def functions(self) -> list[Function]:
        found = []
        for logical_id, block in resources(self.raw, FUNCTION).items():
            folder = str(block["CodeUri"]).strip("/").rpartition("/")[2]
            file = str(block["Handler"]).partition(".")[0]
            found.append(Function(logical_id, folder, file, block))
        return found

    @cached_property
    def handlers(self) -> dict[Path, ast.Module]:
        return self.modules("functions")

    @cached_property
    def layer(self) -> dict[Path, ast.Module]:
        return self.modules(LAYER)

    def modules(self, folder: str) -> dict[Path, ast.Module]:
        """The syntax trees of a folder's files, by their path in the checkout."""
        return {path: _parsed(self.files[path]) for path in self.within(folder, ".py")}

    def source(self, function: Function) -> Path:
        return Path("functions", function.folder, f"{function.file}.py")

    def of_type(self, kind: str) -> dict[str, Json]:
        """The properties of the expanded template's resources of one type, by logical id."""
        return self._by_type[kind]

    @cached_property
    def _by_type(self) -> Mapping[str, dict[str, Json]]:
        found: dict[str, dict[str, Json]] = defaultdict(dict)
        for logical_id, resource in self.expanded["Resources"].items():
            found[resource["Type"]][logical_id] = resource.get("Properties", {})
        return found

    def mappings(self, logical_id: str) -> dict[str, Json]:
        """The event source mappings of a function."""
        every = self.of_type("AWS::Lambda::EventSourceMapping")
        wanted = {"Ref": logical_id}
        return {name: found for name, found in every.items() if found["FunctionName"] == wanted}

    def rights(self, role: str, *, with_options: bool = False) -> set[tuple[str, str]]:
        """The actions and resources that a role's own policies allow: `("dynamodb:Query",
        "CoreTable")`. `NotAction` and `NotResource` read as `*`.

        `with_options` also what it may only where a parameter has a value.
        """
        policies = self.of_type("AWS::IAM::Role")[role].get("Policies", [])
        return {
            (str(action), thing(resource))
            for policy in policies
            if with_options or not is_option(policy)
            for statement in listed(policy_of(policy)["PolicyDocument"]["Statement"])
            if statement["Effect"] == "Allow"
            for action in listed(statement.get("Action", "*"))
            for resource in listed(statement.get("Resource", "*"))
        }

    def role(self, function: Function) -> str:
        return target(self.of_type("AWS::Lambda::Function")[function.logical_id]["Role"])

    def roles_of_functions(self) -> set[str]:
        return {self.role(function) for function in self.functions}

    def put_away(self, function: Function) -> set[tuple[str, str]]:
        """What Lambda itself does in the function's role: it puts a failed batch away."""
        return {
            ("sqs:SendMessage", target(destination))
            for mapping in self.mappings(function.logical_id).values()
            if (destination := failure_destination(mapping)) is not None
        }

    def polled(self, function: Function) -> set[tuple[str, str]]:
        """What Lambda itself does there too: it polls what wakes the function."""
        sources = {
            target(one["EventSourceArn"]) for one in self.mappings(function.logical_id).values()
        }
        return {
            (action, f"{source}{part}")
            for kind, parts in POLLS.items()
            for source in sources & set(self.of_type(kind))
            for part, actions in parts.items()
            for action in actions
        }

    def allowed(self, function: Function) -> set[tuple[str, str]]:
        """What a function's own code may do."""
        of_lambda = self.put_away(function) | self.polled(function)
        return self.rights(self.role(function)) - of_lambda


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def nodes(module: ast.Module) -> list[ast.AST]:
    """All of a file, for the rules that look at each: to walk is most of what they do."""
    return list(ast.walk(module))


def at(root: Path) -> Checkout:
    files = [file for name in READ for file in _files(root / name)]
    read = {file.relative_to(root): file.read_text() for file in files}
    return Checkout(parse((root / "template.yaml").read_text()), read)


def _files(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.suffix in TEXTS] if path.is_dir() else [path]


@cache
def real() -> Checkout:
    """This one. Not to be changed: `copy` it."""
    return at(ROOT)


def resources(document: Json, kind: str) -> dict[str, Json]:
    return {
        logical_id: resource.get("Properties", {})
        for logical_id, resource in document["Resources"].items()
        if resource["Type"] == kind
    }


def is_option(policy: Json) -> bool:
    """Whether a role has a policy only where a parameter has a value."""
    return "Fn::If" in policy


def policy_of(policy: Json) -> Json:
    """A policy of a role; of an option the one that it has if it has one."""
    return policy["Fn::If"][1] if is_option(policy) else policy


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def target(reference: Any) -> str:
    """What a reference points to, by logical id: `CoreTable`, or `CoreTable/index/gsi1`."""
    match reference:
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]}:
            return str(name)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\${(\w+)(?:\.\w+)?}", r"\1", text)
        case _:
            return str(reference)


def thing(reference: Any) -> str:
    """What a right is for: as `target`, and `CoreTable/stream` for a table's stream."""
    match reference:
        case {"Fn::GetAtt": [name, "StreamArn"]}:
            return f"{name}/stream"
        case _:
            return target(reference)


def failure_destination(mapping: Json) -> Any:
    return mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")


def timeout(function: Json) -> int:
    return int(function.get("Timeout", 3))
