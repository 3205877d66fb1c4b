"""What the other domains ask of calls."""

from typing import Any

from linkwright.voice.calls import items, said
from linkwright.voice.calls.models import CallSummary

__all__ = ["CallSummary", "with_summary"]


def with_summary(partition: str, call: dict[str, Any]) -> dict[str, Any]:
    """A call as an event has it, with the summary of what was said, if that is kept still."""
    item = items.find(partition, call["id"])
    summary = said.read(item).get("summary") if item is not None else None
    if summary is None or "analysis" not in call:
        return call
    return {**call, "analysis": {**call["analysis"], "summary": summary}}
