"""Insight: facts of an object, its findings in words, and what may be done about them."""
