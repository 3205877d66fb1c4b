"""Campaigns: what they say, when they mail, and how their leads stand."""
