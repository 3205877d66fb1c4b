"""What comes back of mails that were sent: answers, bounces, complaints, and what they lead to."""
