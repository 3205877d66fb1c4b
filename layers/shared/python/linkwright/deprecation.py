"""Routes on their way out: announced in the headers of every answer, a year before they go."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import NamedTuple


class Deprecation(NamedTuple):
    """`sunset` is the first day on which the route may be gone; `link` explains what to use."""

    since: date
    sunset: date
    link: str

    def headers(self) -> dict[str, str]:
        """RFC 9745 `Deprecation`, RFC 8594 `Sunset` and the link relation `deprecation`."""
        from email.utils import format_datetime  # seldom needed, and not cheap

        return {
            "Deprecation": f"@{int(_midnight(self.since).timestamp())}",
            "Sunset": format_datetime(_midnight(self.sunset), usegmt=True),
            "Link": f'<{self.link}>; rel="deprecation"',
        }


# By route key, as in "GET /v1/voice/calls". None is deprecated yet.
DEPRECATED: Mapping[str, Deprecation] = {}


def headers(route: str) -> dict[str, str]:
    deprecation = DEPRECATED.get(route)
    return deprecation.headers() if deprecation else {}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
