"""The words by which rules know what a message says."""
