"""Mailboxes that campaigns mail from: the customers' own, and what is known of them."""
