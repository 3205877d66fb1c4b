"""A key of the workspace's own at a vendor of models, by which what it generates is made."""
