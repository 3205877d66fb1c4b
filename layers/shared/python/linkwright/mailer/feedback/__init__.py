"""What comes back of what was mailed: who wants no more of it."""
