"""Reading what a company says of itself, and writing to who works there."""
