"""Hearing of mails that were sent: who answers, what comes back, who complains."""
