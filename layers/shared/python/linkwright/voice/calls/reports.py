"""What a carrier reports about a call."""

from dataclasses import dataclass, field
from typing import Any

from linkwright import clock
from linkwright.voice.calls.models import TranscriptTurn
from linkwright.voice.calls.states import EndedReason, Status, is_terminal


@dataclass(frozen=True)
class Report:
    """One thing that happened to a call."""

    status: Status
    answered_by: str | None = None
    ended_reason: EndedReason | None = None
    ended_detail: str | None = None
    duration_s: int | None = None
    transcript: list[TranscriptTurn] = field(default_factory=list)
    opted_out: bool = False

    def changes(self) -> dict[str, Any]:
        """The fields of the call that this report sets."""
        changed: dict[str, Any] = {"status": self.status.value}
        if self.answered_by:
            changed["answered_by"] = self.answered_by
        if self.status is Status.IN_PROGRESS:
            changed["answered_at"] = clock.timestamp()
        if is_terminal(self.status):
            changed |= {
                "ended_at": clock.timestamp(),
                "duration_s": self.duration_s or 0,
                "transcript_status": "ready",
            }
            if self.ended_reason:
                changed["ended_reason"] = self.ended_reason.value
            if self.ended_detail:
                changed["ended_detail"] = self.ended_detail
        return changed
