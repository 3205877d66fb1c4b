"""How often links are followed, by whom, and what comes of it: counting, showing, forgetting."""
