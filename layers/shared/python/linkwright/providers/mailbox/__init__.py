"""The port to a customer's own mailbox: sending by SMTP, reading and filing by IMAP.

It knows no domain. Whoever sends is told at which stage it failed: before the last dot nothing was
sent, behind it nobody can say (`OutcomeUnknown`).
"""
