"""AI credits: what a plan grants each cycle, what is held while an answer is made, what it cost."""
