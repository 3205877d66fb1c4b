"""The weekly digest: what a week has come to, and the mail that tells it."""
