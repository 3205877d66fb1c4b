"""DynamoDB's expressions: a name is written `#status` and a value `:status`.

The names are filled in from the expression itself, the values are given without their colon.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any


def placeholders(
    *expressions: str | None,
    values: Mapping[str, Any] | None,
    names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The client's arguments for the names and values that the expressions mention.

    `names` has those that no expression could say.
    """
    arguments: dict[str, Any] = {}
    if found := _names(expressions):
        others = {f"#{name}": meant for name, meant in (names or {}).items()}
        arguments["expression_attribute_names"] = found | others
    if values:
        arguments["expression_attribute_values"] = {f":{name}": v for name, v in values.items()}
    return arguments


@lru_cache(maxsize=256)
def _names(expressions: tuple[str | None, ...]) -> dict[str, str]:
    found = set(re.findall(r"#(\w+)", " ".join(filter(None, expressions))))
    return {f"#{name}": name for name in sorted(found)}
