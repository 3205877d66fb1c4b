"""From facts to what is answered: the model words them, code checks the words and fills them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from linkwright.ai import answers
from linkwright.ai.answers import Chosen, Unfit
from linkwright.ai.facts.facts import Facts
from linkwright.ai.facts.findings import Finding, Section
from linkwright.ai.insight.models import (
    InsightData,
    InsightFact,
    Statement,
    Wording,
    Words,
)
from linkwright.ai.wording import grounded, placeholders, texts_en, texts_he
from linkwright.ai.wording.values import Language
from linkwright.credits.operations import Allowed
from linkwright.providers.llm import Prompt

# In the order in which they are read.
SECTIONS: Sequence[Section] = get_args(Section)
_TEXTS = {"en": texts_en, "he": texts_he}
_LANGUAGES = {"en": "English", "he": "Hebrew"}
_SUMMARY = ("clicks", "day", "span", "verdict", "week", "change", "before")
_MUST = ("clicks", "verdict", "week")
# Of a finding: without its days it would be of those that the summary names.
_MUST_OF_FINDING = ("link", "span", "until")
_INSTRUCTIONS = (
    "Word the findings about short links that the data names, in {language}: a summary of one"
    " sentence, and for each finding one or two. Numbers, days, names and directions are never"
    " written: in their place stands the name of a fact in braces, as {{clicks}}, and code fills it"
    " in with its unit. A text has only facts of its finding, and at least one; those whose names"
    " end with {must} are never left out. A change reads as"
    " '80% fewer', a day as '5 November 2026', a usual number as 'the usual 60 clicks'. All other"
    " words must be of this list, and nothing else may be written: {words}"
)


@dataclass(frozen=True)
class Draft:
    """`findings` have names of their own, and their facts stand in `facts` behind these."""

    facts: Facts
    findings: Mapping[str, Finding]

    @classmethod
    def of(cls, overview: Facts, findings: Sequence[Finding]) -> "Draft":
        facts, named = dict(overview), dict[str, Finding]()
        for finding in findings:
            same = sum(one.kind == finding.kind for one in named.values())
            name = f"{finding.kind}_{same + 1}" if same else finding.kind
            named[name] = finding
            facts |= {f"{name}_{fact}": value for fact, value in finding.facts.items()}
        return cls(facts, named)

    @property
    def of_summary(self) -> Facts:
        return {name: self.facts[name] for name in _SUMMARY if name in self.facts}

    def of_finding(self, name: str) -> Facts:
        return {f"{name}_{fact}": value for fact, value in self.findings[name].facts.items()}


@dataclass(frozen=True)
class Told:
    shown: Mapping[str, Any]
    is_fallback: bool
    is_own: bool = False
    is_late: bool = False


def told(
    partition: str, chosen: Chosen, language: Language, draft: Draft, allowed: Allowed
) -> Told:
    """All that each kind of insight has in common."""
    prompt = Prompt(_instructions(language), _asked(draft), lambda: _computed(draft, language))
    written = answers.ask(
        *(partition, chosen, prompt, Words, allowed, lambda said: _accepted(said, draft, language))
    )
    said = written.value
    shown: dict[str, Any] = {section: [] for section in SECTIONS}
    texts = {one.finding: one.text for one in said.findings}
    for name, finding in draft.findings.items():
        filled = placeholders.filled(texts[name], draft.facts, language)
        statement = Statement(text=filled, facts=placeholders.names(texts[name]))
        shown[finding.section].append(statement)
    facts = {name: InsightFact(**fact._asdict()) for name, fact in draft.facts.items()}
    shown["summary"] = placeholders.filled(said.summary, draft.facts, language)
    shown |= {"data": InsightData(facts=facts), "generated_by": written.generated_by}
    return Told(shown, written.is_fallback, written.is_own, written.is_late)


def reason(kind: str, facts: Facts, language: Language) -> str:
    text = placeholders.chosen(_TEXTS[language].REASONS[kind], facts)
    return placeholders.filled(text, facts, language)


# ---- what the model is told, and may say ---------------------------------------------------------


def _instructions(language: Language) -> str:
    words = " ".join(grounded.words(language))
    must = " or ".join(_MUST_OF_FINDING)
    return _INSTRUCTIONS.format(language=_LANGUAGES[language], must=must, words=words)


def _asked(draft: Draft) -> dict[str, Any]:
    """Facts by their names and units. What others have written, a title or a host, is not told."""
    findings = [
        {"finding": name, "kind": finding.kind, "facts": _told(draft.of_finding(name))}
        for name, finding in draft.findings.items()
    ]
    return {"summary": _told(draft.of_summary), "findings": findings}


def _told(facts: Facts) -> dict[str, Any]:
    return {
        name: {"unit": fact.unit}
        | ({"value": fact.value} if isinstance(fact.value, int | float) else {})
        for name, fact in facts.items()
    }


def _accepted(said: Words, draft: Draft, language: Language) -> Words:
    """Raises `Unfit`."""
    if sorted(one.finding for one in said.findings) != sorted(draft.findings):
        raise Unfit("there must be one text for each finding, and for nothing else")
    of_summary = draft.of_summary
    must = [name for name in _MUST if name in of_summary]
    _require(said.summary, of_summary, language, must)
    for one in said.findings:
        facts = draft.of_finding(one.finding)
        must = [f"{one.finding}_{name}" for name in _MUST_OF_FINDING]
        _require(one.text, facts, language, [name for name in must if name in facts])
    return said


def _require(text: str, facts: Facts, language: Language, must: Sequence[str]) -> None:
    if why := grounded.refusal(text, facts, language, must):
        raise Unfit(why)


def _computed(draft: Draft, language: Language) -> Words:
    texts = _TEXTS[language]
    summary = next(
        one for one in texts.SUMMARY if draft.facts.keys() >= set(placeholders.names(one))
    )
    findings = []
    for name, finding in draft.findings.items():
        text = placeholders.chosen(texts.TEXTS[finding.kind], finding.facts)
        if "link" in finding.facts:
            text = texts.OF_LINK + text
        findings.append(Wording(finding=name, text=placeholders.renamed(text, name)))
    return Words(summary=summary, findings=findings)
