"""Emails that were written: what people make of them before they are sent."""
