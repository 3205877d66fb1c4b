"""Words for facts: the model writes placeholders, and code fills in every value."""
