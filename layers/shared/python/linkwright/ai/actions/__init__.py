"""Actions on links that AI suggests: applied when somebody says so, and undone."""
