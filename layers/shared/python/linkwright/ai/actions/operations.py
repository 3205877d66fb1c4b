"""What the other domains ask of actions."""

from linkwright.ai.actions.models import AppliedAction

__all__ = ["AppliedAction"]
