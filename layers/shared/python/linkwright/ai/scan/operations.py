"""What the other domains ask of scans."""

from linkwright.ai.scan.models import LinkAlert

__all__ = ["LinkAlert"]
