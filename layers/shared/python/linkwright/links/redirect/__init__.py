"""Following a short link: what it does in what order is in `service.py` and docs/links.md."""
