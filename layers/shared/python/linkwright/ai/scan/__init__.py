"""What a workspace's people should look at among its links: found, told once, and forgotten."""
