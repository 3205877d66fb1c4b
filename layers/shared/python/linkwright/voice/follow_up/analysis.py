"""What came of a call. The outcome is told from facts alone; a model sums up and judges the mood.

Where no model is asked, or has no answer, the summary is made of the facts and there is no mood.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from linkwright.fields import RequestModel
from linkwright.observability import count, log_failure
from linkwright.providers import llm
from linkwright.voice.calls.models import Analysis, Call, Outcome
from linkwright.voice.calls.said import said_by_callee
from linkwright.voice.calls.states import EndedReason, Status
from linkwright.voice.language import opt_out
from linkwright.voice.language.text import spoken

_QUOTE_CHARS = 200
_SUMMARY_CHARS = 600
_TIMEOUT_S = 20.0
_INSTRUCTIONS = (
    "Sum up a phone call between an AI agent and the person it called, for the company that had it"
    " made: in one to three plain sentences, in the language that was spoken, with nothing that was"
    " not said. Judge the person's mood: positive, neutral or negative."
)

_ANSWERED = {
    "human": "A person answered.",
    "voicemail": "A voicemail answered.",
    "ivr": "A phone menu answered.",
    "call_screening": "A call screening service answered.",
}
_ENDED = {
    EndedReason.AGENT_ENDED: "the agent ended it",
    EndedReason.CALLEE_HUNG_UP: "the callee hung up",
    EndedReason.TRANSFERRED: "the agent put the callee through",
    EndedReason.SILENCE: "the callee said nothing any more",
    EndedReason.MAX_DURATION: "it was as long as the agent allows",
    EndedReason.MODEL_FAILED: "the agent could not go on",
    EndedReason.CANCELED: "it was canceled",
}


class Impression(RequestModel):
    """What a model makes of a talk."""

    summary: Annotated[str, Field(min_length=1, max_length=2_000)]
    sentiment: Literal["positive", "neutral", "negative"] | None


def analyse(call: Call, partition: str, model: str | None, *, opted_out: bool = False) -> Analysis:
    """`model` is the one that spoke in the call; `opted_out`: it understood so, or a key did."""
    opted_out = opted_out or opt_out.is_asked_in(said_by_callee(call.transcript))
    facts = Impression(summary=" ".join(_sentences(call, opted_out)), sentiment=None)
    seen = _impression(call, partition, model, facts) or facts
    outcome = "opted_out" if opted_out else _outcome(call)
    return Analysis(summary=seen.summary, outcome=outcome, sentiment=seen.sentiment)


def _impression(
    call: Call, partition: str, model: str | None, facts: Impression
) -> Impression | None:
    """What the model says; None if it says nothing that can be shown."""
    if not said_by_callee(call.transcript):
        return None
    said = [{"role": turn.role, "text": turn.text} for turn in call.transcript]
    ended = call.ended_reason.value if call.ended_reason else None
    prompt = llm.Prompt(
        instructions=_INSTRUCTIONS,
        data={"status": call.status.value, "ended_reason": ended, "transcript": said},
        deterministic=lambda: facts,
    )
    try:
        seen = llm.model(partition, model).instance(prompt, Impression, _TIMEOUT_S).value
    except llm.ModelFailed as failure:
        log_failure("the model failed", failure, call=call.id, reason=str(failure.reason))
        count("model_failed")
        return None
    summary = spoken(seen.summary, _SUMMARY_CHARS)
    return seen.model_copy(update={"summary": summary}) if summary else None


def _outcome(call: Call) -> Outcome:
    if call.status is Status.VOICEMAIL or call.answered_by == "voicemail":
        return "voicemail"
    if call.answered_by == "call_screening" and not _is_talk(call):
        return "screened"
    # A menu speaks, and nobody with it: behind one that put a person through is a person.
    is_heard = call.answered_by != "ivr" and bool(said_by_callee(call.transcript))
    return "conversation" if is_heard else "no_conversation"


def _is_talk(call: Call) -> bool:
    """Whether a person came to the phone behind what answered first."""
    return call.ended_reason is not EndedReason.CALL_SCREENING and bool(
        said_by_callee(call.transcript)
    )


def _sentences(call: Call, opted_out: bool) -> Iterator[str]:
    said = said_by_callee(call.transcript)
    yield _ANSWERED.get(call.answered_by or "", "The call was answered.")
    length = f"The call took {_duration(call.duration_s or 0)}"
    why = _ENDED.get(call.ended_reason) if call.ended_reason else None
    yield f"{length}; {why}." if why else f"{length}."
    by_agent = sum(turn.role == "agent" for turn in call.transcript)
    yield f"Turns: {by_agent} of the agent, {len(said)} of the callee."
    if opted_out:
        yield "The callee asked not to be called again."
    if said:
        yield f'The callee last said: "{_cut(said[-1])}"'


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTE_CHARS else f"{line[: _QUOTE_CHARS - 1].rstrip()}…"
