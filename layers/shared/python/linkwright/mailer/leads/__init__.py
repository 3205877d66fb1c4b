"""Leads: whom a campaign mails, from the push to the end."""
