"""What the other domains ask of notifications."""

from linkwright.notifications.items import put as notify

__all__ = ["notify"]
