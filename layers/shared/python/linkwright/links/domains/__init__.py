"""Domains of links: names of workspaces, who owns one, and whether it leads to us."""
