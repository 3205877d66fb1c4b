"""Say which workspace calls from a number: `python -m tools.numbers --stack linkwright-staging -h`.

    python -m tools.numbers --stack linkwright-prod +972… ws_…
    python -m tools.numbers --stack linkwright-prod --release +972…

A number is one workspace's alone. One that agents call from is released by force only: their calls
end as number_not_registered from then on. Works on AWS with the credentials of the shell, and on
the local cloud with AWS_ENDPOINT_URL set.
"""

import argparse
from collections.abc import Iterator

from linkwright.table import Item, Table, query
from linkwright.voice import agent_items
from linkwright.voice.compliance import caller_ids, numbers
from tools.registry import Registry

_PAGE = 100


def e164(number: str) -> str:
    if not numbers.is_e164(number):
        raise argparse.ArgumentTypeError("a number is written like +972541234567")
    return number


def _callers(workspace_id: str, number: str) -> list[str]:
    """The agents that call from it."""
    return [row["sk"] for row in _agents(workspace_id) if row["view"]["phone_number"] == number]


def _agents(workspace_id: str) -> Iterator[Item]:
    """Of both modes: they call from the same numbers."""
    for partition in (workspace_id, f"{workspace_id}.test"):
        behind = None
        while True:
            of = agent_items.key(partition, "").pk
            rows, behind = query(Table.CORE, of, start_after=behind, limit=_PAGE, strong=True)
            yield from rows
            if behind is None:
                break


NUMBERS = Registry(
    *("number", e164, caller_ids.key, _callers),
    taken="another workspace calls from this number",
    unregistered="no workspace calls from this number",
    in_use="these agents call from it: {}; change them, or release it with --force",
)
register, release = NUMBERS.register, NUMBERS.release

if __name__ == "__main__":
    NUMBERS.main(__doc__ or "")
