"""Sending: each step of a lead's sequence once, from its mailbox, when that may send."""
