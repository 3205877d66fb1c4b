"""What the other domains ask of credits: to be charged for what they make."""

from linkwright.credits.charging import Charge, Generation, Made, seconds_left

__all__ = ["Charge", "Generation", "Made", "seconds_left"]
