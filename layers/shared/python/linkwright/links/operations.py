"""What the other domains ask of links."""

from linkwright.links.domains.models import Domain
from linkwright.links.models import Link

__all__ = ["Domain", "Link"]
