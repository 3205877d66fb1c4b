"""What the other domains ask of links."""

from linkwright.links.models import Link

__all__ = ["Link"]
