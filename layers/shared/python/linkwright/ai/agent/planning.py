"""What to look at next, as the model of the name `deterministic` chooses: by words of the goal."""

import re
from collections.abc import Iterator, Sequence

from linkwright.ai.agent.models import Choice, Tool
from linkwright.ai.agent.tools import Result

_WORD = re.compile(r"[^\W_]{3,}")
_CAMPAIGNS = ("campaign", "קמפיין", "קמפיינים")
_DOMAINS = ("domain", "דומיין", "דומיינים")
# Of what is named, or else of what is followed most.
_MOST_READ = 3

Done = tuple[Tool, str | None, Result]


def next_choice(goal: str, link_id: str | None, done: Sequence[Done]) -> Choice:
    used = {(tool, object_id) for tool, object_id, _ in done}
    wanted = _plan(goal.lower(), link_id, done)
    return next(
        (choice for choice in wanted if (choice.tool, choice.id) not in used),
        Choice(tool="answer"),
    )


def _plan(goal: str, link_id: str | None, done: Sequence[Done]) -> Iterator[Choice]:
    if link_id is not None:
        yield Choice(tool="read_link", id=link_id)
        return
    if any(word in goal for word in _CAMPAIGNS):
        yield Choice(tool="list_campaigns")
        yield from _named("read_campaign", _rows(done, "campaigns"), "name", goal)
    elif any(word in goal for word in _DOMAINS):
        yield Choice(tool="list_domains")
        yield from _named("read_domain", _rows(done, "domains"), "domain", goal)
    else:
        yield Choice(tool="list_links")
        named = list(_named("read_link", _rows(done, "links"), "title", goal, or_first=0))
        yield from named
        if not named:
            yield Choice(tool="read_account")
            yield from _followed_most(done)


def _rows(done: Sequence[Done], name: str) -> list[dict[str, str]]:
    return [row for _, _, result in done for row in result.shown.get(name, [])]


def _named(
    tool: Tool, rows: Sequence[dict[str, str]], name: str, goal: str, or_first: int = 1
) -> Iterator[Choice]:
    words = set(_WORD.findall(goal))
    found = [row for row in rows if words & set(_WORD.findall(row[name].lower()))]
    for row in (found or rows[:or_first])[:_MOST_READ]:
        yield Choice(tool=tool, id=row["id"])


def _followed_most(done: Sequence[Done]) -> Iterator[Choice]:
    seen = [one for tool, _, result in done if tool == "read_account" for one in result.seen]
    most = sorted(seen, key=lambda one: -one.series.counted()["clicks"])
    for one in most[:_MOST_READ]:
        if one.series.counted()["clicks"]:
            yield Choice(tool="read_link", id=one.link.id)
