"""Write the route table that the catch-all answers from: `python -m tools.routes`."""

import json
from pathlib import Path

from tools.template import ROOT, functions

EVERY_ALIAS = "/{alias}"
WELL_KNOWN = "/.well-known/{file}"
NAME_ALONE = "/"
# What domains of links have. Each takes every path of its form, so that it says nothing about one:
# what is not there, is no route, whatever the method.
OF_DOMAINS = frozenset({EVERY_ALIAS, WELL_KNOWN, NAME_ALONE})
# What people open from a mail, without a credential: its address is signed.
OF_MAILS = frozenset({"/v1/mailer/unsubscribe/{token}", "/v1/unsubscribe/{token}"})
TARGET = ROOT / "layers/shared/python/linkwright/routes.json"


def table() -> dict[str, list[str]]:
    """The methods of each path of template.yaml."""
    paths: dict[str, list[str]] = {}
    for function in functions():
        for method, path in function.routes:
            if path in OF_DOMAINS:
                continue
            paths.setdefault(path, []).append(method)
    return {path: sorted(paths[path]) for path in sorted(paths)}


def rendered() -> str:
    return json.dumps(table(), indent=2) + "\n"


if __name__ == "__main__":
    Path(TARGET).write_text(rendered())
