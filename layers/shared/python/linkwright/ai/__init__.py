"""AI over links: what is made of their numbers and of what people ask for."""
