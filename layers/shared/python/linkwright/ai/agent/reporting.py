"""What is told of what was looked at: worded as insight is, with the steps that led there."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from linkwright.ai.agent.models import AgentAnswer, AgentData, Step
from linkwright.ai.agent.planning import Done
from linkwright.ai.agent.tools import TAKES, Result
from linkwright.ai.facts import findings
from linkwright.ai.facts.facts import Fact
from linkwright.ai.facts.findings import Finding
from linkwright.ai.insight import actions
from linkwright.ai.insight.asking import Asking
from linkwright.ai.insight.models import SuggestedAction
from linkwright.ai.insight.telling import SECTIONS, Draft, Told
from linkwright.ai.wording.values import Language


class Report(NamedTuple):
    answer: AgentAnswer
    told: Told


def reported(asked: Asking, done: Sequence[Done]) -> Report:
    """Of which one at least has something to tell: the first of these is what the answer is of."""
    read = [result for _, _, result in done if result.facts]
    main = read[0]
    found = [one for result in read for one in _named(result, main)]
    # Of a link that was read by itself, all links together may have told the same.
    once = {(one.kind, one.facts.get("link")): one for one in reversed(found)}
    kept = findings.largest(list(once.values()))
    facts = dict(main.facts)
    if kept:
        facts.pop("verdict", None)
    told = asked.told(Draft.of(facts, kept))
    answer = AgentAnswer(
        summary=_summary(told),
        steps=list(_steps(done)),
        actions=list(_actions(read, asked.language)),
        data=AgentData(
            facts=told.shown["data"].facts,
            results={ref(at): one.shown for at, (_, _, one) in enumerate(done, 1)},
        ),
        generated_by=told.shown["generated_by"],
    )
    return Report(answer, told)


def shown(done: Sequence[Done]) -> list[dict[str, Any]]:
    """What was found so far, as the model sees it."""
    return [
        {"ref": ref(at), "tool": tool, "id": object_id, "result": result.shown}
        for at, (tool, object_id, result) in enumerate(done, 1)
    ]


def ref(at: int) -> str:
    return f"result_{at}"


def _steps(done: Sequence[Done]) -> Iterator[Step]:
    for at, (tool, object_id, _) in enumerate(done, 1):
        taken = {TAKES[tool][0]: object_id} if object_id is not None else {}
        yield Step(tool=tool, input=taken, result_ref=ref(at))


def _actions(read: Sequence[Result], language: Language) -> Iterator[SuggestedAction]:
    seen = {one.link.id: one for result in read for one in result.seen}
    most = sorted(seen.values(), key=lambda one: -one.series.counted()["clicks"])
    found = [action for one in most for action in actions.of_link(one.link, one.series, language)]
    yield from found[: actions.MOST]


def _named(result: Result, main: Result) -> Iterator[Finding]:
    """Of another thing than the first one with its name, which is a fact of the finding."""
    name = next(
        (
            str(one.get("title") or one.get("name") or one.get("domain"))
            for one in (result.shown.get(kind) for kind in ("link", "campaign", "domain"))
            if one
        ),
        None,
    )
    for finding in result.found:
        if result is main or name is None or "link" in finding.facts:
            yield finding
        else:
            yield finding.with_facts(link=Fact(name, "name"))


def _summary(told: Told) -> str:
    texts = [one.text for section in SECTIONS for one in told.shown[section]]
    return " ".join([told.shown["summary"], *texts])
