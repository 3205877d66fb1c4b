"""What the other domains ask of credits: to be charged for what they make."""

from linkwright.credits.charging import Charge, seconds_left
from linkwright.credits.generations import Allowed, Generation, Made

__all__ = ["Allowed", "Charge", "Generation", "Made", "seconds_left"]
