"""What the other domains ask of credits: to be charged for what they make."""

from linkwright.credits.charging import Charge, seconds_left
from linkwright.credits.generations import Allowed, Generation, Later, Made
from linkwright.credits.handing_over import Handed
from linkwright.credits.holds import Ended

__all__ = [
    "Allowed",
    "Charge",
    "Ended",
    "Generation",
    "Handed",
    "Later",
    "Made",
    "seconds_left",
]
