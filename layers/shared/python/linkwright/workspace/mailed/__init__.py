"""Whom a workspace mails, and how they end that."""
