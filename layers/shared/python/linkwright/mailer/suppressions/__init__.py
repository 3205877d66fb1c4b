"""Suppressions: whom the workspace mails no more."""
