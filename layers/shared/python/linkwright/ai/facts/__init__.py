"""What is true of an object: its days, what stands out in them, and the facts that tell it."""
