"""Suggestions for what is not there yet: aliases, tags, campaigns, pages."""
