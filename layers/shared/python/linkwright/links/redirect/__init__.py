"""Following a short link: what it does in what order is in `service.py` and docs/redirects.md."""
