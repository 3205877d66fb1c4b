"""What the other domains ask of models: answers that were checked, or what is computed instead."""

from linkwright.ai.answers import Chosen, Unfit, Written, ask, chosen

__all__ = ["Chosen", "Unfit", "Written", "ask", "chosen"]
