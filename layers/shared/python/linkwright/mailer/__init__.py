"""Outbound mail: campaigns, the people written to, and the mailboxes that write."""
