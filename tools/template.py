"""Reading template.yaml: which functions there are, and what wakes them."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template.yaml"
FUNCTION = "AWS::Serverless::Function"


@dataclass(frozen=True)
class Function:
    """One Lambda: `folder` and `file` say where in functions/ its code is.

    `has_makefile` says that its folder's Makefile builds it, with packages of its own.
    """

    logical_id: str
    folder: str
    file: str
    properties: dict[str, Any] = field(compare=False, hash=False)
    has_makefile: bool = False

    @property
    def source(self) -> Path:
        return ROOT / "functions" / self.folder / f"{self.file}.py"

    @property
    def routes(self) -> list[tuple[str, str]]:
        """Method and path of each HTTP event; none for the catch-all."""
        events = self.properties.get("Events", {}).values()
        http = [event["Properties"] for event in events if event["Type"] == "HttpApi"]
        return [(event["Method"], event["Path"]) for event in http if "Path" in event]

    @property
    def is_catch_all(self) -> bool:
        events = self.properties.get("Events", {}).values()
        return any(e["Type"] == "HttpApi" and "Path" not in e["Properties"] for e in events)


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short forms, kept as {"Ref": …} and {"Fn::…": …}."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def parse(text: str) -> dict[str, Any]:
    """Any CloudFormation template, with its short forms resolved to their long names."""
    template: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 -- a SafeLoader
    return template


@cache
def template() -> dict[str, Any]:
    return parse(TEMPLATE.read_text())


@cache
def functions() -> list[Function]:
    found = []
    for logical_id, resource in template()["Resources"].items():
        if resource["Type"] == FUNCTION:
            properties = resource["Properties"]
            folder = properties["CodeUri"].strip("/").split("/")[-1]
            file = properties["Handler"].removesuffix(".handler")
            has_makefile = resource.get("Metadata", {}).get("BuildMethod") == "makefile"
            found.append(Function(logical_id, folder, file, properties, has_makefile))
    return found
