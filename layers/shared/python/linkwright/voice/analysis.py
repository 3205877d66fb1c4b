"""What came of a call, told from its facts alone: the same call always gets the same analysis.

The callee's mood and fields of a company's own take a model; they stay empty until one is asked.
"""

from collections.abc import Iterator, Sequence

from linkwright.voice import opt_out
from linkwright.voice.models import Analysis, Call, Outcome, TranscriptTurn
from linkwright.voice.states import EndedReason, Status

_QUOTE_CHARS = 200

_ANSWERED = {
    "human": "A person answered.",
    "voicemail": "A voicemail answered.",
    "ivr": "A phone menu answered.",
    "call_screening": "A call screening service answered.",
}
_ENDED = {
    EndedReason.AGENT_ENDED: "the agent ended it",
    EndedReason.CALLEE_HUNG_UP: "the callee hung up",
    EndedReason.CANCELED: "it was canceled",
}


def analyse(call: Call) -> Analysis:
    return Analysis(summary=" ".join(_sentences(call)), outcome=_outcome(call))


def opted_out(transcript: Sequence[TranscriptTurn]) -> bool:
    """Whether the callee asked not to be called again. What the agent says never counts."""
    return any(opt_out.is_asked(text) for text in _said_by_callee(transcript))


def _outcome(call: Call) -> Outcome:
    if opted_out(call.transcript):
        return "opted_out"
    if call.status is Status.VOICEMAIL or call.answered_by == "voicemail":
        return "voicemail"
    if call.answered_by == "call_screening":
        return "screened"
    return "conversation" if _said_by_callee(call.transcript) else "no_conversation"


def _sentences(call: Call) -> Iterator[str]:
    said = _said_by_callee(call.transcript)
    yield _ANSWERED.get(call.answered_by or "", "The call was answered.")
    length = f"The call took {_duration(call.duration_s or 0)}"
    why = _ENDED.get(call.ended_reason) if call.ended_reason else None
    yield f"{length}; {why}." if why else f"{length}."
    by_agent = sum(turn.role == "agent" for turn in call.transcript)
    yield f"Turns: {by_agent} of the agent, {len(said)} of the callee."
    if opted_out(call.transcript):
        yield "The callee asked not to be called again."
    if said:
        yield f'The callee last said: "{_cut(said[-1])}"'


def _said_by_callee(transcript: Sequence[TranscriptTurn]) -> list[str]:
    return [turn.text for turn in transcript if turn.role == "callee" and turn.text.strip()]


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTE_CHARS else f"{line[: _QUOTE_CHARS - 1].rstrip()}…"
