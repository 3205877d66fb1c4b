"""What the rules look at: the template as written, as CloudFormation sees it, and the files."""

import ast
import copy
import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

from tools.template import FUNCTION, ROOT, Function, template

LAYER = "layers/shared/python/linkwright"
# `sam deploy` puts an address here; the expansion takes nothing else.
_UPLOADED = "s3://artifacts/code.zip"

Json = dict[str, Any]


class _NoPolicies(ManagedPolicyLoader):
    """The template names managed policies by their ARN only, so there is nothing to look up."""

    def __init__(self) -> None:
        pass

    def load(self) -> dict[str, str]:
        return {}


def expanded(raw: Json) -> Json:
    """The CloudFormation that SAM makes of a template. Needs no network."""
    uploaded = copy.deepcopy(raw)
    for resource in uploaded["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = _UPLOADED
    result: Json = transform(uploaded, {}, _NoPolicies())
    return result


@dataclass(frozen=True)
class Statement:
    """One line of what a role may do: an action on a resource."""

    action: str
    resource: str


@dataclass
class Checkout:
    """A template and the folder it is in."""

    raw: Json
    root: Path

    @cached_property
    def expanded(self) -> Json:
        return _expanded(json.dumps(self.raw))

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
        files = sorted((self.root / folder).rglob("*.py"))
        return {file.relative_to(self.root): _parsed(file.read_text()) for file in files}

    def source(self, function: Function) -> Path:
        return Path("functions", function.folder, f"{function.file}.py")

    def of_type(self, kind: str) -> dict[str, Json]:
        """The properties of the expanded template's resources of one type, by logical id."""
        return resources(self.expanded, kind)

    def mappings(self, logical_id: str) -> dict[str, Json]:
        """The event source mappings of a function."""
        every = self.of_type("AWS::Lambda::EventSourceMapping")
        wanted = {"Ref": logical_id}
        return {name: found for name, found in every.items() if found["FunctionName"] == wanted}

    def grants(self, role: str) -> list[Statement]:
        """What a role's own policies allow. `NotAction` and `NotResource` read as `*`."""
        return [
            Statement(str(action), target(resource))
            for policy in self.of_type("AWS::IAM::Role")[role].get("Policies", [])
            for statement in listed(policy["PolicyDocument"]["Statement"])
            if statement["Effect"] == "Allow"
            for action in listed(statement.get("Action", "*"))
            for resource in listed(statement.get("Resource", "*"))
        ]

    def allowed(self, function: Function) -> set[tuple[str, str]]:
        """The actions and resources a function's code may use: `("dynamodb:Query", "CoreTable")`.

        What Lambda itself needs to wake the function, or to put a failed batch away, is not in it.
        """
        role = target(self.of_type("AWS::Lambda::Function")[function.logical_id]["Role"])
        put_away = {
            ("sqs:SendMessage", target(destination))
            for mapping in self.mappings(function.logical_id).values()
            if (destination := failure_destination(mapping)) is not None
        }
        return {(one.action, one.resource) for one in self.grants(role)} - put_away


@cache
def _expanded(raw: str) -> Json:
    return expanded(json.loads(raw))


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def real() -> Checkout:
    return Checkout(template(), ROOT)


def resources(document: Json, kind: str) -> dict[str, Json]:
    return {
        logical_id: resource.get("Properties", {})
        for logical_id, resource in document["Resources"].items()
        if resource["Type"] == kind
    }


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


def failure_destination(mapping: Json) -> Any:
    return mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")


def timeout(function: Json) -> int:
    return int(function.get("Timeout", 3))
